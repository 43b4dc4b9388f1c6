import type { ChannelEscalation, HandoffActor, HandoffRequest, Json } from '@parley/spec'
import { toPlainText } from './plain-text.ts'

/** Longest summary; longer ones are cut at a sentence and marked. */
export const SUMMARY_LIMIT = 8_000
/** Longest reason. */
export const REASON_LIMIT = 1_000
const NAME_LIMIT = 256
const CUT_MARK = ' [cut]'

const escalations: readonly ChannelEscalation[] = ['same', 'voice', 'email', 'sms']

/** Arguments as read: a request whose target is not resolved yet, or which field is wrong. */
export type ParsedHandoff = { ok: true; request: HandoffRequest } | { ok: false; field: string; expected: string }

/** Reads the arguments of a handoff tool call. Texts are trimmed, freed of control characters and bounded. */
export function parseHandoff(args: unknown, by: HandoffActor): ParsedHandoff {
  const given = typeof args === 'string' ? parseText(args) : args
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { ok: false, field: '', expected: 'an object' }
  // An object that is no list: its fields are checked one by one below.
  const fields = given as Record<string, unknown>
  const target = textOf(fields['target'], NAME_LIMIT)
  if (target === undefined) return { ok: false, field: 'target', expected: 'the id of the target' }
  const reason = textOf(fields['reason'], REASON_LIMIT)
  if (reason === undefined) return { ok: false, field: 'reason', expected: 'why the handoff is needed' }
  const summary = textOf(fields['summary'], SUMMARY_LIMIT)
  if (summary === undefined) return { ok: false, field: 'summary', expected: 'a summary of the conversation so far' }
  const request: HandoffRequest = {
    targetAgentId: target,
    reason,
    summary,
    context: {},
    urgent: fields['urgent'] === true,
    by,
  }
  const phase = fields['next_phase']
  if (phase !== undefined && phase !== null && phase !== '') {
    const nextPhase = textOf(phase, NAME_LIMIT)
    if (nextPhase === undefined) return { ok: false, field: 'next_phase', expected: 'the name of a phase' }
    request.nextPhase = nextPhase
  }
  const escalation = fields['channel_escalation']
  if (escalation !== undefined && escalation !== null && escalation !== '') {
    const known = escalations.find((name) => name === escalation)
    if (known === undefined) return { ok: false, field: 'channel_escalation', expected: escalations.join(', ') }
    request.channelEscalation = known
  }
  // Arguments come as JSON, from a model or from typed code.
  if (fields['payload'] !== undefined) request.payload = fields['payload'] as Json
  if (isUrgent(request.payload)) request.urgent = true
  return { ok: true, request }
}

/** A text, trimmed and cut at a sentence when it is too long; undefined when it is none or empty. */
function textOf(value: unknown, limit: number): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = boundedText(value, limit)
  return text === '' ? undefined : text
}

/** A text as data: plain, trimmed, and cut at a sentence and marked when it is over the limit. */
export function boundedText(value: string, limit: number): string {
  const text = toPlainText(value)
  return text.length <= limit ? text : cutAtSentence(text, limit - CUT_MARK.length) + CUT_MARK
}

function cutAtSentence(text: string, limit: number): string {
  const head = text.slice(0, limit)
  const ends = [...head.matchAll(/[.!?](?=\s)/g)]
  const last = ends.at(-1)
  const cut = last !== undefined && last.index > limit / 2 ? head.slice(0, last.index + 1) : head
  // A cut must not leave half of a surrogate pair.
  return cut.replace(/[\uD800-\uDBFF]$/, '')
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: refused as arguments that are not an object
  }
}

function isUrgent(payload: Json | undefined): boolean {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return false
  const { urgency } = payload
  return urgency === 'high' || urgency === 'urgent' || urgency === true
}
