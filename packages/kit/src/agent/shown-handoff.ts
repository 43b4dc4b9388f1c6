import type { Json } from '@parley/spec'

/** The tool through which an agent hands a conversation over. */
export const HANDOFF_TOOL_NAME = 'handoff_conversation'

const shownArguments = ['target', 'next_phase', 'channel_escalation']
const shownResults = [
  'accepted',
  'code',
  'newAgentId',
  'newPhase',
  'handoffId',
  'violations',
  'allowed',
  'retryAfterMs',
]

/**
 * What the log shows of a handoff's arguments: where it went, not what colleagues told each other. That stands in the
 * `handoff` record, which no transport gets.
 */
export function shownHandoffArguments(args: Json | undefined): Json {
  return pick(args ?? null, shownArguments)
}

/** What the log shows of a handoff's result: enough to act on it in a later turn. */
export function shownHandoffResult(result: Json): Json {
  return pick(result, shownResults)
}

function pick(value: Json, keys: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)))
}
