import type { MediaConnection } from './media-connection.ts'
import type { UnnumberedMessage } from './message-log.ts'
import { isDroppable } from './view-message.ts'

/** Sockets that are told everything of a call and say nothing in it (`voice.md` W-7). */
export interface CallReaders {
  add(reader: MediaConnection, first: readonly UnnumberedMessage[]): void
  remove(reader: MediaConnection): void
  tell(message: UnnumberedMessage): void
  /** Takes all out. */
  clear(): MediaConnection[]
}

/** Makes the readers of one call; each counts its own messages. */
export function createCallReaders(): CallReaders {
  const lastSeq = new Map<MediaConnection, number>()
  const tell = (reader: MediaConnection, message: UnnumberedMessage): void => {
    if (isDroppable(message) && reader.isSlow) return
    const seq = (lastSeq.get(reader) ?? 0) + 1
    lastSeq.set(reader, seq)
    reader.tell(message, seq)
  }
  return {
    add(reader, first) {
      lastSeq.set(reader, 0)
      for (const message of first) tell(reader, message)
      reader.watch()
    },
    remove: (reader) => void lastSeq.delete(reader),
    tell(message) {
      for (const reader of lastSeq.keys()) tell(reader, message)
    },
    clear() {
      const readers = [...lastSeq.keys()]
      lastSeq.clear()
      return readers
    },
  }
}
