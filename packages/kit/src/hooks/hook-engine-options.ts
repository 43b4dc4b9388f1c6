import type { Channel, ChannelId, Clock, Logger, RoomId } from '@parley/spec'
import type { ErrorPlace } from '../core/core.ts'
import type { FrameworkEvents } from '../core/framework-events.ts'
import type { KitLimits } from '../core/limits.ts'
import type { HookAdditions } from './hook-call.ts'

/** What the engine stands on. */
export interface HookEngineOptions {
  clock: Clock
  limits: Pick<KitLimits, 'syncHookTimeoutMs' | 'asyncHookTimeoutMs' | 'processTimeoutMs'>
  logger: Logger
  framework: FrameworkEvents
  reportError(thrown: unknown, place: ErrorPlace): void
  /** A registered channel, for hooks that decide whom to ask. */
  channel?: (channelId: ChannelId) => Channel | undefined
  /** Aborted when the kit closes: watching hooks are told, their timers end. */
  closing: AbortSignal
  /** Takes what a watching hook added to its room. @default such additions are refused */
  takeAdditions?: (roomId: RoomId, additions: HookAdditions) => void
  /** Whether work waits for the lock of a room: a hook that runs out of time may itself be what waits. */
  isLockAwaited?: (roomId: RoomId) => boolean
}
