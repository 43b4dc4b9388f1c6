import type { Json } from './json.ts'

/**
 * Fields whose value belongs to users, models or tools: the name of the field is mapped, nothing inside it is. That
 * keeps a round trip exact, since nobody can tell afterwards whether a key was `dueDate` or `due_date`.
 */
const opaqueFields: ReadonlySet<string> = new Set([
  'addresses',
  'arguments',
  'buttons',
  'cards',
  'context',
  'data',
  'details',
  'externalIds',
  'extra',
  'metadata',
  'parameters',
  'payload',
  'raw',
  'reactions',
  'result',
  'schema',
  'spans',
  'spec',
  'structured',
  'value',
  'words',
])

/** `idempotencyKey` as it is written on the wire: `idempotency_key`. */
export function toWireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** `idempotency_key` as it is written in code: `idempotencyKey`. */
export function fromWireName(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase())
}

/**
 * Gives a value with the names of its fields as JSON and HTTP carry them (snake_case). Keys inside user data
 * (`metadata`, `payload`, `arguments` and the like) stay as they are; absent (`undefined`) fields are left out.
 */
export function toWire(value: unknown): Json {
  return rename(value, toWireName)
}

/** The way back of `toWire`: a value from the wire with the names that code uses. */
export function fromWire(value: unknown): Json {
  return rename(value, fromWireName)
}

function rename(value: unknown, toName: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((entry: unknown) => rename(entry, toName))
  if (typeof value !== 'object' || value === null) return value as Json // a JSON leaf, checked by the cases above
  if ('toJSON' in value && typeof value.toJSON === 'function') return rename(value.toJSON(), toName)
  const renamed: { [key: string]: Json } = {}
  for (const [name, entry] of Object.entries(value)) {
    if (entry === undefined) continue
    // Asked by the name in code, whichever way it goes: what is mapped already stays as it is.
    const isOpaque = opaqueFields.has(fromWireName(name))
    // defineProperty, so that a key named __proto__ is data like any other
    Object.defineProperty(renamed, toName(name), {
      value: isOpaque ? entry : rename(entry, toName),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return renamed
}
