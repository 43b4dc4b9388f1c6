import { FRAME_MS, type PositionConfidence } from '@parley/spec'
import type { OpenSegment } from './open-segment.ts'

/** How far the person has heard an utterance. */
export interface Heard {
  segment: OpenSegment
  /** In the segment. */
  positionMs: number
  /** From the start of the utterance. */
  utteranceMs: number
  confidence: PositionConfidence
}

/** Keeps the farthest position that was heard of the utterance that sounded last. */
export interface HeardTracker {
  hear(segment: OpenSegment, positionMs: number, confidence: PositionConfidence): void
  forget(): void
  readonly last: Heard | undefined
}

export function createHeardTracker(): HeardTracker {
  let last: Heard | undefined
  return {
    hear(segment, positionMs, confidence) {
      const utteranceMs = segment.utteranceFrames * FRAME_MS + positionMs
      if (last?.segment.utteranceId === segment.utteranceId) {
        if (last.utteranceMs > utteranceMs) return
        if (last.utteranceMs === utteranceMs && confidence === 'estimated') return
      }
      last = { segment, positionMs, utteranceMs, confidence }
    },
    forget() {
      last = undefined
    },
    get last() {
      return last
    },
  }
}
