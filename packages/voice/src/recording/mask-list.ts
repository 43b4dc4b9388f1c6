/** Which side of a call is meant. */
export type RecordingSide = 'caller' | 'agent' | 'both'

/** A stretch that must not be kept, in samples since the start of the call. */
export interface Mask {
  side: RecordingSide
  from: number
  /** `Infinity` while it is open. */
  to: number
}

/** The stretches of a call that are silenced before they reach the sink. */
export interface MaskList {
  add(mask: Mask): Mask
  /** Calls `silence` for every mask of a side that touches `from` to `to`. */
  each(side: 'caller' | 'agent', from: number, to: number, silence: (from: number, to: number) => void): void
  /** Samples between `from` and `to` that any mask covers. */
  covered(from: number, to: number): number
  /** Forgets masks that end before `position`. */
  forget(position: number): void
}

/** Makes an empty list. */
export function createMaskList(): MaskList {
  let masks: Mask[] = []
  return {
    add(mask) {
      masks.push(mask)
      return mask
    },
    each(side, from, to, silence) {
      for (const mask of masks) {
        if (mask.side !== 'both' && mask.side !== side) continue
        if (mask.from < to && mask.to > from) silence(Math.max(from, mask.from), Math.min(to, mask.to))
      }
    },
    covered(from, to) {
      let sum = 0
      let reached = from
      for (const mask of masks.toSorted((one, other) => one.from - other.from)) {
        const first = Math.max(reached, mask.from)
        const last = Math.min(to, mask.to)
        if (last > first) {
          sum += last - first
          reached = last
        }
      }
      return sum
    },
    forget(position) {
      masks = masks.filter(({ to }) => to > position)
    },
  }
}
