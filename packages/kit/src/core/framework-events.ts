import type { Disposer, EventId, Json, RoomId } from '@parley/spec'

/** Events of the framework itself; never stored. */
export const frameworkEventTypes = [
  'roomRefusedEvent',
  'eventBlocked',
  'eventProcessed',
  'deliverySucceeded',
  'deliveryFailed',
  'deliverySkipped',
  'broadcastPartialFailure',
  'processTimeout',
  'identityResolved',
  'identityTimeout',
  'chainDepthExceeded',
  'cascadeLimit',
  'hookError',
  'hookTimeout',
  'slowHook',
  'breakerOpened',
  'breakerClosed',
  'channelConnected',
  'channelDisconnected',
  'sourceAttached',
  'sourceDetached',
  'sourceError',
  'sourceExhausted',
  'sessionStarted',
  'participantShared',
  'statusPosted',
  'warning',
] as const

export type FrameworkEventType = (typeof frameworkEventTypes)[number]

export interface FrameworkEvent {
  type: FrameworkEventType
  roomId?: RoomId
  eventId?: EventId
  /** Ids, names, limits and codes; no words of people. */
  data: { [key: string]: Json }
}

export interface FrameworkEvents {
  on(type: FrameworkEventType, listener: (event: FrameworkEvent) => void): Disposer
  emit(event: FrameworkEvent): void
  /** Whether anybody listens; callers on hot paths ask before they build an event. */
  has(type: FrameworkEventType): boolean
  clear(): void
}
