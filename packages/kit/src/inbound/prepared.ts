import type { ContentBounds } from './check-content.ts'
import type { ChannelId, EventId, EventInput, EventSource, Participant, Receipt, RoomPatch, TurnId } from '@parley/spec'
import type { CascadeRun } from '../turns/cascades.ts'

/** An event that passed everything that needs no lock: its content is valid, its source is known. */
export interface PreparedEvent {
  input: EventInput
  source: EventSource
  /** Whether a `sendEvent` without binding is refused, or an inbound one whose channel was detached meanwhile. */
  gate: 'bound' | 'inbound' | 'none'
  chainDepth: number
  causeId?: EventId
  correlationId?: string
  turnId?: TurnId
  segmentId?: string
  /** Written with the event, whatever becomes of it. */
  receipts?: readonly Receipt[]
  /** What comes into being with the event: room, attachment, participants. */
  planned?: RoomPatch
  /** Someone who is known by another channel and comes by this one for the first time. */
  participant?: Participant | undefined
  /** The cascade a reply belongs to; an event of a person starts one of its own. */
  cascade?: CascadeRun
  /** Bindings an injected event goes to. */
  to?: readonly ChannelId[]
}

export type { ContentBounds }
