import type { Json } from '@parley/spec'

/** JSON text with keys in order, so equal values have equal texts. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, inner: Json) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}

/** A value as plain JSON, or undefined if it cannot be one. `undefined` itself is null. */
export function toJson(value: unknown): Json | undefined {
  if (value === undefined) return null
  try {
    const text = JSON.stringify(value)
    // JSON.parse of JSON text gives JSON and nothing else.
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  } catch {
    return undefined // a cycle or a BigInt: the caller refuses the value
  }
}
