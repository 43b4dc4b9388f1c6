/**
 * Where the frames of one side lie on the call's clock. Arrival jitters, so a stream runs on without a seam; it is set
 * anew where the clock says that it is elsewhere.
 */
export interface Placement {
  /** Places a frame that came at `wanted`: it is put at `position`. @returns whether the stream was set anew there */
  place(wanted: number): boolean
  /** Where the next sample belongs. */
  readonly position: number
  /** `count` samples were added at the position. */
  advance(count: number): void
  /** The next frame begins a stream. */
  reset(): void
}

/**
 * @param tolerance - difference in samples that is jitter
 * @param patience - how many frames in a row may differ by more before the stream is set anew; 0 sets it at once
 * @param jump - difference in samples that is no jitter whatever the patience
 */
export function createPlacement(tolerance: number, patience: number, jump: number): Placement {
  let next = 0
  let isNew = true
  let astray = 0
  return {
    place(wanted) {
      const difference = Math.abs(wanted - next)
      astray = !isNew && difference > tolerance ? astray + 1 : 0
      if (!isNew && astray <= patience && difference <= jump) return false
      isNew = false
      astray = 0
      next = wanted
      return true
    },
    get position() {
      return next
    },
    advance(count) {
      next += count
    },
    reset() {
      isNew = true
      astray = 0
    },
  }
}
