import { FRAME_MS, type OutputSegment } from '@parley/spec'
import type { SegmentQueue } from './segment-queue.ts'

/** A segment that has not been settled. */
export interface OpenSegment {
  readonly utteranceId: string
  readonly segmentId: string
  readonly agentId: string | undefined
  readonly kind: string | undefined
  readonly queue: SegmentQueue
  /** Frames that were sent, each counted once. */
  sentFrames: number
  /** Frames of its utterance before its first. */
  utteranceFrames: number
  playedMs: number
  confirmedMs: number
  /** Position that was told last. */
  toldMs: number
  isStarted: boolean
  isSettled: boolean
  isEndTold: boolean
  /** Set while the producer was told that there is no room. */
  waiting: PromiseWithResolvers<void> | undefined
}

/** A frame that was sent; without a segment it is background. */
export interface SentFrame {
  samples: Int16Array
  segment: OpenSegment | undefined
  /** Which one of its segment. */
  index: number
}

export const isAllSent = ({ queue }: OpenSegment): boolean => queue.isEnded && queue.frames === 0

/** Length of what was sent of a segment; padding is part of it. */
export const sentMs = ({ sentFrames }: OpenSegment): number => sentFrames * FRAME_MS

/** Makes the state of a segment. */
export function openSegment(
  {
    utteranceId,
    segmentId,
    agentId,
    kind,
  }: { utteranceId: string; segmentId: string; agentId?: string; kind?: string },
  queue: SegmentQueue,
): OpenSegment {
  return {
    utteranceId,
    segmentId,
    agentId,
    kind,
    queue,
    sentFrames: 0,
    utteranceFrames: 0,
    playedMs: 0,
    confirmedMs: 0,
    toldMs: 0,
    isStarted: false,
    isSettled: false,
    isEndTold: false,
    waiting: undefined,
  }
}

/** What the producer of a segment holds. */
export function segmentHandle(
  segment: OpenSegment,
  {
    hasRoomFor,
    changed,
    words,
  }: {
    hasRoomFor(segment: OpenSegment, lengthMs: number): boolean
    /** Audio or its end came. */
    changed(): void
    words: OutputSegment['words']
  },
): OutputSegment {
  return Object.freeze({
    segmentId: segment.segmentId,
    capture(frame): 'ok' | 'full' {
      if (segment.isSettled) return 'ok'
      const lengthMs = (frame.samples.length / frame.channels / frame.sampleRateHz) * 1000
      if (!hasRoomFor(segment, lengthMs)) {
        segment.waiting ??= Promise.withResolvers<void>()
        return 'full'
      }
      segment.queue.push(frame)
      changed()
      return 'ok'
    },
    ready() {
      return segment.waiting?.promise ?? Promise.resolve()
    },
    words,
    flush() {
      if (segment.isSettled) return
      segment.queue.flush()
      changed()
    },
  } satisfies OutputSegment)
}
