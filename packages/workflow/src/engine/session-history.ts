import {
  ownPath,
  type DurableBackend,
  type Json,
  type RunRecord,
  type StepDefinition,
  type WorkflowDefinition,
} from '@parley/spec'
import { readReferences, readTemplate } from '../definition/step-references.ts'
import { walkSteps } from '../definition/walk-steps.ts'

/** What earlier runs of a session have left for a later one. */
export interface SessionHistory {
  /** A value by its path (`output.total`), or by its name wherever it is found first. */
  valueOf(path: readonly string[]): Json | undefined
  /** What was said and answered, oldest first. */
  messages(limits: NonNullable<StepDefinition['history']>): readonly HistoryMessage[]
}

/** One side of an earlier run. */
export interface HistoryMessage {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** Runs that are looked through, the newest ones. */
const MAX_RUNS = 100

/**
 * Reads the history that a run may need: of runs of its session that had ended when it was created, so that it is the
 * same however often the run is taken up. Nothing is read for workflows that do not ask.
 */
export async function openSessionHistory(
  backend: DurableBackend,
  run: RunRecord,
  definition: WorkflowDefinition,
): Promise<SessionHistory | undefined> {
  const { paths, isConversation } = wantedOf(definition)
  if (run.sessionId === undefined || (paths.length === 0 && !isConversation)) return undefined
  const filter = { sessionId: run.sessionId, tenantId: run.tenantId, limit: MAX_RUNS }
  const earlier = (await backend.list(filter)).runs.filter((other) => isEarlier(other, run))
  const values = new Map<string, Json>()
  for (const record of earlier) {
    const missing = paths.filter((path) => !values.has(keyOf(path)))
    if (missing.length === 0) break
    const { state } = await backend.read(record.id)
    const context = contextOf(record, state)
    for (const path of missing) {
      const value = find(context, path)
      if (value !== undefined && value !== null) values.set(keyOf(path), value)
    }
  }
  const said = earlier.toReversed().flatMap(messagesOf)
  return {
    valueOf: (path) => values.get(keyOf(path)),
    messages: ({ limit, maxChars }) => within(limit === 0 ? [] : said.slice(-limit), maxChars),
  }
}

/** Runs of steps belong to the run that they are a step of. */
function isEarlier({ id, endedAt, parent }: RunRecord, run: RunRecord): boolean {
  return id !== run.id && parent === undefined && endedAt !== undefined && endedAt <= run.createdAt
}

/** Paths that a definition reads from history, and whether a node of it is told what was said. */
function wantedOf({ root, outputs }: WorkflowDefinition): { paths: string[][]; isConversation: boolean } {
  const references = Object.entries(outputs ?? {}).flatMap(([key, text]) => [...readTemplate(key, text).references])
  let isConversation = false
  for (const { step } of walkSteps(root)) {
    for (const reference of readReferences(step).references) references.push(reference)
    isConversation ||= step.history !== undefined
  }
  const paths = references.flatMap(({ path }) => (path[0] === 'history' ? [path.slice(1)] : []))
  return { paths, isConversation }
}

function contextOf({ input, output, outputs }: RunRecord, state: { [key: string]: Json }): { [key: string]: Json } {
  return {
    ...(output === undefined ? {} : { output }),
    ...(outputs === undefined ? {} : { outputs }),
    ...state,
    input,
  }
}

function find(context: { [key: string]: Json }, path: readonly string[]): Json | undefined {
  // Parts of JSON are JSON.
  const direct = ownPath(context, path) as Json | undefined
  const [name = ''] = path
  return direct === undefined && path.length === 1 ? findName(context, name) : direct
}

/** The first value of that name, depth first in the order of keys. */
function findName(value: Json, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value) && Object.hasOwn(value, name)) return value[name]
  for (const part of Object.values(value)) {
    const found = findName(part, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** A run that gave no answer said nothing: a question alone would stand before the next one. */
function messagesOf({ status, input, output = null }: RunRecord): HistoryMessage[] {
  if (status !== 'completed' && status !== 'partial') return []
  return [
    { role: 'user', content: textOf(input, 'user_message') },
    { role: 'assistant', content: textOf(output, 'agent_response') },
  ]
}

function textOf(value: Json, field: string): string {
  if (typeof value === 'string') return value
  const text = ownPath(value, [field])
  return typeof text === 'string' ? text : JSON.stringify(value)
}

/** The newest messages that together have no more characters. */
function within(messages: readonly HistoryMessage[], maxChars: number | undefined): readonly HistoryMessage[] {
  if (maxChars === undefined) return messages
  let used = 0
  const first = messages.findLastIndex(({ content }) => (used += content.length) > maxChars)
  return messages.slice(first + 1)
}

function keyOf(path: readonly string[]): string {
  return path.join('.')
}
