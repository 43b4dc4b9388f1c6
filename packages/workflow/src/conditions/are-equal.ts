import type { Json } from '@parley/spec'
import type { OperationMeter } from './operation-meter.ts'

/** Whether two values are the same JSON: of one type, entry by entry. Nothing is coerced. Any depth. */
export function areEqual(left: Json, right: Json, meter: OperationMeter): boolean {
  const open: [Json, Json][] = [[left, right]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    meter.spend(1)
    const [a, b] = pair
    if (typeof a === 'string' && typeof b === 'string' && a.length === b.length) meter.spendCharacters(a.length)
    if (a === b) continue
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
    if (Array.isArray(a) || Array.isArray(b)) {
      if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
      meter.spend(a.length)
      // Both have the same length; null stands for what no list of JSON has.
      for (let index = 0; index < a.length; index += 1) open.push([a[index] ?? null, b[index] ?? null])
      continue
    }
    const keys = Object.keys(a)
    if (keys.length !== Object.keys(b).length) return false
    meter.spend(keys.length)
    for (const key of keys) {
      if (!Object.hasOwn(b, key)) return false
      open.push([a[key] ?? null, b[key] ?? null])
    }
  }
  return true
}
