import type { ChannelId, Memory, MemoryProvider, MemoryQuery, RoomEvent, RoomId } from '@parley/spec'
import { NOTE_TURNS } from './handoff-machine.ts'
import { givesNote, noteFor, noteText } from './handoff-note.ts'

/**
 * Puts the note of a recent handoff before what another provider remembers. Agents of an orchestrated room have it by
 * themselves; wrapping a provider explicitly does not double it. `turns`: in how many turns it is given, at most 3.
 */
export class HandoffMemoryProvider implements MemoryProvider {
  readonly name: string
  readonly recentEventsWindow?: number
  readonly #inner: MemoryProvider
  readonly #turns: number

  constructor(inner: MemoryProvider, { turns = NOTE_TURNS }: { turns?: number } = {}) {
    this.name = `Handoff(${inner.name})`
    this.#inner = inner
    this.#turns = turns
    if (inner.recentEventsWindow !== undefined) this.recentEventsWindow = inner.recentEventsWindow
  }

  async retrieve(query: MemoryQuery): Promise<Memory> {
    const memory = await this.#inner.retrieve(query)
    const note = noteFor(query.state, query.agentId)
    if (note === undefined || note.turnsLeft <= NOTE_TURNS - this.#turns || !givesNote(query.state, this)) return memory
    return { ...memory, messages: [{ role: 'user', content: noteText(note) }, ...memory.messages] }
  }

  async ingest(event: RoomEvent, context: { roomId: RoomId; agentId: ChannelId }): Promise<void> {
    await this.#inner.ingest?.(event, context)
  }

  async clear(roomId: RoomId): Promise<void> {
    await this.#inner.clear?.(roomId)
  }

  async close(): Promise<void> {
    await this.#inner.close?.()
  }
}
