import type { Envelope } from './envelope.ts'

/** Where a window fits the reference best. */
export interface BestLag {
  /** Pearson's, -1 to 1; 0 where the reference or the window is flat. */
  correlation: number
  /** In slots of 20 ms. */
  lag: number
  /** Mean level of the window over that of the reference at this lag, in dB. */
  gainDb: number
  /** The gain no echo of this window can exceed, whatever its lag; `Infinity` where nothing was played at one of them. */
  mostGainDb: number
}

/** Correlates slots `first` to `last` (inclusive) of what was heard with what was played 0 to `maxLag` slots before. */
export function bestLag(heard: Envelope, played: Envelope, first: number, last: number, maxLag: number): BestLag {
  const count = last - first + 1
  let heardSum = 0
  let heardSquares = 0
  for (let slot = first; slot <= last; slot++) {
    const level = heard.at(slot)
    heardSum += level
    heardSquares += level * level
  }
  const heardSpread = heardSquares - (heardSum * heardSum) / count
  const best: BestLag = { correlation: 0, lag: 0, gainDb: 0, mostGainDb: Infinity }
  let leastSquares = Infinity
  for (let lag = 0; lag <= maxLag; lag++) {
    let sum = 0
    let squares = 0
    let products = 0
    for (let slot = first; slot <= last; slot++) {
      const level = played.at(slot - lag)
      sum += level
      squares += level * level
      products += level * heard.at(slot)
    }
    leastSquares = Math.min(leastSquares, squares)
    const spread = squares - (sum * sum) / count
    if (spread <= 1e-12 || heardSpread <= 1e-12) continue
    const correlation = (products - (sum * heardSum) / count) / Math.sqrt(spread * heardSpread)
    if (correlation <= best.correlation) continue
    best.correlation = correlation
    best.lag = lag
    // Levels of a window are compared by their energy, which is what "6 dB louder" is about.
    best.gainDb = 10 * Math.log10(heardSquares / squares)
  }
  // A line of exact zeros is muted; it says nothing about the way back.
  if (leastSquares > 1e-9 && heardSquares > 0) best.mostGainDb = 10 * Math.log10(heardSquares / leastSquares)
  return best
}
