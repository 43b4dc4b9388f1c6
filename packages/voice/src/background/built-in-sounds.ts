import type { SampleRate } from '@parley/spec'

/** Loops that are synthesized here: nothing is fetched and nobody's music is played. */
export type BuiltInSound = 'room' | 'keyboard' | 'chime'

/** Makes one loop of a sound; the same at every call. */
export function synthesizeSound(sound: BuiltInSound, sampleRateHz: SampleRate): Int16Array {
  switch (sound) {
    case 'room':
      return room(sampleRateHz)
    case 'keyboard':
      return keyboard(sampleRateHz)
    case 'chime':
      return chime(sampleRateHz)
  }
}

/** Numbers in [-1, 1) that are the same at every run. @see Park and Miller, 1988 */
function createNoise(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return (state / 2_147_483_647) * 2 - 1
  }
}

/** Low, even noise; its end is blended into its start. */
function room(rate: number): Int16Array {
  const noise = createNoise(20_261)
  const length = rate * 4
  const blend = rate / 2
  const raw = new Float64Array(length + blend)
  let level = 0
  for (let index = 0; index < raw.length; index++) {
    level += (noise() - level) * 0.06
    raw[index] = level
  }
  return Int16Array.from({ length }, (_, index) => {
    const share = Math.min(1, index / blend)
    const tail = index < blend ? (raw[length + index] ?? 0) : 0
    return 20_000 * ((raw[index] ?? 0) * share + tail * (1 - share))
  })
}

/** Soft clicks at the uneven pace of somebody typing. */
function keyboard(rate: number): Int16Array {
  const noise = createNoise(4_711)
  const samples = new Int16Array(rate * 5)
  const click = Math.round(rate * 0.03)
  let at = Math.round(rate * 0.1)
  while (at + click < samples.length) {
    const loudness = 5_000 + 3_000 * Math.abs(noise())
    let level = 0
    for (let index = 0; index < click; index++) {
      level += (noise() - level) * 0.35
      const attack = Math.min(1, index / (rate * 0.001))
      samples[at + index] = loudness * level * attack * Math.exp(-index / (rate * 0.006))
    }
    // Words and the pauses between them.
    at += Math.round(rate * (noise() > 0.6 ? 0.5 + 0.2 * noise() : 0.14 + 0.05 * noise()))
  }
  return samples
}

/** Four slow notes that fade away, then a rest. */
function chime(rate: number): Int16Array {
  const notes = [523.25, 659.26, 783.99, 659.26]
  const samples = new Int16Array(rate * 6)
  notes.forEach((hz, note) => {
    const start = Math.round(rate * note * 0.8)
    for (let index = 0; index < rate * 2; index++) {
      const seconds = index / rate
      const swell = Math.min(1, seconds / 0.02)
      const tone = Math.sin(2 * Math.PI * hz * seconds) + 0.25 * Math.sin(4 * Math.PI * hz * seconds)
      const place = start + index
      // The last note is over before the loop ends: 2.4 s + 2 s.
      samples[place] =
        (samples[place] ?? 0) + 5_000 * tone * swell * Math.exp(-seconds * 2.2) * Math.max(0, 1 - seconds / 2)
    }
  })
  return samples
}
