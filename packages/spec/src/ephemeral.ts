import type { ChannelId, RoomId } from './ids.ts'
import type { Json } from './json.ts'
import type { Visibility } from './visibility.ts'

export type EphemeralType =
  | 'typingStarted'
  | 'typingStopped'
  | 'presence'
  | 'readReceipt'
  | 'reaction'
  | 'outputDelta'
  | 'toolCallStarted'
  | 'toolCallEnded'
  | 'thinkingDelta'
  | 'caption'
  | 'conversation'
  | `x.${string}`

/** Delivered, never committed. */
export interface EphemeralEvent {
  roomId: RoomId
  type: EphemeralType
  /** A participant or channel. */
  from: string
  at: string
  visibility: Visibility
  /** The bound channel it came from; it sees its own. */
  channelId?: ChannelId
  data: Json
}

export interface EphemeralInput {
  type: EphemeralType
  from: string
  data?: Json
  /** @default 'all' */
  visibility?: Visibility
  /** Bound channel it comes from; sees its own. */
  channelId?: ChannelId
}
