/** Below this share of its energy above 4 kHz a clip has come over a telephone line. */
const NARROW_SHARE = 2e-5
/** Level of what is put above 4 kHz against what is below. */
const MIRROR_GAIN = 0.6
const TAPS = 31

/** A high-pass at 4.3 kHz for 16 kHz audio: a windowed sinc. */
function highPass(): Float32Array {
  const middle = (TAPS - 1) / 2
  const cutoff = 4_300 / 16_000
  return Float32Array.from({ length: TAPS }, (_, tap) => {
    const x = tap - middle
    const low = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x)
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * (tap + 1)) / (TAPS + 1))
    return ((x === 0 ? 1 : 0) - low) * window
  })
}

/** The share of a clip's energy above 4.3 kHz; 1 for silence. */
export function upperShare(samples: Int16Array): number {
  const taps = highPass()
  let total = 0
  let upper = 0
  for (let at = TAPS; at < samples.length; at += 1) {
    let sum = 0
    for (let tap = 0; tap < TAPS; tap += 1) sum += (taps[tap] ?? 0) * (samples[at - tap] ?? 0)
    upper += sum * sum
    total += (samples[at] ?? 0) ** 2
  }
  return total === 0 ? 1 : upper / total
}

/**
 * Puts a mirror of the lower half into the empty upper half of 16 kHz audio that came over a telephone line. The acoustic
 * model was trained on wide audio and hears little without it. Other audio is given back as it is.
 */
export function fillUpperBand(samples: Int16Array): Int16Array {
  if (upperShare(samples) > NARROW_SHARE) return samples
  return samples.map((sample, index) => {
    const filled = index % 2 === 0 ? sample * (1 + MIRROR_GAIN) : sample * (1 - MIRROR_GAIN)
    return Math.max(-32_768, Math.min(32_767, Math.round(filled)))
  })
}
