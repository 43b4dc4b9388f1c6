import { isUnsafeKey } from './unsafe-key.ts'

const indexPattern = /^(?:0|[1-9]\d*)$/

/**
 * Follows a path through own keys and the indexes of lists. Gives `undefined` where a step is missing, would reach a
 * prototype, or would look into a text: `ownPath({ a: [{ b: 1 }] }, ['a', '0', 'b'])` is 1.
 */
export function ownPath(value: unknown, path: readonly string[]): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null || isUnsafeKey(key)) return undefined
    // A list has entries and nothing else: `length` is an own key of it too.
    if (Array.isArray(current) && !indexPattern.test(key)) return undefined
    if (!Object.hasOwn(current, key)) return undefined
    // Own property, just checked; what comes out is looked at as unknown again.
    current = (current as Record<string, unknown>)[key]
  }
  return current
}
