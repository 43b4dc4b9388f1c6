/** Whether two structured outputs are the same data: of one type, entry by entry, whatever the order of keys. Any depth. */
export function isSameData(one: unknown, other: unknown): boolean {
  const open: [unknown, unknown][] = [[one, other]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair
    if (Object.is(left, right)) continue
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) return false
      for (let index = 0; index < left.length; index++) open.push([left[index], right[index]])
    } else if (isRecord(left) && isRecord(right)) {
      const keys = Object.keys(left)
      if (keys.length !== Object.keys(right).length) return false
      for (const key of keys) {
        if (!Object.hasOwn(right, key)) return false
        open.push([left[key], right[key]])
      }
    } else if (left !== right) return false
  }
  return true
}

/** Plain data only: what a schema made of it, such as a date, is not compared by its fields. */
function isRecord(value: unknown): value is { [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
