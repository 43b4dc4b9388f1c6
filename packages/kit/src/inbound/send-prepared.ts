import { ParleyError, type InboundResult, type RoomContext, type RoomId } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import { inRoom } from '../rooms/in-room.ts'
import { acceptEvent } from './accept-event.ts'
import { startDeadline } from './deadline.ts'
import type { PreparedEvent } from './prepared.ts'

/** What differs between the ways into the pipeline. */
export interface SendPreparedOptions {
  signal?: AbortSignal | undefined
  organizationId?: string | undefined
  /** The room that is made if none with this id is there. */
  planned?: (() => RoomContext) | undefined
  /** Called under the lock with the room as it is: completes what depends on it. */
  complete?: (open: OpenRoom) => PreparedEvent | InboundResult | Promise<PreparedEvent | InboundResult>
}

/**
 * Steps 6 to 14: takes the lock and accepts the event, all within `processTimeoutMs` up to the commit. An abort before
 * the commit leaves nothing behind, after it changes nothing.
 */
export function sendPrepared(
  parts: KitParts,
  roomId: RoomId,
  prepared: PreparedEvent,
  options: SendPreparedOptions = {},
): Promise<InboundResult> {
  const { signal, organizationId, planned, complete } = options
  return new Promise<InboundResult>((resolve, reject) => {
    const deadline = startDeadline(parts.clock, parts.limits.processTimeoutMs, () => {
      waiting?.abort(new DOMException('The message could not be accepted in time.', 'TimeoutError'))
      resolve(timedOut(parts, roomId))
    })
    // Without a signal of the caller there is only the deadline to wait with.
    const waiting = signal === undefined ? undefined : new AbortController()
    const ended = (): AbortSignal => waiting?.signal ?? deadline.signal
    const onAbort = (): void => waiting?.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const finish = (): void => {
      signal?.removeEventListener('abort', onAbort)
      deadline.close()
    }
    const run = async (): Promise<InboundResult> => {
      signal?.throwIfAborted()
      if (parts.lanes.depth(roomId) >= parts.limits.laneDepth) {
        const free = await roomInLane(parts, roomId, ended())
        if (!free) return busy(roomId)
      }
      return inRoom(
        parts,
        roomId,
        async (open) => {
          if (deadline.isExpired) return timedOut(parts, roomId)
          signal?.throwIfAborted()
          const completed = complete === undefined ? prepared : await complete(open)
          return 'outcome' in completed ? completed : acceptEvent(parts, open, completed, deadline)
        },
        {
          signal: ended(),
          ...(organizationId === undefined ? {} : { organizationId }),
          ...(planned === undefined ? {} : { planned }),
        },
      )
    }
    run().then(
      (result) => {
        finish()
        resolve(result)
      },
      (error: unknown) => {
        finish()
        if (deadline.isExpired) return
        if (ParleyError.isInstance(error) && error.code === 'lock_timeout') return resolve(timedOut(parts, roomId))
        reject(error)
      },
    )
  })
}

/** A full lane is waited for; when time runs out the message is refused and nothing is stored. */
async function roomInLane(parts: KitParts, roomId: RoomId, signal: AbortSignal): Promise<boolean> {
  const patience = parts.limits.processTimeoutMs / 2
  const gaveUp = new AbortController()
  const waited = parts.clock.sleep(patience, { signal: AbortSignal.any([signal, gaveUp.signal]) }).then(
    () => false,
    () => false,
  )
  const free = await Promise.race([parts.lanes.hasRoom(roomId).then(() => true), waited])
  gaveUp.abort()
  return free
}

function busy(roomId: RoomId): InboundResult {
  return {
    outcome: 'blocked',
    roomId,
    reason: 'room_busy',
    message: `Room ${roomId} has too many undelivered events. Send the message again later.`,
    retryAfterMs: 1_000,
  }
}

function timedOut(parts: KitParts, roomId: RoomId): InboundResult {
  parts.framework.emit({ type: 'processTimeout', roomId, data: { timeoutMs: parts.limits.processTimeoutMs } })
  return {
    outcome: 'blocked',
    roomId,
    reason: 'process_timeout',
    message: 'The message could not be accepted in time. Nothing was stored; send it again.',
  }
}
