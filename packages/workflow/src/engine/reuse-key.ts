import { ParleyError, sha256Hex, type Json, type StepDefinition } from '@parley/spec'
import { canonicalText } from '../contracts/canonical-text.ts'
import { askedOf, render, writtenPrompt } from './acts/act-llm.ts'
import { argumentsOf } from './acts/act-tool.ts'
import type { Attempt } from './attempt.ts'
import { readableInput, readableState } from './frame.ts'
import { functionName } from './prepare.ts'

/** Names what a step would give, by all that this rests on. */
export interface ReuseKey {
  /** SHA-256, hex. */
  readonly key: string
  /** What other steps may change while this one is at work, as text. */
  readonly shared: string
}

/** Of how keys are made: a cache that outlives a version of this file is asked by other keys. */
const FORMAT = 1

/**
 * The key of a step's output: the tenant, the step by what it does, all that it may read, and the key that it names itself.
 * The rest of the workflow is no part of it.
 * @throws {ParleyError} `template_unresolved`, `schema_unsupported`, as the step itself would
 */
export function reuseKey(attempt: Attempt): ReuseKey {
  const { scope, prepared } = attempt
  const { own, shared: read } = readingOf(attempt)
  const shared = canonicalText(read)
  const named = {
    format: FORMAT,
    tenant: scope.run.tenantId,
    workflow: scope.run.workflow,
    step: stepIdentity(attempt),
    key: prepared.step.cache?.key,
    own,
  }
  return { key: sha256Hex(`${canonicalText(named)}\n${shared}`), shared }
}

/** What other steps may change while this one is at work, as it is now. */
export function sharedReading(attempt: Attempt): string {
  return canonicalText(readingOf(attempt).shared)
}

/** What of a definition says what a step does; the rest is about when, how often and how long. */
const doing: readonly (keyof StepDefinition)[] = [
  ...(['id', 'kind', 'action', 'prompt', 'system', 'modelOptions', 'tier', 'strategy', 'capabilities'] as const),
  ...(['inputContract', 'outputContract', 'outputSchemaFrom', 'readKeys', 'writeKeys', 'reducers'] as const),
  ...(['inputs', 'rag', 'history', 'method', 'maxSteps', 'allowedTools'] as const),
]

/** What a step does: of two steps that are equal in this, the same inputs give the same. */
function stepIdentity({ prepared: { step, run }, scope }: Attempt): object {
  const { definition } = scope.workflow.compiled
  const { kind, action } = step
  return {
    ...Object.fromEntries(doing.map((field) => [field, step[field]])),
    model: step.model ?? definition.defaults.model,
    ...(run === undefined || action === undefined ? {} : { version: definition.functions[functionName(action, kind)] }),
    ...(kind === 'tool' ? { servers: definition.servers } : {}),
    ...(kind === 'workflow' ? { child: scope.parts.workflows.get(action ?? '')?.definition.hash } : {}),
  }
}

/** All that a step may read: what is its own from the beginning, and what it shares with other steps. */
function readingOf(attempt: Attempt): { own: unknown; shared: unknown } {
  const { scope, prepared, item } = attempt
  switch (prepared.step.kind) {
    case 'llm':
    case 'race':
      return { own: {}, shared: askedOf(attempt) }
    case 'agent': {
      const prompt = prepared.prompt === undefined ? undefined : writtenPrompt(attempt)
      // An agent remembers what was said in its session.
      return { own: { session: scope.run.sessionId }, shared: { arguments: argumentsOf(attempt), prompt } }
    }
    case 'rag': {
      const { query, collection } = prepared
      const rendered = [query, collection].map((part) => (part === undefined ? undefined : render(attempt, part)))
      return { own: {}, shared: rendered }
    }
    case 'workflow':
      return { own: {}, shared: argumentsOf(attempt) }
    case 'tool':
      if (prepared.run === undefined) return { own: {}, shared: argumentsOf(attempt) }
      return { own: { arguments: argumentsOf(attempt), item: itemPart(item) }, shared: functionReading(attempt) }
    case 'fn':
      return { own: { inputs: attempt.inputs(), item: itemPart(item) }, shared: functionReading(attempt) }
    default:
      // The load refuses a cache of any other kind.
      throw new ParleyError({ code: 'internal_error', message: `A step of kind ${prepared.step.kind} has no cache.` })
  }
}

/** What a function may ask its context for. */
function functionReading({ scope, prepared }: Attempt): { [part: string]: Json } {
  const { run, state } = scope
  return { input: readableInput(run.input, prepared.scope), state: readableState(state, prepared.scope) }
}

function itemPart(item: Attempt['item']): object | undefined {
  return item === undefined ? undefined : { value: item.value, index: item.index }
}
