import type { RoomId, TurnId } from '@parley/spec'
import type { KitParts } from './kit-parts.ts'

/** Waits until a room's lane and turns are at rest. A turn that waits for its own room is not waited for. */
export async function waitUntilSettled(
  parts: KitParts,
  roomId: RoomId,
  timeoutMs: number,
  except?: TurnId,
): Promise<{ timedOut: boolean }> {
  let hasTimedOut = false
  let wake: (() => void) | undefined
  const timeout = new Promise<void>((resolve) => {
    wake = resolve
  })
  const dispose = parts.clock.setTimer(timeoutMs, () => {
    hasTimedOut = true
    wake?.()
  })
  const rest = async (): Promise<void> => {
    do {
      await parts.lanes.idle(roomId)
      await parts.turns.idle(roomId, except)
      await parts.idleBackground(roomId)
    } while (!hasTimedOut && !parts.isAtRest(roomId, except))
  }
  await Promise.race([rest(), timeout])
  dispose()
  return { timedOut: hasTimedOut }
}
