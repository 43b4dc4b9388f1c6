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
  return rename(value, 'wire')
}

/** The way back of `toWire`: a value from the wire with the names that code uses. */
export function fromWire(value: unknown): Json {
  return rename(value, 'code')
}

/** Names that were mapped, both ways, and whether their value is anybody's. Fields are few; what comes over the wire is bounded. */
const maxKnownNames = 2_000
const knownNames = { wire: new Map<string, KnownName>(), code: new Map<string, KnownName>() }

interface KnownName {
  readonly name: string
  readonly isOpaque: boolean
}

function know(name: string, direction: 'wire' | 'code'): KnownName {
  const names = knownNames[direction]
  const known = names.get(name)
  if (known !== undefined) return known
  // Asked by the name in code, whichever way it goes: what is mapped already stays as it is.
  const inCode = fromWireName(name)
  const fresh = { name: direction === 'wire' ? toWireName(name) : inCode, isOpaque: opaqueFields.has(inCode) }
  if (names.size < maxKnownNames) names.set(name, fresh)
  return fresh
}

function rename(value: unknown, direction: 'wire' | 'code'): Json {
  if (Array.isArray(value)) return value.map((entry: unknown) => rename(entry, direction))
  if (typeof value !== 'object' || value === null) return value as Json // a JSON leaf, checked by the cases above
  if ('toJSON' in value && typeof value.toJSON === 'function') return rename(value.toJSON(), direction)
  const renamed: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) {
    // A key that the object was just asked for.
    const entry = (value as { [key: string]: unknown })[key]
    if (entry === undefined) continue
    const { name, isOpaque } = know(key, direction)
    const mapped = isOpaque ? (entry as Json) : rename(entry, direction) // data of users is JSON already
    if (name !== '__proto__') renamed[name] = mapped
    // A key of this name is data like any other.
    else Object.defineProperty(renamed, name, { value: mapped, enumerable: true, writable: true, configurable: true })
  }
  return renamed
}
