import { checkOptions, ParleyError, type StepDefinition, type WaitSpec } from '@parley/spec'
import { qualifyTemplate } from '../documents/qualify-template.ts'
import { defaultForeach, defaultStep, defaultStrategy } from '../definition/step-defaults.ts'
import type { StepAction } from '../step/step-context.ts'
import { checkIsContract } from './check-is-contract.ts'
import { FailurePolicy } from './failure-policy.ts'
import { readRetryOptions } from './read-retry-options.ts'
import { stepConfigOptions, StepConfig, type StepConfigOptions } from './step-config.ts'
import type { StepDraft } from './step-draft.ts'
import { stepOptions, type StepOptions, type StrategyOptions } from './step-options.ts'

/**
 * Reads the options of a step.
 * @throws {ParleyError} `invalid_options` for unknown options, an action that is no function, options that exclude each
 * other, and a step that does nothing or several things
 */
export function draftStep(options: StepOptions): StepDraft {
  checkOptions('Step', options, stepOptions)
  const { name, condition, capabilities = [] } = options
  if (typeof name !== 'string') throw refuse('A Step needs a name.', 'name')
  for (const field of ['inputContract', 'outputContract'] as const)
    checkIsContract(options[field], `Step "${name}"`, field)
  for (const field of listFields) {
    const value: unknown = options[field]
    if (value !== undefined && !Array.isArray(value))
      throw refuse(`${field} of the step "${name}" is no list. Give a list, such as [${JSON.stringify(value)}].`, field)
  }
  const settings = readConfig(options)
  const { kind, ...does } = readWork(options)
  const readKeys = oneOf(name, 'readKeys', options.readKeys, 'reads', options.reads)
  const writeKeys = oneOf(name, 'writeKeys', options.writeKeys, 'writes', options.writes)
  const failurePolicy = readPolicy(options)
  const { timeout, validationTimeout, maxConcurrency } = settings
  const definition: StepDefinition = {
    ...defaultStep(name, kind),
    ...does,
    ...pick(options, plainFields),
    dependsOn: [...(options.dependsOn ?? [])],
    capabilities: capabilities.map((wish) =>
      typeof wish === 'string' ? { kind: wish, required: true } : { kind: wish.kind, required: wish.required ?? true },
    ),
    strategy: readStrategy(options.strategy),
    ...(options.system !== undefined && { system: qualifyTemplate(options.system) }),
    ...(readKeys && { readKeys: [...readKeys] }),
    ...(writeKeys && { writeKeys: [...writeKeys] }),
    ...(options.allowedTools && { allowedTools: [...options.allowedTools] }),
    ...(failurePolicy && { failurePolicy: failurePolicy.toSpec() }),
    ...(timeout !== undefined && { timeoutMs: timeout * 1000 }),
    ...(validationTimeout !== undefined &&
      validationTimeout !== 30 && { validationTimeoutMs: validationTimeout * 1000 }),
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...readForeach(options, settings),
    ...(condition !== undefined && typeof condition !== 'string' && { condition }),
  }
  const retry = readRetryOptions(name, options.retry, settings, failurePolicy)
  return {
    definition,
    // `readWork` has seen that it is a function.
    ...(kind === 'fn' && { run: options.action as StepAction }),
    ...(options.inputContract !== undefined && { inputContract: options.inputContract }),
    ...(options.outputContract !== undefined && { outputContract: options.outputContract }),
    ...(options.steps && { steps: [...options.steps] }),
    ...(settings.parallel !== undefined && { parallel: settings.parallel }),
    ...(retry && { retry }),
    ...(typeof condition === 'string' && { conditionText: condition }),
  }
}

/** Options that are lists: a text would be taken letter by letter. */
const listFields = ['dependsOn', 'capabilities', 'readKeys', 'reads', 'writeKeys', 'writes', 'allowedTools'] as const

/** Options that a definition has in the same shape. */
const plainFields = [
  'inputs',
  'requires',
  'model',
  'modelOptions',
  'tier',
  'budget',
  'effect',
  'cache',
  'reducers',
  'maxSteps',
] as const

function pick<Key extends keyof StepOptions>(options: StepOptions, keys: readonly Key[]): Pick<StepOptions, Key> {
  const given = keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]] as const)
  // Made of the keys that the type names.
  return Object.fromEntries(given) as Pick<StepOptions, Key>
}

/** The settings of `config`, or those on the step itself. */
function readConfig(options: StepOptions): Readonly<StepConfigOptions> {
  if (options.config === undefined) return options
  const inline = stepConfigOptions.find((key) => options[key] !== undefined)
  if (inline !== undefined)
    throw refuse(`The step "${options.name}" has config and ${inline} beside it. Put ${inline} into config.`, inline)
  return options.config instanceof StepConfig ? options.config.given : new StepConfig(options.config).given
}

