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
  return haveEqualFields(a, b) && haveEqualFields(b, a)
}

/** Whether `value` has each field of `expected` with an equal value. */
export function matchesFields(value: object, expected: object): boolean {
  // Both are plain data: their entries are their fields.
  const fields = value as Record<string, unknown>
  return Object.entries(expected).every(([key, wanted]) => jsonEqual(fields[key], wanted))
}

function haveEqualFields(a: object, b: object): boolean {
  return matchesFields(b, a)
}
