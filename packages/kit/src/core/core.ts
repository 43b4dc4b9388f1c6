import type {
  Backplane,
  Channel,
  ChannelBinding,
  ChannelId,
  Clock,
  ConversationStore,
  Disposer,
  EphemeralEvent,
  EphemeralInput,
  EventDraft,
  EventId,
  EventInput,
  IdentityResolver,
  IdSource,
  InboundRouter,
  Instant,
  Json,
  Logger,
  Receipt,
  ReceiptKind,
  Room,
  RoomHandle,
  RoomId,
  RoomLocks,
  SendResult,
  Telemetry,
  UrlGuard,
} from '@parley/spec'
import type { HookEngine } from '../hooks/hook-engine.ts'
import type { FrameworkEvents } from './framework-events.ts'
import type { KitLimits } from './limits.ts'
import type { LaterReceipts } from './later-receipts.ts'
import type { LockedRoom } from './locked-room.ts'
import type { OrchestrationRuntime } from './orchestration-runtime.ts'
import type { Turns } from './turns.ts'

/** Where an error came from, for the one `onError`. */
export interface ErrorPlace {
  stage: string
  roomId?: RoomId
  eventId?: EventId
}

/** Channels and agents that rooms may be connected to. */
export interface ChannelRegistry {
  get(channelId: ChannelId): Channel | undefined
  add(channel: Channel): void
  /** Serves under its id as long as nobody registers another: agents of the kit's own orchestration. */
  offer(channel: Channel): void
  replace(channel: Channel): Channel | undefined
  remove(channelId: ChannelId): Channel | undefined
  list(): Channel[]
}

/** Ephemeral events of a room to its members, its local subscribers and other processes. */
export interface EphemeralHub {
  publish(roomId: RoomId, event: EphemeralInput): void
  /** A listener that returns a promise gets the next event when it has settled. */
  subscribe(
    roomId: RoomId,
    listener: (event: EphemeralEvent) => void | Promise<void>,
    options?: { types?: string[] },
  ): Disposer
  /** Ends presence and typing of someone who left. */
  ended(roomId: RoomId, from: string): void
  /** Ends typing alone: what was typed has been said. */
  endTyping(roomId: RoomId, from: string): void
  /** Someone is still there: what was last said of their presence goes on for another while, without being said again. */
  renew(roomId: RoomId, from: string): void
  /** Who is known to be there, for those who come later. */
  present(roomId: RoomId): EphemeralEvent[]
  close(): void
}

/**
 * What the parts of the kit share. It is made once per kit; each part is a function of it and finds the others here,
 * so there is no module state and no part owns another.
 */
export interface KitCore {
  readonly clock: Clock
  readonly ids: IdSource
  readonly store: ConversationStore
  readonly locks: RoomLocks
  readonly backplane: Backplane
  readonly telemetry: Telemetry
  readonly logger: Logger
  readonly limits: KitLimits
  readonly identity: IdentityResolver | undefined
  readonly inboundRouter: InboundRouter | undefined
  readonly guard: UrlGuard | undefined
  readonly registry: ChannelRegistry
  readonly hooks: HookEngine
  readonly framework: FrameworkEvents
  readonly ephemeral: EphemeralHub
  readonly turns: Turns
  readonly orchestration: OrchestrationRuntime
  /** Aborted when the kit closes. */
  readonly closing: AbortSignal
  now(): Instant
  /** Sends an error to the one `onError`, sanitized. Never throws. */
  reportError(thrown: unknown, place: ErrorPlace): void
  /** Runs work in the background of the kit: drained at close, failures reported under `stage`. */
  background(stage: string, run: (signal: AbortSignal) => Promise<void>, place?: Omit<ErrorPlace, 'stage'>): void
  /**
   * Runs with the room's lock held, on a fresh read of the room. No model, socket, timer or user hook of the async kind
   * may be waited for in there.
   * @throws {ParleyError} `room_not_found`, `lock_timeout`
   */
  inRoom<T>(
    roomId: RoomId,
    run: (locked: LockedRoom) => Promise<T>,
    options?: { timeoutMs?: number; signal?: AbortSignal; organizationId?: string },
  ): Promise<T>
  /** The whole pipeline for an event of a bound channel. */
  sendEvent(
    roomId: RoomId,
    channelId: ChannelId,
    input: EventInput,
    options?: { signal?: AbortSignal; cause?: EventCause },
  ): Promise<SendResult>
  /** A draft with everything a system event of the kit needs filled in. */
  systemDraft(room: Room, draft: SystemDraft): EventDraft
  receipt(roomId: RoomId, kind: ReceiptKind, data: Json, also?: Partial<Receipt>): Receipt
  /** Receipts that nobody waits for. */
  readonly laterReceipts: LaterReceipts
  handle(roomId: RoomId): RoomHandle
  /** Binding changes are told to the channel and to hooks. */
  bindingChanged(binding: ChannelBinding): void
}

/** What caused an event that an agent or the kit sends. */
export interface EventCause {
  causeId: EventId
  chainDepth: number
  correlationId?: string
  turnId?: string
  segmentId?: string
}

/** The parts of a system event that differ. */
export interface SystemDraft {
  type: EventDraft['type']
  content: EventDraft['content']
  /** @default 'internal' */
  visibility?: EventDraft['visibility']
  causeId?: EventId
  turnId?: string
  metadata?: Record<string, Json>
  /** @default system */
  source?: EventDraft['source']
}
