import { z } from 'zod'
import type { Content } from './content.ts'
import type { ChannelId, EventId, ParticipantId, RoomId, TurnId } from './ids.ts'
import type { Instant, Json } from './json.ts'
import type { InboundMessage } from './inbound.ts'
import type { ParleyError } from './parley-error.ts'
import type { EventInput, EventType, RoomEvent } from './room-event.ts'
import type { RoomHandle, TurnContext, TurnOutput } from './turn.ts'
import { visibilitySchema, type Visibility } from './visibility.ts'
import type { Clock, Logger } from './world.ts'

export type ChannelType =
  | 'websocket'
  | 'sms'
  | 'mms'
  | 'rcs'
  | 'email'
  | 'whatsapp'
  | 'messenger'
  | 'telegram'
  | 'teams'
  | 'discord'
  | 'webhook'
  | 'push'
  | 'voice'
  | 'realtimeVoice'
  | 'video'
  | 'cli'
  | 'agent'
  | 'system'
  | `custom:${string}`

/** `transport` reaches people, `intelligence` is agents. */
export type ChannelCategory = 'transport' | 'intelligence'

/** What a channel can show and take. Absent means it cannot. */
export interface ChannelCapabilities {
  content: Content['type'][]
  /** Event types beyond `message` that the channel shows. @default none */
  eventTypes?: EventType[]
  maxLength?: number
  /** Text over `maxLength` is sent as several messages; otherwise it is cut. @default false */
  multipart?: boolean
  /** The channel connects several people of a room, so what comes by it is delivered to it too. @default false */
  echo?: boolean
  maxMediaBytes?: number
  mimeTypes?: string[]
  threads?: boolean
  reactions?: boolean
  edits?: boolean
  deletes?: boolean
  typing?: boolean
  readReceipts?: boolean
  richText?: boolean
  buttons?: boolean
  maxButtons?: number
  templates?: boolean
  /** How the channel takes text that is still being written. @default 'none' */
  live?: 'none' | 'deltas' | 'settling'
}

/** How failed deliveries are tried again. */
export interface RetryPolicy {
  retries: number
  baseMs: number
  factor: number
  capMs: number
  jitter: 'full' | 'none'
}

export interface RateLimit {
  perSecond: number
  burst: number
}

export type ChannelDirection = 'inbound' | 'outbound' | 'both'
export type ChannelAccess = 'readWrite' | 'readOnly' | 'writeOnly' | 'none'

/** A channel in a room. */
export interface ChannelBinding {
  roomId: RoomId
  channelId: ChannelId
  channelType: ChannelType
  category: ChannelCategory
  /** Seen from the room. */
  direction: ChannelDirection
  access: ChannelAccess
  muted: boolean
  outputMuted: boolean
  visibility: Visibility
  participantId?: ParticipantId
  capabilities: ChannelCapabilities
  retry?: RetryPolicy
  rateLimit?: RateLimit
  attachedAt: Instant
  metadata: Record<string, Json>
}

/** What a caller may say of a binding. */
export interface BindingOptions {
  /** @default 'both' */
  direction?: ChannelDirection
  /** @default 'readWrite' */
  access?: ChannelAccess
  /** @default 'all' */
  visibility?: Visibility
  muted?: boolean
  outputMuted?: boolean
  participantId?: ParticipantId
  retry?: RetryPolicy
  rateLimit?: RateLimit
  metadata?: Record<string, Json>
}

export const retryPolicySchema: z.ZodType<RetryPolicy> = z.strictObject({
  retries: z.int().min(0).max(100),
  baseMs: z.number().min(0),
  factor: z.number().min(1),
  capMs: z.number().min(0),
  jitter: z.enum(['full', 'none']),
})

export const rateLimitSchema: z.ZodType<RateLimit> = z.strictObject({
  perSecond: z.number().positive(),
  burst: z.number().positive(),
})

export const bindingOptionsSchema: z.ZodType<BindingOptions> = z.strictObject({
  direction: z.enum(['inbound', 'outbound', 'both']).optional(),
  access: z.enum(['readWrite', 'readOnly', 'writeOnly', 'none']).optional(),
  visibility: visibilitySchema.optional(),
  muted: z.boolean().optional(),
  outputMuted: z.boolean().optional(),
  participantId: z.string().min(1).optional(),
  retry: retryPolicySchema.optional(),
  rateLimit: rateLimitSchema.optional(),
  metadata: z.record(z.string(), z.json()).optional(),
}) as z.ZodType<BindingOptions>

