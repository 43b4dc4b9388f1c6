import type { ChannelId, Disposer, Json, RoomEvent, RoomId } from '@parley/spec'
import type { KitCore } from './core.ts'
import type { TurnSparing } from './turn-services.ts'

/** A line of an agent that a call speaks; it is committed when it was heard, under its key, and only once. */
export interface CallLine {
  agentId: ChannelId
  text: string
  kind: 'greeting' | 'farewell' | 'say'
  idempotencyKey?: string
  cause?: RoomEvent
}

/** What a live call offers to the parts of a kit that have something to say. */
export interface CallSpeaker {
  /** Takes the line to be spoken and committed; `false` leaves it to text. */
  say(line: CallLine): boolean
  /** Finds calls of tools that a model wrote into its text instead of making them. */
  writtenCalls?(text: string): WrittenCalls
  /** What a turn that begins now is to do without. */
  sparing?(): TurnSparing
}

/** What a model wrote: what people may read of it, and the calls that were in it. */
export interface WrittenCalls {
  text: string
  calls: readonly { name: string; arguments: { [key: string]: Json } }[]
}

const speakers = new WeakMap<KitCore, Map<RoomId, CallSpeaker[]>>()

/** The live call of a room that speaks for its agents: the one that began first. */
export function callSpeakerOf(core: KitCore, roomId: RoomId): CallSpeaker | undefined {
  return speakers.get(core)?.get(roomId)?.[0]
}

/** A call speaks in its room from now on; `onLast` is called when the room's last one has left. */
export function joinSpeaker(core: KitCore, roomId: RoomId, speaker: CallSpeaker, onLast: () => void): Disposer {
  const rooms = speakers.get(core) ?? new Map<RoomId, CallSpeaker[]>()
  speakers.set(core, rooms)
  const joined = rooms.get(roomId) ?? []
  rooms.set(roomId, joined)
  joined.push(speaker)
  return () => {
    const index = joined.indexOf(speaker)
    if (index >= 0) joined.splice(index, 1)
    if (joined.length > 0 || rooms.get(roomId) !== joined) return
    rooms.delete(roomId)
    onLast()
  }
}
