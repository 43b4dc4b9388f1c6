import type { EphemeralEvent, RoomId } from '@parley/spec'
import { isForPerson, reaches, type Reader } from './reader.ts'
import type { RoomTails, WireEvent } from './room-tails.ts'

/** Somebody who reads a room's log as it grows. */
export interface ReadAlongOptions {
  roomId: RoomId
  reader: Reader
  /** Starts with the entry after this index. */
  after: number
  /** Ends it. */
  signal: AbortSignal
  /** Resolves when the reader takes more: nothing is read ahead of it. */
  isReady(): Promise<void>
  /** Gets each event once, ascending; `previous` is the index before it in this stream. */
  onEvent(event: WireEvent, previous: number): void
  onEphemeral(event: EphemeralEvent): void
  /** Gets a failed read; nothing more comes after it. */
  onError(error: unknown): void
}

/** Reads a room's log from an index on and goes on as it grows, at the pace of the reader. */
export function readAlong(tails: RoomTails, options: ReadAlongOptions): void {
  const { roomId, reader, signal, isReady, onEvent, onEphemeral, onError } = options
  let cursor = options.after
  let isReading = false
  let isMore = false

  const tail = tails.follow(roomId, reader?.channelId, {
    onMore: () => void readOn(),
    onEphemeral(event) {
      if (!signal.aborted && reaches(event.visibility, reader)) onEphemeral(event)
    },
  })
  const readToEnd = async (): Promise<void> => {
    for (;;) {
      const page = await tail.read(cursor)
      if (page.length === 0) return
      for (const event of page) {
        await isReady()
        if (signal.aborted) return
        const previous = cursor
        cursor = event.index
        if (isForPerson(event.event, reader)) onEvent(event, previous)
      }
    }
  }
  const readOn = async (): Promise<void> => {
    isMore = true
    if (isReading) return
    isReading = true
    try {
      while (isMore && !signal.aborted) {
        isMore = false
        await readToEnd()
      }
    } catch (error) {
      tail.leave()
      onError(error)
    } finally {
      isReading = false
    }
  }
  signal.addEventListener('abort', () => tail.leave(), { once: true })
  void readOn()
}