/** One event on its way to one binding. */
export interface Delivery {
  /** Stable over retries and restarts: event id and binding. */
  deliveryId: string
  event: RoomEvent
  /** As the receiver can show it. */
  content: Content
  binding: ChannelBinding
  /** 1 for the first try. */
  attempt: number
}

export interface DeliveryContext {
  room: RoomHandle
  signal: AbortSignal
  clock: Clock
  log: Logger
}

/** What became of one attempt. A provider's refusal is `failed`. */
export type DeliveryOutcome =
  | { status: 'sent' | 'queued'; providerMessageId?: string }
  | { status: 'failed'; code: string; message: string; retryable: boolean; retryAfterMs?: number }

/** What became of one delivery. */
export interface DeliveryReport {
  channelId: ChannelId
  deliveryId: string
  status: 'sent' | 'queued' | 'failed' | 'skipped'
  attempts: number
  error?: ParleyError
  providerMessageId?: string
  retryAfterMs?: number
}

/** A provider's later word on a delivery. */
export interface DeliveryStatus {
  providerMessageId: string
  status: 'sent' | 'delivered' | 'read' | 'failed'
  at?: Instant
  eventId?: EventId
  roomId?: RoomId
  code?: string
}

/** What an output yields: `segmentEnd` follows the last text of each segment that is to be settled. */
export type AgentOutputPart = TurnOutput | { type: 'segmentEnd'; segment: number }

/** An agent's output while it is made. */
export interface AgentOutput {
  turnId: TurnId
  agentId: ChannelId
  /** The (last) message it answers. */
  trigger: RoomEvent
  visibility: Visibility
  parts: AsyncIterable<AgentOutputPart>
  signal: AbortSignal
}

/** What was really said: a live output settles it. */
export interface SettledOutput {
  /** Empty: nothing was heard, and nothing is committed. */
  text: string
  interrupted: boolean
  spans?: Json
  /** Kept on the committed event under `metadata.voice`. */
  voice?: { [key: string]: Json }
}

export interface OutputSink {
  /**
   * Set by `live: 'settling'` channels: what is committed for the n-th segment of the output, counted from 0. A segment
   * is the text between two tool calls; it is asked for when its text is complete, and never rejects. Absent: the
   * channel does not speak this output, and its text is committed as it was written.
   */
  settled?(segment: number): Promise<SettledOutput>
  close(): Promise<void>
}

/** What a channel gets when it turns a native message into an event. */
export interface ParseContext {
  organizationId?: string
  roomId?: RoomId
  clock: Clock
  log: Logger
  signal: AbortSignal
}

/** A raw callback of a provider. */
export interface WebhookRequest {
  /** The exact bytes that were signed. */
  body: Uint8Array
  headers: Record<string, string>
  url: string
}

/** Connects rooms to something: people (`transport`) or an agent (`intelligence`). Holds no per-room state. */
export interface Channel {
  readonly channelId: ChannelId
  readonly channelType: ChannelType
  readonly category: ChannelCategory
  readonly capabilities: ChannelCapabilities
  readonly providerName?: string
  /** How much of the log the channel wants to see in a turn. */
  readonly recentEventsWindow?: number
  readonly metadata?: Record<string, Json>
  /** Senders were authenticated before and are named by participant id: nobody needs to be identified. @default false */
  readonly sendersAreParticipants?: boolean
  /** Inbound limit of the channel. @default none */
  readonly inboundRate?: RateLimit
  /** Turns a native message into an event; runs before the lock. */
  parse?(message: InboundMessage, context: ParseContext): Promise<EventInput>
  deliver?(delivery: Delivery, context: DeliveryContext): Promise<DeliveryOutcome>
  openOutput?(output: AgentOutput, context: DeliveryContext): OutputSink
  takeTurn?(context: TurnContext): AsyncIterable<TurnOutput>
  /** Checks a webhook's signature. */
  verifyWebhook?(request: WebhookRequest): Promise<boolean>
  /** Turns a verified webhook into messages. */
  parseWebhook?(request: WebhookRequest): Promise<InboundMessage[]>
  onAttached?(binding: ChannelBinding): Promise<void>
  onDetached?(binding: ChannelBinding): Promise<void>
  onBindingChanged?(binding: ChannelBinding): void
  close?(): Promise<void>
}
