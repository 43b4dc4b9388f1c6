/** Whose sound is measured: the caller's, the agent's, that of the desk as far as the caller hears it. */
export type Side = 'caller' | 'agent' | 'desk'

/** What digital silence reads, and all that is quieter, in dBFS. */
export const SILENT_DB = -100

/** Full scale of int16. */
const FULL = 32_768

/** How loud each side of a call was since it was last asked. */
export class SideLevels {
  readonly #peaks: Record<Side, number> = { caller: 0, agent: 0, desk: 0 }

  note(side: Side, samples: Int16Array): void {
    let peak = this.#peaks[side]
    for (const sample of samples) {
      const size = sample < 0 ? -sample : sample
      if (size > peak) peak = size
    }
    this.#peaks[side] = peak
  }

  /** The loudest sample of each side in whole dBFS; counting begins anew. */
  take(): Record<Side, number> {
    const taken = { caller: SILENT_DB, agent: SILENT_DB, desk: SILENT_DB }
    for (const side of ['caller', 'agent', 'desk'] as const) {
      const peak = this.#peaks[side]
      if (peak > 0) taken[side] = Math.max(SILENT_DB, Math.round(20 * Math.log10(peak / FULL)))
      this.#peaks[side] = 0
    }
    return taken
  }
}
