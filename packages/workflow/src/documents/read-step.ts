import type { StepDefinition, StepKind } from '@parley/spec'
import { defaultStep } from '../definition/step-defaults.ts'
import type { DocumentContext, RegionReading } from './document-context.ts'
import type { StepOrigin } from './document-origins.ts'
import type { DocumentPath } from './document-problems.ts'
import { readArguments } from './parts/read-arguments.ts'
import { readBudget } from './parts/read-budget.ts'
import { readCapabilities } from './parts/read-capabilities.ts'
import { readCondition } from './parts/read-condition.ts'
import { readContract } from './parts/read-contract.ts'
import { readFailureAction, readFailurePolicy, readRetry } from './parts/read-failure-policy.ts'
import { readForeach } from './parts/read-foreach.ts'
import { readModelOptions } from './parts/read-model-options.ts'
import { readRag } from './parts/read-rag.ts'
import { readStrategy } from './parts/read-strategy.ts'
import { readWait, waitFields } from './parts/read-wait.ts'
import { qualifyTemplate } from './qualify-template.ts'
import { readShape } from './read-shape.ts'
import { resolveAction } from './resolve-action.ts'
import { stepKind } from './step-kind.ts'
import { stepShape, type WrittenStep } from './step-shape.ts'
import { definedFields } from './wire-fields.ts'

/** A step with its place in the document. */
export interface StepReading {
  step: StepDefinition
  origin: StepOrigin
}

/** Reads one step of a native or a prompt-step document; absent when it cannot be told which step it is. */
export function readStep(value: unknown, at: DocumentPath, context: DocumentContext): StepReading | undefined {
  const { problems } = context
  const written = readShape(stepShape, value, at, problems)
  if (written === undefined) return undefined
  const id = one({ id: written.id, name: written.name }, at, context)
  if (id === undefined) {
    problems.add({ code: 'document_invalid', at, message: 'The step has no id.', fix: 'Add "id".' })
    return undefined
  }
  const kind = stepKind(written)
  if (kind === undefined) {
    // A key that cannot be read, or is misspelt, has been told of: it says what the step does.
    if (hasToldKey(value, written)) return undefined
    const message = `It cannot be told what the step "${id}" does.`
    const fix = 'Add "prompt", "tool", "function", "agent", "workflow", "rag", "wait", "steps" or "nodes".'
    problems.add({ code: 'document_invalid', at, message, fix })
    return undefined
  }
  const inner = readInner(written, at, context)
  return {
    step: {
      ...defaultStep(id, kind),
      parallel: true,
      ...readFields(written, kind, at, context),
      ...(inner && { region: inner.region }),
    },
    origin: { at, ...(inner && { inner: inner.origins }) },
  }
}

/** Whether a key of the step was refused. */
function hasToldKey(value: unknown, written: WrittenStep): boolean {
  const kept: readonly string[] = Object.keys(written)
  return Object.keys(Object(value)).some((key) => !kept.includes(key))
}

