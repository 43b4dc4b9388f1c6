import type { RoomContext, RoomId } from '@parley/spec'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import { OpenRoom, roomNotFound } from './commit-to-log.ts'

/** How long the lock of a room may be held before it is reported. */
const LOCK_ALARM_MS = 50

/** Runs with the room's lock held, on a fresh read; starts what was committed when the lock is free. */
export async function inRoom<T>(
  parts: KitParts,
  roomId: RoomId,
  run: (locked: OpenRoom) => Promise<T>,
  options: InRoomOptions & { planned?: (() => RoomContext) | undefined } = {},
): Promise<T> {
  let open: OpenRoom | undefined
  const { timeoutMs = parts.limits.processTimeoutMs, signal, organizationId, planned } = options
  const lockOptions = signal === undefined ? { timeoutMs } : { timeoutMs, signal }
  try {
    return await parts.locks.withLock(
      roomId,
      async (token) => {
        const heldSinceMs = parts.clock.monotonicMs()
        const context = (await parts.store.loadContext(roomId, { tail: 0 })) ?? planned?.()
        if (context === undefined) throw roomNotFound(roomId)
        if (organizationId !== undefined && context.room.organizationId !== organizationId) throw roomNotFound(roomId)
        open = new OpenRoom(parts, context, token)
        try {
          return await run(open)
        } finally {
          const heldMs = parts.clock.monotonicMs() - heldSinceMs
          parts.telemetry.record('room.lockHeldMs', heldMs)
          if (heldMs > LOCK_ALARM_MS && parts.framework.has('warning')) {
            parts.framework.emit({
              type: 'warning',
              roomId,
              data: { what: 'room.lockHeldMs', heldMs: Math.round(heldMs) },
            })
          }
        }
      },
      lockOptions,
    )
  } finally {
    open?.release()
  }
}
