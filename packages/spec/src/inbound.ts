import type { Content } from './content.ts'
import type { DeliveryReport } from './channel.ts'
import type { ChannelId, EventId, RoomId } from './ids.ts'
import type { Json } from './json.ts'
import type { ParleyError } from './parley-error.ts'
import type { EventType, RoomEvent } from './room-event.ts'
import type { Visibility } from './visibility.ts'

/** Why an event was not accepted. */
export const blockReasons = [
  'rate_limited',
  'process_timeout',
  'room_closed',
  'room_busy',
  'channel_detached',
  'idempotency_conflict',
  'sender_banned',
  'source_muted',
  'source_read_only',
  'hook_failed',
  'chain_depth_limit',
  'cascade_limit',
  'target_not_found',
  'identity_required',
  'not_author',
  'not_authorized',
  'challenge_sent',
  'identity_rejected',
  'unknown_sender',
] as const

/** A built-in reason or a hook's own, `x.<name>`. */
export type BlockReason = (typeof blockReasons)[number] | `x.${string}`

/** A message as a channel received it. */
export interface InboundMessage {
  channelId: ChannelId
  senderId: string
  content: Content
  type?: EventType
  externalId?: string
  threadId?: string
  parentEventId?: EventId
  idempotencyKey?: string
  providerMessageId?: string
  raw?: Json
  metadata?: Record<string, Json>
  visibility?: Visibility
  responseVisibility?: Visibility
  addressedTo?: ChannelId[] | null
  language?: string
}

/** What came of an event: its own deliveries, and replies and errors of all it caused. */
export interface Cascade {
  replies: RoomEvent[]
  deliveries: DeliveryReport[]
  errors: ParleyError[]
}

/** The answer to a message. */
export type InboundResult =
  | { outcome: 'committed'; roomId: RoomId; event: RoomEvent; duplicate: boolean; settled(): Promise<Cascade> }
  | {
      outcome: 'blocked'
      roomId?: RoomId
      reason: BlockReason
      by?: string
      event?: RoomEvent
      message?: string
      retryAfterMs?: number
    }

export type SendResult = InboundResult
