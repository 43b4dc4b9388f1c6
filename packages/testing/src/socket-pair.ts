import { createSocketFrames, type Socket } from '@parley/spec'

/** One end of a connection in memory. */
export interface PairedSocket extends Socket {
  /** Messages that were sent after the end. */
  readonly droppedCount: number
  /** Ends the connection as a broken line does: both ends see 1006. */
  break(): void
}

/**
 * Makes two sockets that are connected in memory: what one sends the other reads, in order, at once. Closing lets what was
 * sent before be read to its end.
 */
export function createSocketPair(): [PairedSocket, PairedSocket] {
  const one = createEnd()
  const other = createEnd()
  one.connect(other)
  other.connect(one)
  return [one.socket, other.socket]
}

interface End {
  socket: PairedSocket
  connect(peer: End): void
  take(data: string | Uint8Array): void
  end(code: number, reason: string, clean: boolean): void
}

function createEnd(): End {
  const line = createSocketFrames()
  const closed = Promise.withResolvers<{ code: number; reason: string; clean: boolean }>()
  let peer: End | undefined
  let isOpen = true
  let droppedCount = 0

  const end = (code: number, reason: string, clean: boolean): void => {
    if (!isOpen) return
    isOpen = false
    line.end()
    closed.resolve({ code, reason, clean })
  }
  const close = (code: number, reason: string, clean: boolean): void => {
    end(code, reason, clean)
    peer?.end(code, reason, clean)
  }
  return {
    connect: (other) => void (peer = other),
    take: line.push,
    end,
    socket: {
      send(data) {
        // The bytes are the sender's again when this returns.
        if (isOpen) peer?.take(typeof data === 'string' ? data : data.slice())
        else droppedCount += 1
      },
      bufferedAmount: 0,
      ping() {},
      close: (code = 1000, reason = '') => close(code, reason, true),
      break: () => close(1006, '', false),
      frames: line.frames,
      closed: closed.promise,
      get droppedCount() {
        return droppedCount
      },
    },
  }
}
