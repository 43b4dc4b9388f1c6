import { checkOptions, ParleyError, type Contract } from '@parley/spec'
import { finishDefinition } from '../definition/canonical.ts'
import { checkDefinition } from '../definition/check/check-definition.ts'
import type { FoundProblem } from '../definition/check/found-problem.ts'
import { defaultDraft, defaultLimits } from '../definition/definition-defaults.ts'
import { qualifyTemplate } from '../documents/qualify-template.ts'
import { defaultFailurePolicy } from '../failure/failure-policy.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { RegisteredFunction } from '../step/step-context.ts'
import { checkIsContract } from './check-is-contract.ts'
import { compileSteps, contractOfWorkflow } from './compile-steps.ts'
import { FailurePolicy } from './failure-policy.ts'
import { Step } from './step.ts'
import { workflowOptions, type WorkflowOptions } from './workflow-options.ts'

const compatOptions = ['abortIsFail', 'foreachSkipFails', 'backoffFromFirst']
const limitOptions = ['maxSteps', 'maxNesting', 'maxCandidates', 'maxAttempts']

/**
 * Makes a definition of steps in code, and checks it. What is wrong with the definition is in `problems`.
 * @param registered - contracts that steps name, besides those that they bring along
 * @throws {ParleyError} `invalid_options` for wrong usage; `value_not_json`, `limit_exceeded` for what no definition can hold
 */
export function compileWorkflow(
  options: WorkflowOptions,
  registered: ReadonlyMap<string, Contract> = new Map(),
): CompiledWorkflow {
  checkUsage(options)
  const { name, steps, outputs, compat, budget, metadata, description, version, limits } = options
  const { maxConcurrency = defaultLimits.maxConcurrency, maxLlmCalls = defaultLimits.maxModelCalls } = options
  const failurePolicy = readPolicy(options)
  const functions = new Map<string, RegisteredFunction>()
  const contracts = new Map(registered)
  const found: FoundProblem[] = []
  const root = compileSteps(steps, {
    functions,
    contracts,
    found,
    parallel: options.parallel ?? false,
    policy: failurePolicy ?? defaultFailurePolicy,
    maxConcurrency,
  })
  const input = contractOfWorkflow(options.input, 'input', contracts)
  const output = contractOfWorkflow(options.output, 'output', contracts)
  const draft = defaultDraft(name, root)
  const definition = finishDefinition({
    ...draft,
    ...(version !== undefined && { version }),
    ...(description !== undefined && { description }),
    ...(input && { input }),
    ...(output && { output }),
    ...(outputs && {
      outputs: Object.fromEntries(Object.entries(outputs).map(([key, text]) => [key, qualifyTemplate(text)])),
    }),
    defaults: { ...draft.defaults, ...(budget && { budget }), ...(failurePolicy && { failurePolicy }) },
    functions: Object.fromEntries([...functions].map(([key, one]) => [key, one.version])),
    limits: { ...defaultLimits, maxConcurrency, maxModelCalls: maxLlmCalls },
    ...(compat && { compat }),
    sensitiveKeys: [...(options.sensitiveKeys ?? [])],
    ...(metadata && { metadata }),
  })
  const problems = checkDefinition(definition, { functions, contracts, found, ...(limits && { limits }) })
  return { definition, functions, contracts, problems, ...(options.hooks && { hooks: [...options.hooks] }) }
}

function checkUsage(options: WorkflowOptions): void {
  checkOptions('Workflow', options, workflowOptions)
  checkOptions('Workflow.compat', options.compat, compatOptions)
  checkOptions('Workflow.limits', options.limits, limitOptions)
  const { name, steps } = options
  if (typeof name !== 'string') throw refuse('A Workflow needs a name.', 'name')
  if (!Array.isArray(steps)) throw refuse(`The workflow "${name}" needs a list of steps.`, 'steps')
  const stranger = steps.findIndex((step) => !(step instanceof Step))
  if (stranger >= 0)
    throw refuse(`Entry ${stranger} in the steps of "${name}" is no Step. Make it with new Step(...).`, 'steps')
  checkIsContract(options.input, `workflow "${name}"`, 'input')
  checkIsContract(options.output, `workflow "${name}"`, 'output')
}

function readPolicy({ failurePolicy }: WorkflowOptions): ReturnType<FailurePolicy['toSpec']> | undefined {
  if (failurePolicy === undefined) return undefined
  return (failurePolicy instanceof FailurePolicy ? failurePolicy : new FailurePolicy(failurePolicy)).toSpec()
}

function refuse(message: string, path: string): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { path } })
}