function readFields(
  written: WrittenStep,
  kind: StepKind,
  at: DocumentPath,
  context: DocumentContext,
): Partial<StepDefinition> {
  const { problems } = context
  /** Reads a part by its own shape, where it is given. */
  const part = <Part>(
    key: keyof WrittenStep,
    read: (value: unknown, at: DocumentPath) => Part | undefined,
  ): Part | undefined => (written[key] === undefined ? undefined : read(written[key], [...at, key]))
  const { function: functionName, tool, agent, workflow, action } = written
  const isFlatWait = typeof written.wait === 'string'

  return definedFields({
    dependsOn: written.depends_on,
    requires: written.requires,
    condition:
      written.condition === undefined ? undefined : readCondition(written.condition, [...at, 'condition'], problems),
    action: resolveAction(one({ action, function: functionName, tool, agent, workflow }, at, context), kind, context),
    prompt: text(written.prompt),
    system: text(written.system),
    model: written.model,
    modelOptions: part('model_options', (value, path) => readModelOptions(value, path, problems)),
    tier: written.tier,
    strategy: part('strategy', (value, path) => readStrategy(value, path, problems)),
    capabilities: part('capabilities', (value, path) => readCapabilities(value, path, problems)),
    inputContract: readContract(
      {
        schema: written.input_schema,
        schemaAt: [...at, 'input_schema'],
        contract: written.input_contract,
        contractAt: [...at, 'input_contract'],
      },
      problems,
    ),
    outputContract: readContract(
      {
        schema: written.output_schema,
        schemaAt: [...at, 'output_schema'],
        contract: written.output_contract,
        contractAt: [...at, 'output_contract'],
      },
      problems,
    ),
    outputSchemaFrom: written.output_schema_from,
    readKeys: one({ reads: written.reads, read_keys: written.read_keys }, at, context),
    writeKeys: one({ writes: written.writes, write_keys: written.write_keys }, at, context),
    retry: part('retry', (value, path) => readRetry(value, path, problems)),
    timeoutMs: written.timeout === undefined || isFlatWait ? undefined : Math.round(written.timeout * 1_000),
    validationTimeoutMs:
      written.validation_timeout === undefined ? undefined : Math.round(written.validation_timeout * 1_000),
    failurePolicy: one(
      {
        failure_policy: part('failure_policy', (value, path) => readFailurePolicy(value, path, problems)),
        on_failure: part('on_failure', (value, path) => readFailureAction(value, path, problems)),
      },
      at,
      context,
    ),
    foreach: readForeach(
      {
        foreach: written.foreach,
        foreach_policy: written.foreach_policy,
        foreach_concurrency: written.foreach_concurrency,
        item_key: written.item_key,
      },
      at,
      problems,
    ),
    parallel: written.parallel,
    maxConcurrency: written.max_concurrency,
    budget: part('budget', (value, path) => readBudget(value, path, problems)),
    effect: written.effect,
    cache: written.cache && definedFields({ ttlMs: written.cache.ttl_ms, key: written.cache.key }),
    inputs: part('inputs', (value, path) => readArguments(value, path, problems)),
    method: written.method,
    rag: part('rag', (value, path) => {
      const rag = readRag(value, path, problems)
      return (
        rag && { ...rag, ...definedFields({ query: qualifyTemplate(rag.query), collection: text(rag.collection) }) }
      )
    }),
    wait: readWaitOf(written, at, context),
    next: written.next,
    then: written.then,
    else: written.else,
    switch: written.switch && definedFields(written.switch),
    output: written.output,
    history: written.history && definedFields({ limit: written.history.limit, maxChars: written.history.max_chars }),
    stream: written.stream && definedFields(written.stream),
    maxSteps: written.max_steps,
    allowedTools: written.allowed_tools,
    reducers: written.reducers,
  })
}

function text(template: string | undefined): string | undefined {
  return template === undefined ? undefined : qualifyTemplate(template)
}

/** The one field that is given of several that mean the same. */
function one<Field>(
  fields: { [key: string]: Field | undefined },
  at: DocumentPath,
  context: DocumentContext,
): Field | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const [first, second] = given
  if (first !== undefined && second !== undefined) {
    const message = `"${first[0]}" and "${second[0]}" say the same thing.`
    context.problems.add({ code: 'document_invalid', at: [...at, second[0]], message, fix: 'Keep one of the two.' })
  }
  return first?.[1]
}

/** A wait as an object, or its type with the fields beside it. */
function readWaitOf(written: WrittenStep, at: DocumentPath, context: DocumentContext): StepDefinition['wait'] {
  const { problems } = context
  const waitAt = [...at, 'wait']
  const beside = Object.entries(written).filter(
    ([key, value]) => value !== undefined && (waitFields.includes(key) || key === 'event') && key !== 'timeout',
  )
  if (typeof written.wait !== 'string') {
    for (const [key] of beside) {
      const message = `The key "${key}" belongs to a wait.`
      const fix = written.wait === undefined ? 'Add "wait", or remove the key.' : 'Move it into "wait".'
      problems.add({ code: 'document_invalid', at: [...at, key], message, fix })
    }
    return written.wait === undefined
      ? undefined
      : qualifyShow(readWait(written.wait, { at: waitAt, typeAt: [...waitAt, 'type'] }, problems))
  }
  const flat = {
    type: written.wait,
    ...(written.timeout !== undefined && { timeout: written.timeout }),
    ...Object.fromEntries(beside.map(([key, value]) => [key === 'event' ? 'name' : key, value])),
  }
  return qualifyShow(readWait(flat, { at, typeAt: waitAt }, problems))
}

function qualifyShow(wait: StepDefinition['wait']): StepDefinition['wait'] {
  if (wait?.type !== 'approval' || wait.show === undefined) return wait
  return { ...wait, show: qualifyTemplate(wait.show) }
}

function readInner(written: WrittenStep, at: DocumentPath, context: DocumentContext): RegionReading | undefined {
  const inner = { ...context, depth: context.depth + 1 }
  if (written.region !== undefined) return context.readRegion(written.region, [...at, 'region'], inner)
  const { steps, nodes, start } = written
  if (steps === undefined && nodes === undefined) return undefined
  return context.readRegion(definedFields({ steps, nodes, start }), at, inner)
}
