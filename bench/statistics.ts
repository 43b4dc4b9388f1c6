/** The middle of some samples. @throws {RangeError} for none */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** The value below which a share of the samples lies. @throws {RangeError} for none */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const low = sorted[Math.floor(position)]
  const high = sorted[Math.ceil(position)]
  if (low === undefined || high === undefined) throw new RangeError('There are no samples.')
  return low + (high - low) * (position - Math.floor(position))
}
