/** Pitch of a voice in hertz: the median over the voiced parts of mono samples; NaN where nothing is voiced. */
export function pitchOf(samples: Int16Array, rate: number): number {
  const size = Math.round(rate * 0.04)
  const [shortest, longest] = [Math.floor(rate / 320), Math.ceil(rate / 60)]
  const pitches: number[] = []
  for (let from = 0; from + size + longest < samples.length; from += size) {
    const energy = correlation(samples, { from, size, lag: 0 })
    if (energy / size < 600 ** 2) continue
    let best = { lag: 0, value: 0 }
    for (let lag = shortest; lag <= longest; lag++) {
      const value = correlation(samples, { from, size, lag })
      if (value > best.value) best = { lag, value }
    }
    if (best.value > energy * 0.6) pitches.push(rate / best.lag)
  }
  return pitches.toSorted((one, other) => one - other)[Math.floor(pitches.length / 2)] ?? Number.NaN
}

function correlation(samples: Int16Array, { from, size, lag }: { from: number; size: number; lag: number }): number {
  let sum = 0
  for (let at = from; at < from + size; at++) sum += (samples[at] ?? 0) * (samples[at + lag] ?? 0)
  return sum
}
