import type { Json } from '@parley/spec'

/**
 * Copies data into lists and objects without a prototype; own enumerable keys only. What JSON cannot carry becomes
 * null. `copies` holds what was copied before, so that nothing is copied twice and circles come to an end. Any depth.
 */
export function copyData(value: unknown, copies: Map<object, Json>): Json {
  const open: { source: object; copy: Json[] | { [key: string]: Json } }[] = []
  const take = (entry: unknown): Json => {
    if (typeof entry === 'string' || typeof entry === 'boolean') return entry
    if (typeof entry === 'number') return Number.isFinite(entry) ? entry : null
    if (typeof entry !== 'object' || entry === null) return null
    const known = copies.get(entry)
    if (known !== undefined) return known
    const copy: Json[] | { [key: string]: Json } = Array.isArray(entry) ? [] : newObject()
    copies.set(entry, copy)
    open.push({ source: entry, copy })
    return copy
  }
  const copied = take(value)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { source, copy } = next
    if (Array.isArray(copy)) {
      // A list is copied to a list, see `take`.
      for (const entry of source as readonly unknown[]) copy.push(take(entry))
      continue
    }
    for (const [key, entry] of Object.entries(source)) copy[key] = take(entry)
  }
  return copied
}

function newObject(): { [key: string]: Json } {
  // An object without prototype has the entries that it is given and no others.
  return Object.create(null) as { [key: string]: Json }
}
