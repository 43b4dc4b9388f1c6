/** Frames whose arrivals are remembered: 640 ms of them. */
const REMEMBERED = 32

/** A frame later than this came after a pause, not through a slow network. */
const PAUSE_MS = 1_000

/** Places sound in time by its position in the stream. */
export interface FrameClock {
  /** The instant of a frame's last sample; `arrivedAtMs` and what is given are the call's clock's. */
  at(durationMs: number, arrivedAtMs: number): number
}

/**
 * Sound is taken at an even pace and arrives at an uneven one. The frame that came quickest of the last ones tells where
 * the stream began; every other is placed by that, so that neither the sender's timers nor the network make speech
 * shorter, longer or later than it was (O-9). An instant is never after the arrival and never before an earlier one.
 */
export function createFrameClock(): FrameClock {
  /** Arrival minus position of the last frames, oldest first from `next`. */
  const offsets = new Float64Array(REMEMBERED).fill(Number.POSITIVE_INFINITY)
  let next = 0
  let positionMs = 0
  let lastMs = Number.NEGATIVE_INFINITY

  return {
    at(durationMs, arrivedAtMs) {
      positionMs += durationMs
      const offset = arrivedAtMs - positionMs
      offsets[next] = offset
      next = (next + 1) % REMEMBERED
      let least = offset
      for (const each of offsets) if (each < least) least = each
      if (offset - least > PAUSE_MS) {
        offsets.fill(offset)
        least = offset
      }
      // An earlier frame may have been placed by a base that was too late; time does not go back for it.
      lastMs = Math.min(arrivedAtMs, Math.max(lastMs, least + positionMs))
      return lastMs
    },
  }
}
