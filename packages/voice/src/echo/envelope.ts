import { FRAME_MS } from '@parley/spec'
import type { AudioFrame } from '@parley/spec'

/** The loudness of a stream over time: one root mean square (0 to 1) per 20 ms of the call's clock. */
export interface Envelope {
  /** Adds a frame whose first sample is heard at `atMs`. */
  add(frame: AudioFrame, atMs: number): void
  /** Level of the slot that holds `slot * 20` ms; 0 where nothing was added or it is too long ago. */
  at(slot: number): number
  /** Silences everything from an instant on. */
  clearFrom(atMs: number): void
}

/** Slot of the call's clock that an instant lies in. */
export function slotOf(atMs: number): number {
  return Math.floor(atMs / FRAME_MS)
}

/**
 * Makes a ring of the last `keepMs` milliseconds; adding allocates nothing.
 * @param keepMs - also how far ahead of the newest slot a frame may lie
 */
export function createEnvelope(keepMs: number): Envelope {
  const size = Math.ceil(keepMs / FRAME_MS) + 1
  const energies = new Float64Array(size)
  const weights = new Float64Array(size)
  const slots = new Float64Array(size).fill(-1)

  const addPart = (slot: number, samples: Int16Array, from: number, to: number): void => {
    let sum = 0
    for (let index = from; index < to; index++) {
      const sample = samples[index] ?? 0
      sum += sample * sample
    }
    const place = slot % size
    if (slots[place] !== slot) {
      slots[place] = slot
      energies[place] = 0
      weights[place] = 0
    }
    energies[place] = (energies[place] ?? 0) + sum / (32_768 * 32_768)
    weights[place] = (weights[place] ?? 0) + (to - from)
  }

  return {
    add({ samples, sampleRateHz, channels }, atMs) {
      const perMs = (sampleRateHz * channels) / 1_000
      let from = 0
      let nowMs = Math.max(0, atMs)
      while (from < samples.length) {
        const slot = slotOf(nowMs)
        const endMs = (slot + 1) * FRAME_MS
        const to = Math.min(samples.length, Math.max(from + 1, from + Math.round((endMs - nowMs) * perMs)))
        addPart(slot, samples, from, to)
        nowMs = endMs
        from = to
      }
    },
    at(slot) {
      if (slot < 0) return 0
      const place = slot % size
      const weight = weights[place] ?? 0
      return slots[place] === slot && weight > 0 ? Math.sqrt((energies[place] ?? 0) / weight) : 0
    },
    clearFrom(atMs) {
      const first = slotOf(atMs) + 1
      for (let place = 0; place < size; place++) if ((slots[place] ?? -1) >= first) slots[place] = -1
    },
  }
}
