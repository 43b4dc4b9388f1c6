import type { Clock } from '@parley/spec'

/** Where positions of a stream's audio lie on the call's clock. */
export interface StreamTime {
  /** Notes audio that was sent; `atMs` is the instant of its last sample. */
  sent(durationMs: number, atMs: number): void
  /** The instant of a position, never in the future. */
  toClock(positionMs: number): number
  /** Audio sent so far. */
  readonly positionMs: number
}

const maxAnchors = 2_000
/** Frames come a little early or late: less than this is no jump. */
const jitterMs = 5

/** Makes the map of one stream: a new stream has a new one. */
export function createStreamTime(clock: Pick<Clock, 'monotonicMs'>): StreamTime {
  const anchors: { fromMs: number; offsetMs: number }[] = []
  let positionMs = 0
  return {
    sent(durationMs, atMs) {
      const offsetMs = atMs - positionMs - durationMs
      const last = anchors.at(-1)
      if (last === undefined || Math.abs(offsetMs - last.offsetMs) > jitterMs) {
        anchors.push({ fromMs: positionMs, offsetMs })
        if (anchors.length > maxAnchors) anchors.shift()
      }
      positionMs += durationMs
    },
    toClock(position) {
      const anchor = anchors.findLast(({ fromMs }) => fromMs <= position) ?? anchors[0]
      const now = clock.monotonicMs()
      return Math.min(now, position + (anchor?.offsetMs ?? now))
    },
    get positionMs() {
      return positionMs
    },
  }
}
