import type { RoomId, SendResult } from '@parley/spec'

/** Deliveries said one after another per room; rooms never share a batch. */
export interface Outbox {
  add(roomId: RoomId, send: () => Promise<SendResult>): Promise<SendResult>
}

/** Makes an outbox. A failed delivery is its own caller's; the ones behind it go on. */
export function createOutbox(): Outbox {
  const tails = new Map<RoomId, Promise<unknown>>()
  return {
    add(roomId, send) {
      const before = tails.get(roomId) ?? Promise.resolve()
      const result = before.then(send, send)
      tails.set(roomId, result)
      const tidy = (): void => {
        if (tails.get(roomId) === result) tails.delete(roomId)
      }
      result.then(tidy, tidy)
      return result
    },
  }
}
