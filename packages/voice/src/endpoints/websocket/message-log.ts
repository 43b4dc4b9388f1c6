import { writeCallMessage, type ServerCallMessage } from '@parley/spec'

/** A message without what the log adds. */
export type UnnumberedMessage = ServerCallMessage extends infer Message
  ? Message extends { v: 1; seq: number }
    ? Omit<Message, 'v' | 'seq'>
    : never
  : never

/** The numbered messages of one direction of a call, kept so that they can be sent again after a loss. */
export interface MessageLog {
  /** Numbers a message and gives its text. */
  add(message: UnnumberedMessage): string
  /** All after a number, or undefined when some of them are no longer kept or never were sent. */
  after(seq: number): string[] | undefined
  /** The person's end has everything up to a number. */
  acknowledge(seq: number): void
  /** Begins at 1 again, for another person's end. */
  restart(): void
  readonly lastSeq: number
}

/** Keeps the last `capacity` messages. */
export function createMessageLog(capacity: number): MessageLog {
  let kept: { seq: number; text: string }[] = []
  let lastSeq = 0
  return {
    add(message) {
      lastSeq += 1
      // The parts of a numbered message, put together again.
      const text = writeCallMessage({ v: 1, ...message, seq: lastSeq } as ServerCallMessage)
      kept.push({ seq: lastSeq, text })
      if (kept.length > capacity) kept.shift()
      return text
    },
    after(seq) {
      if (seq > lastSeq) return undefined
      const first = kept[0]?.seq ?? lastSeq + 1
      return seq < first - 1 ? undefined : kept.filter((entry) => entry.seq > seq).map(({ text }) => text)
    },
    acknowledge(seq) {
      while (kept[0] !== undefined && kept[0].seq <= seq) kept.shift()
    },
    restart() {
      kept = []
      lastSeq = 0
    },
    get lastSeq() {
      return lastSeq
    },
  }
}

/** Text of a message of the connection alone, which is not numbered. */
export function connectionMessage(message: UnnumberedMessage, seq = 0): string {
  // The parts of a message, put together again.
  return writeCallMessage({ v: 1, ...message, seq } as ServerCallMessage)
}