/** What the step does, which exactly one option says. */
function readWork(options: StepOptions): Pick<StepDefinition, 'kind' | 'prompt' | 'action' | 'rag' | 'wait'> {
  const { name, action, agent, tool, rag, wait, workflow, steps } = options
  const prompt = options.prompt === undefined ? {} : { prompt: qualifyTemplate(options.prompt) }
  const works = { action, agent, tool, rag, wait, workflow, steps }
  const given = Object.entries(works).flatMap(([option, value]) => (value === undefined ? [] : [option]))
  if (given.length > 1)
    throw refuse(`The step "${name}" has ${given.join(' and ')}. Give one of them, and a step to each other.`, given[1])
  if (options.prompt !== undefined && given.length === 1 && agent === undefined)
    throw refuse(`The step "${name}" has a prompt and ${given.join()}. Give one of them.`, 'prompt')
  if (agent !== undefined) return { kind: 'agent', action: agent, ...prompt }
  if (tool !== undefined) return { kind: 'tool', action: tool }
  if (workflow !== undefined) return { kind: 'workflow', action: workflow }
  if (steps !== undefined) return { kind: 'region' }
  if (rag !== undefined)
    return { kind: 'rag', rag: { topK: 5, store: 'results', ...rag, query: qualifyTemplate(rag.query) } }
  if (wait !== undefined) return { kind: 'wait', wait: qualifyShow(wait) }
  if (isWait(action)) return { kind: 'wait', wait: qualifyShow(action) }
  if (typeof action === 'function') return { kind: 'fn' }
  if (action === undefined && options.prompt !== undefined) return { kind: 'llm', ...prompt }
  throw refuse(
    action === undefined
      ? `The step "${name}" does nothing. Give it an action, a prompt, agent, tool, rag, wait, workflow or steps.`
      : `The action of the step "${name}" is no function but of type ${typeof action}. Give a function.`,
    'action',
  )
}

function isWait(action: unknown): action is WaitSpec {
  return typeof action === 'object' && action !== null && 'type' in action && 'onTimeout' in action
}

function qualifyShow(wait: WaitSpec): WaitSpec {
  if (wait.type !== 'approval' || wait.show === undefined) return wait
  return { ...wait, show: qualifyTemplate(wait.show) }
}

function readPolicy({ name, failurePolicy, onFailure }: StepOptions): FailurePolicy | undefined {
  if (failurePolicy !== undefined && onFailure !== undefined)
    throw refuse(`The step "${name}" has failurePolicy and onFailure. Give one of them.`, 'onFailure')
  if (onFailure !== undefined) return new FailurePolicy({ onValidationFail: onFailure, onExecutionFail: onFailure })
  if (failurePolicy === undefined || failurePolicy instanceof FailurePolicy) return failurePolicy
  return new FailurePolicy(failurePolicy)
}

function readForeach(
  { name, foreachConcurrency, itemKey }: StepOptions,
  { foreach, foreachPolicy }: Readonly<StepConfigOptions>,
): Pick<StepDefinition, 'foreach'> {
  const settings = {
    ...(foreachPolicy !== undefined && { policy: foreachPolicy }),
    ...(foreachConcurrency !== undefined && { concurrency: foreachConcurrency }),
    ...(itemKey !== undefined && { itemKey }),
  }
  if (foreach !== undefined) return { foreach: { ...defaultForeach(foreach), ...settings } }
  const lone = foreachConcurrency === undefined ? 'itemKey' : 'foreachConcurrency'
  if (foreachConcurrency !== undefined || itemKey !== undefined)
    throw refuse(`The step "${name}" has ${lone} without foreach. Name a list in foreach.`, lone)
  return {}
}

function readStrategy(strategy: StrategyOptions = 'single'): StepDefinition['strategy'] {
  if (typeof strategy === 'string') return defaultStrategy(strategy)
  // Both have the same type, and settings of that type only.
  return { ...defaultStrategy(strategy.type), ...strategy } as StepDefinition['strategy']
}

/** One of two spellings. */
function oneOf<Value>(step: string, one: string, given: Value, other: string, alias: Value): Value {
  if (given !== undefined && alias !== undefined)
    throw refuse(`The step "${step}" has ${one} and ${other}, which mean the same. Keep ${one}.`, other)
  return given ?? alias
}

function refuse(message: string, path: string | undefined): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { path: path ?? '' } })
}
