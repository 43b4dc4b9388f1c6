/** Whether two JSON values say the same; absent and `undefined` fields are alike, the order of keys is nothing. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => jsonEqual(item, b[index]))
    )
  }
  return haveEqualFields(a, b)
}

/** Whether `value` has each field of `expected` with an equal value. */
export function matchesFields(value: object, expected: object): boolean {
  // Both are plain data: their entries are their fields.
  const fields = value as Record<string, unknown>
  return Object.entries(expected).every(([key, wanted]) => jsonEqual(fields[key], wanted))
}

/** Looks at each pair of values once: comparing both ways would double the work with every level. */
function haveEqualFields(a: object, b: object): boolean {
  // As above.
  const [ours, theirs] = [a as Record<string, unknown>, b as Record<string, unknown>]
  let unmatched = 0
  for (const key of Object.keys(theirs)) if (theirs[key] !== undefined) unmatched++
  for (const key of Object.keys(ours)) {
    if (ours[key] === undefined) continue
    if (!jsonEqual(ours[key], theirs[key])) return false
    unmatched--
  }
  return unmatched === 0
}
