import type { ChatPart } from '@parley/spec'

/** One server-sent event. */
export interface Frame {
  event?: string
  data: string
}

/** What an answer is made of on this side of the wire; a refusal has no part of its own in the port. */
export type AnswerPart = ChatPart | { type: 'refusalDelta'; text: string }

/** Writes the parts of one answer as the vendor's events. */
export interface WireEncoder {
  /** Before the first part. */
  start(): Frame[]
  push(part: AnswerPart): Frame[]
  /** An error in the middle of the stream. */
  fail(error: { message: string; code: string | null }): Frame[]
  /** The whole answer, for requests without `stream`; set once `end` was pushed. */
  readonly result: object | undefined
}
