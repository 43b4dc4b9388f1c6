/**
 * Sound that is built like speech: a pulsed voice of changing pitch through three gliding resonances, syllables, hisses
 * and pauses. The same for the same seed.
 */
export function speechLike(seconds: number, sampleRateHz: number, seed: number): Int16Array {
  const samples = new Int16Array(seconds * sampleRateHz)
  let state = seed >>> 0 || 1
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const formants = [0, 1, 2].map(() => ({ frequency: 500, target: 500, a: 0, b: 0, before: 0, last: 0 }))
  const ranges = [
    [250, 900],
    [800, 2_400],
    [2_200, 3_300],
  ] as const
  let pitch = 90 + random() * 160
  let phase = 0
  let left = 0
  let length = 1
  let kind: 'vowel' | 'hiss' | 'pause' = 'pause'
  for (let index = 0; index < samples.length; index++) {
    if (left === 0) {
      const draw = random()
      kind = draw < 0.65 ? 'vowel' : draw < 0.82 ? 'hiss' : 'pause'
      length = Math.round((0.06 + random() * 0.25) * sampleRateHz)
      left = length
      pitch = Math.max(70, Math.min(300, pitch * (0.85 + random() * 0.3)))
      formants.forEach((formant, at) => {
        const [low, high] = ranges[at] ?? [500, 501]
        formant.target = low + random() * (high - low)
      })
    }
    left -= 1
    if (index % 32 === 0) {
      formants.forEach((formant, at) => {
        formant.frequency += (formant.target - formant.frequency) * 0.1
        const radius = Math.exp((-Math.PI * (60 + 40 * at)) / sampleRateHz)
        formant.a = 2 * radius * Math.cos((2 * Math.PI * formant.frequency) / sampleRateHz)
        formant.b = -radius * radius
      })
    }
    phase += pitch / sampleRateHz
    let value = kind === 'hiss' ? (random() - 0.5) * 0.6 : 0
    if (phase >= 1) {
      phase -= 1
      if (kind === 'vowel') value = 1
    }
    let sum = 0
    for (const formant of formants) {
      const next = value + formant.a * formant.last + formant.b * formant.before
      formant.before = formant.last
      formant.last = next
      sum += next
    }
    const envelope = Math.min(1, (4 * left) / length, (4 * (length - left)) / length)
    samples[index] = Math.max(-32_767, Math.min(32_767, Math.round(sum * envelope * 3_000)))
  }
  return samples
}
