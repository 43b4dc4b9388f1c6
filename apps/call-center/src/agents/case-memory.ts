import { HANDOFF_NOTE_MARK } from '@parley/local'
import type { MemoryProvider } from '@parley/spec'

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
      const { handoff } = query.state
      if (handoff === undefined || handoff.to !== query.agentId || handoff.turnsLeft > 0) return memory
      const { from, fromName, reason, summary, payload } = handoff
      const report = { from, fromName, reason, summary, ...(payload === undefined ? {} : { payload }) }
      const content = `${HANDOFF_NOTE_MARK}\n${JSON.stringify(report)}`
      return { ...memory, messages: [{ role: 'user', content }, ...memory.messages] }
    },
  }
}
