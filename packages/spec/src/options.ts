import { ParleyError } from './parley-error.ts'

/**
 * Refuses options that are not known, naming the nearest known key.
 * @throws {ParleyError} `invalid_options`
 */
export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `${what} takes an object of options.`,
      details: { path: '', expected: 'object' },
    })
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const nearest = nearestName(key, known)
    throw new ParleyError({
      code: 'invalid_options',
      message: `${what} has no option "${key}".${nearest === undefined ? ` Known: ${known.join(', ')}.` : ` Did you mean "${nearest}"?`}`,
      details: { path: key, expected: [...known] },
    })
  }
}

/** The known name that is most like a given one, if any is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return nearestNames(name, known)[0]
}

/** Known names near to a given one, nearest first. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase()
  return known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((one, other) => one.distance - other.distance)
    .map(({ candidate }) => candidate)
}

function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const swap = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1)
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, swap))
    }
    previous = current
  }
  return previous[other.length] ?? 0
}
