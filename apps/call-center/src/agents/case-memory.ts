import { HANDOFF_NOTE_MARK } from '@parley/local'
import type { Json, Memory, MemoryProvider } from '@parley/spec'
import { phoneLine } from '../voice/phone-line.ts'

/**
 * Keeps the colleague's note before what another memory remembers for as long as the agent has the case. A room gives
 * the note for three turns; a rules model keeps nothing itself and needs it in each.
 */
export function caseMemory(inner: MemoryProvider): MemoryProvider {
  return {
    name: `case(${inner.name})`,
    ...(inner.recentEventsWindow === undefined ? {} : { recentEventsWindow: inner.recentEventsWindow }),
    async retrieve(query) {
      const memory = await inner.retrieve(query)
      const { handoff, context } = query.state
      if (handoff === undefined && context['line'] === phoneLine) return withNote(memory, onThePhone)
      if (handoff === undefined || handoff.to !== query.agentId || handoff.turnsLeft > 0) return memory
      const { from, fromName, reason, summary, payload } = handoff
      const report = { from, fromName, reason, summary, ...(payload === undefined ? {} : { payload }) }
      return withNote(memory, report)
    },
  }
}

/** What an agent of the reception knows of who calls by phone. */
const onThePhone = {
  from: 'line',
  fromName: 'the line',
  reason: 'the caller is on the phone',
  summary: 'Do not ask for the account number: find_account without arguments lets the caller key it in.',
  payload: { line: phoneLine },
}

function withNote(memory: Memory, report: Json): Memory {
  const content = `${HANDOFF_NOTE_MARK}\n${JSON.stringify(report)}`
  return { ...memory, messages: [{ role: 'user', content }, ...memory.messages] }
}
