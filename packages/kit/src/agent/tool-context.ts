import { toJsonSchema, checkContract, ParleyError, type Answer, type Json, type ToolContext } from '@parley/spec'
import { deriveContext } from './derive-context.ts'
import type { LoopInput } from './loop-input.ts'
import type { PausableTimer } from './pausable-timer.ts'
import { untilAborted } from './until-aborted.ts'

/** Shorter texts are too common to be kept out of results. */
const MIN_SECRET_LENGTH = 4

/** What makes one call's context. */
export interface ToolContextParts {
  input: LoopInput
  callId: string
  name: string
  idempotencyKey: string
  signal: AbortSignal
  /** Stand still while a person is waited for. */
  timers: readonly PausableTimer[]
  progress(text: string): void
  /** Collects sensitive values, so that they can be kept out of everything else. */
  secrets: string[]
  /** Opens an approval that the turn does not wait for; absent where nobody would get the decision. */
  askColleagues?: ToolContext['requestApproval'] | undefined
}

/** The argument every tool gets: the turn's context and what belongs to this call. */
export function createToolContext(parts: ToolContextParts): ToolContext {
  const { input, callId, idempotencyKey, signal } = parts
  return deriveContext(input.context, {
    signal,
    callId,
    attempt: 1,
    idempotencyKey,
    progress: (text: string) => parts.progress(text),
    requestInput: (question: Parameters<ToolContext['requestInput']>[0]) => askForValue(parts, question),
    requestApproval: parts.askColleagues ?? (() => Promise.reject(nobodyToAsk(parts.name))),
  })
}

/** Runs a wait for people with the clocks stopped. */
export async function whilePaused<T>(timers: readonly PausableTimer[], wait: () => Promise<T>): Promise<T> {
  const resumes = timers.map((timer) => timer.pause())
  try {
    return await wait()
  } finally {
    for (const resume of resumes) resume()
  }
}

async function askForValue(
  { input, callId, name, signal, timers, secrets }: ToolContextParts,
  {
    schema,
    prompt,
    jsonSchema,
    timeoutMs = input.limits.inputMs,
    sensitive = false,
  }: Parameters<ToolContext['requestInput']>[0],
): Promise<Answer> {
  const { request } = input.services
  if (request === undefined) return { status: 'cancelled', reason: 'There is nobody to ask here.' }
  const asked = await request({
    kind: 'input',
    mode: 'suspend',
    timeoutMs,
    tool: name,
    callId,
    prompt,
    schema: toJsonSchema(schema, jsonSchema),
    sensitive,
    async checkValue(value) {
      const checked = await checkContract(schema, value)
      return checked.ok ? { ok: true, value } : checked
    },
  })
  const outcome = await whilePaused(timers, () => untilAborted(asked.outcome, signal))
  if (outcome.status !== 'answered' && outcome.status !== 'approved') {
    return { status: outcome.status, ...(outcome.reason === undefined ? {} : { reason: outcome.reason }) }
  }
  const value = outcome.value ?? null
  if (sensitive) secrets.push(...secretTexts(value))
  const parsed = await checkContract(schema, value)
  // A parsed value may hold what JSON cannot (dates); the tool that gave the schema knows.
  return { status: 'answered', value: (parsed.ok ? parsed.value : value) as Json }
}

function nobodyToAsk(name: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `${name} cannot ask colleagues here. Only a call in a turn of a room can, which is neither in the background nor decided already.`,
    details: { tool: name },
  })
}

function secretTexts(value: Json): string[] {
  if (typeof value === 'string' || typeof value === 'number') {
    return String(value).length < MIN_SECRET_LENGTH ? [] : [String(value)]
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretTexts) : []
}
