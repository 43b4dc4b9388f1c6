/**
 * Freezes JSON data in place, so what a store keeps can be handed out without copying it.
 * A value that is frozen already is taken to be frozen throughout.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  Object.freeze(value)
  for (const key in value) {
    const inner: unknown = value[key]
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner)
  }
  return value
}
