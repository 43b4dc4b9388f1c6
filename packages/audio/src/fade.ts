/** How long fades are where nothing else is said, in milliseconds. */
export const FADE_MS = 10

/** Options of `fade`. */
export interface FadeOptions {
  /** Factor before the ramp; 1 leaves samples as they are. */
  fromGain: number
  /** Factor after the ramp. */
  toGain: number
  /** Length of the ramp, in samples of one channel. */
  fadeSamples: number
  /** Where the ramp begins, in samples of one channel. @default 0 */
  startSample?: number
  /** @default 1 */
  channels?: 1 | 2
}

/** Changes the level in place, along a straight ramp: `fromGain` before it, `toGain` after it. Nothing is allocated. */
export function fade(
  samples: Int16Array,
  { fromGain, toGain, fadeSamples, startSample = 0, channels = 1 }: FadeOptions,
): Int16Array {
  const step = fadeSamples > 0 ? (toGain - fromGain) / fadeSamples : 0
  const length = samples.length / channels
  for (let index = 0; index < length; index++) {
    const along = index - startSample
    const gain = along < 0 ? fromGain : along < fadeSamples ? fromGain + step * along : toGain
    if (gain === 1) continue
    for (let at = index * channels; at < (index + 1) * channels; at++) {
      samples[at] = toSample((samples[at] as number) * gain) // below the length
    }
  }
  return samples
}

/** Rounds to the nearest sample value, held within full scale. */
export function toSample(value: number): number {
  return value >= 32_767 ? 32_767 : value <= -32_768 ? -32_768 : ((value + 32_768.5) | 0) - 32_768
}
