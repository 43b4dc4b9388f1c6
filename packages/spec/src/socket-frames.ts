import { createEventQueue, type EventQueue } from './event-queue.ts'

/** Messages of a socket, from whoever adapts a platform's socket to the one who reads them. */
export interface SocketFrames extends Pick<EventQueue<string | Uint8Array>, 'push' | 'end'> {
  /** The `frames` of the socket. @throws {Error} when a second reader begins */
  readonly frames: AsyncIterable<string | Uint8Array>
}

/** Makes the `frames` of a `Socket`. */
export function createSocketFrames(): SocketFrames {
  const { push, end, events } = createEventQueue<string | Uint8Array>()
  let isConsumed = false
  return {
    push,
    end,
    frames: {
      [Symbol.asyncIterator]() {
        if (isConsumed) throw new Error('The frames of a socket have one consumer.')
        isConsumed = true
        return events[Symbol.asyncIterator]()
      },
    },
  }
}
