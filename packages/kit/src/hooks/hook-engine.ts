import type {
  BlockReason,
  Channel,
  ChannelId,
  ChannelType,
  Clock,
  Disposer,
  EventInput,
  EventSource,
  EventType,
  Logger,
  ObservationInput,
  Receipt,
  RoomId,
  RoomTaskInput,
} from '@parley/spec'
import type { HookMap, HookTrigger, SyncTrigger } from './hook-map.ts'
import type { SyncHookResult } from './hook-results.ts'

/** What a hook gets beside its payload. */
export interface HookContext {
  roomId: RoomId | undefined
  clock: Clock
  signal: AbortSignal
  log: Logger
  /** Adds an event after this one; `to`: bindings it is delivered to. @default stored only */
  inject(event: EventInput, options?: { to?: ChannelId[] }): void
  task(task: RoomTaskInput): void
  observation(observation: ObservationInput): void
  /** A registered channel. */
  channel?(channelId: ChannelId): Channel | undefined
}

export type SyncHook<T extends SyncTrigger> = (
  payload: Readonly<HookMap[T]['payload']>,
  context: HookContext,
) => SyncHookResult<T> | Promise<SyncHookResult<T>>

export type AsyncHook<T extends HookTrigger> = (
  payload: Readonly<HookMap[T]['payload']>,
  context: HookContext,
) => void | Promise<void>

/** The type of hook a trigger takes: an async one has no say, so returning `block` does not compile. */
export type HookFor<T extends HookTrigger> = T extends SyncTrigger ? SyncHook<T> : AsyncHook<T>

/** Which events a hook is for, and how it runs. Filters are ANDed; a missing one matches all. */
export interface HookOptions {
  name?: string
  /** Lower runs first. @default 0 */
  priority?: number
  timeoutMs?: number
  roomId?: RoomId
  channelTypes?: ChannelType[]
  channelIds?: ChannelId[]
  sourceKinds?: EventSource['kind'][]
  eventTypes?: EventType[]
  /** Tightens what a failure means. */
  onFailure?: 'closed'
  /** Guards what people read or hear: implies `onFailure: 'closed'`. */
  redacts?: boolean
  /** `pass`: the hook changes no text, so agents' text may be shown while it is written. @default 'hold' */
  live?: 'hold' | 'pass'
}

/** What filters are compared with. */
export interface HookScope {
  roomId?: RoomId | undefined
  channelType?: ChannelType | undefined
  channelId?: ChannelId | undefined
  sourceKind?: EventSource['kind'] | undefined
  eventType?: EventType | undefined
}

/** An event a hook added. */
export interface InjectedEvent {
  input: EventInput
  to: ChannelId[]
}

/** What the hooks of a sync trigger decided together. */
export interface SyncOutcome<T extends SyncTrigger> {
  payload: HookMap[T]['payload']
  blocked?: { reason: BlockReason; by: string; message?: string }
  /** Names of hooks that modified, in order. */
  modifiedBy: readonly string[]
  injected: readonly InjectedEvent[]
  tasks: readonly RoomTaskInput[]
  observations: readonly ObservationInput[]
  /** Data of one `block` receipt per failure: `{ hook, trigger, code, onFailure }`. */
  failures: readonly Receipt['data'][]
}

/** Runs users' functions at the triggers of `HookMap`. */
export interface HookEngine {
  add<T extends HookTrigger>(trigger: T, hook: HookFor<T>, options?: HookOptions): Disposer
  /** Watches any trigger: outside the lock, after the commit, with the final payload. */
  observe<T extends HookTrigger>(trigger: T, hook: AsyncHook<T>, options?: HookOptions): Disposer
  /** Whether any hook or observer could be for the scope; fields left out may be anything. */
  has(trigger: HookTrigger, scope: HookScope): boolean
  /** Runs sync hooks in order; synchronous when all of them are (no promise is made then). */
  runSync<T extends SyncTrigger>(
    trigger: T,
    payload: HookMap[T]['payload'],
    scope: HookScope,
    options?: { signal?: AbortSignal },
  ): SyncOutcome<T> | Promise<SyncOutcome<T>>
  /** Starts async hooks and observers; concurrent, isolated, reported to `onError`. Returns at once. */
  fire<T extends HookTrigger>(trigger: T, payload: HookMap[T]['payload'], scope: HookScope): void
  /** Whether text of this scope must be held back until hooks have passed it; fields left out may be anything. */
  holdsLive(scope: HookScope): boolean
  /** Resolves when no watching hook runs any more. */
  settled(): Promise<void>
  /** Forgets the hooks of one room. */
  removeRoom(roomId: RoomId): void
  clear(): void
}
