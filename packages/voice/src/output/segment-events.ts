import type { Clock, EventEmitter, OutputEvent } from '@parley/spec'
import type { OpenSegment } from './open-segment.ts'

/** Tells what becomes of segments; positions of one segment never go back, and nothing is told of one that is settled. */
export interface SegmentEvents {
  start(segment: OpenSegment): void
  progress(segment: OpenSegment, more: Partial<OutputEvent>): void
  cleared(segment: OpenSegment, more: Partial<OutputEvent>): void
  /** Settles a segment, once. */
  finish(segment: OpenSegment, more: Partial<OutputEvent>): void
}

export function createSegmentEvents(options: {
  clock: Clock
  emitter: EventEmitter<OutputEvent>
  /** The present one. */
  epoch(): number
  onSettled(segment: OpenSegment): void
}): SegmentEvents {
  const { clock, emitter, epoch, onSettled } = options
  const emit = (type: OutputEvent['type'], segment: OpenSegment, more: Partial<OutputEvent>): void => {
    const { utteranceId, segmentId, queue } = segment
    const positionMs = Math.max(segment.toldMs, Math.floor(Math.min(more.positionMs ?? 0, queue.audioMs)))
    segment.toldMs = positionMs
    const known = {
      epoch: epoch(),
      utteranceId,
      segmentId,
      confidence: 'estimated',
      atMs: clock.monotonicMs(),
    } as const
    emitter.emit({ type, ...known, ...more, positionMs })
  }
  return {
    start(segment) {
      if (segment.isStarted || segment.isSettled) return
      segment.isStarted = true
      emit('started', segment, { confidence: segment.confirmedMs > 0 ? 'confirmed' : 'estimated' })
    },
    progress(segment, more) {
      if (!segment.isSettled) emit('progress', segment, more)
    },
    cleared: (segment, more) => emit('cleared', segment, more),
    finish(segment, more) {
      if (segment.isSettled) return
      segment.isSettled = true
      segment.queue.drop()
      segment.waiting?.resolve()
      onSettled(segment)
      emit('finished', segment, more)
    },
  }
}
