import { ParleyError, type Json } from '@parley/spec'

/** How deep a value may be. */
const MAX_DEPTH = 256

/** A way from the root to the value that is looked at; only walked when something is wrong. */
interface Trail {
  readonly key: string | number
  /** What the key was read of. */
  readonly of: object
  readonly up: Trail | undefined
}

/**
 * A copy of a value, refusing what JSON does not carry instead of changing it: `undefined`, NaN, Infinity, -0, BigInt,
 * functions, class instances, cycles, prototype keys.
 * @throws {ParleyError} `value_not_json` naming the path
 */
export function copyToJson(value: unknown, root: string): Json {
  return copyPlain(value, 0) ?? copy(value, undefined, root, 0)
}

/**
 * The copy of a value as nearly all are, quickly: lists and objects are copied as a whole, and what lies deeper is
 * replaced. `undefined` where there is more to be said of it.
 */
function copyPlain(value: unknown, depth: number): Json | undefined {
  if (isSimple(value)) return value
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) return undefined
    const list: unknown[] = value.slice()
    for (let index = 0; index < list.length; index++) {
      const entry = list[index]
      if (isSimple(entry)) continue
      const copied = copyPlain(entry, depth + 1)
      if (copied === undefined) return undefined
      list[index] = copied
    }
    return list as Json[] // each entry was simple, or was replaced by a copy
  }
  if (prototype !== Object.prototype) return undefined
  const object: { [key: string]: unknown } = { ...value }
  for (const key in object) {
    if (isOfPrototypes(key)) return undefined
    const entry = object[key]
    // What somebody has hung on the prototype of all objects is none of the value.
    if (isSimple(entry) || !Object.hasOwn(object, key)) continue
    const copied = copyPlain(entry, depth + 1)
    if (copied === undefined) return undefined
    object[key] = copied
  }
  // Each entry was simple, or was replaced by a copy.
  return Object.getOwnPropertySymbols(object).length === 0 ? (object as { [key: string]: Json }) : undefined
}

/** Whether it is its own copy. */
function isSimple(value: unknown): value is string | number | boolean | null {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  return typeof value === 'string' || typeof value === 'boolean' || value === null
}

function isOfPrototypes(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** A copy of a value that is known to be JSON. */
export function cloneJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list: Json[] = []
    for (let index = 0; index < value.length; index++) list.push(cloneJson(value[index] ?? null))
    return list
  }
  // Copied as a whole, which is faster than key by key; what lies deeper is replaced.
  const object = { ...value }
  for (const key in object) {
    const entry = object[key]
    if (typeof entry === 'object' && entry !== null) object[key] = cloneJson(entry)
  }
  return object
}

/** About how many bytes a value takes as text. */
export function sizeOfJson(value: Json): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  if (Array.isArray(value)) for (const entry of value) size += sizeOfJson(entry) + 1
  else for (const key in value) size += key.length + 4 + sizeOfJson(value[key] ?? null)
  return size
}

function copy(value: unknown, trail: Trail | undefined, root: string, depth: number): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      throw refusal(trail, root, Object.is(value, -0) ? '-0' : String(value), 'Use a finite number, or null.')
    case 'object':
      return value === null ? null : copyObject(value, trail, root, depth)
    case 'undefined':
      throw refusal(trail, root, 'undefined', 'Use null, or leave the key out.')
    case 'bigint':
      throw refusal(trail, root, 'a BigInt', 'Use a number or text.')
    case 'function':
    case 'symbol':
      throw refusal(trail, root, `a ${typeof value}`, 'Return data only.')
  }
}

function copyObject(value: object, trail: Trail | undefined, root: string, depth: number): Json {
  if (depth >= MAX_DEPTH) throw tooDeep(value, trail, root)
  if (Array.isArray(value)) {
    const list: Json[] = []
    for (let index = 0; index < value.length; index++)
      list[index] = copyEntry(value, index, value[index], trail, root, depth)
    return list
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw refusal(trail, root, 'an object of a class', 'Use a plain object; dates as ISO text.')
  const object: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) {
    if (isOfPrototypes(key))
      throw refusal({ key, of: value, up: trail }, root, 'a key of prototypes', 'Name the key differently.')
    // A key that the object was just asked for.
    object[key] = copyEntry(value, key, (value as { [key: string]: unknown })[key], trail, root, depth)
  }
  return object
}

/** Most entries are text, where nothing can be wrong: those leave no trail. */
function copyEntry(
  of: object,
  key: string | number,
  entry: unknown,
  up: Trail | undefined,
  root: string,
  depth: number,
): Json {
  if (typeof entry === 'string' || typeof entry === 'boolean') return entry
  if (typeof entry === 'number' && entry > 0 && entry < Infinity) return entry
  return copy(entry, { key, of, up }, root, depth + 1)
}

/** A circle is named where it closes; what is only deep, where it is too deep. */
function tooDeep(value: object, trail: Trail | undefined, root: string): ParleyError {
  let first: Trail | undefined
  for (let at = trail; at !== undefined; at = at.up) {
    const { of } = at
    for (let above = at.up; above !== undefined; above = above.up) if (above.of === of) first = at.up
  }
  if (first !== undefined || hasObject(trail, value))
    return refusal(first ?? trail, root, 'part of a circle', 'Leave the way back out.')
  return refusal(trail, root, `nested deeper than ${MAX_DEPTH} levels`, 'Flatten it.')
}

function hasObject(trail: Trail | undefined, value: object): boolean {
  for (let at = trail; at !== undefined; at = at.up) if (at.of === value) return true
  return false
}

function refusal(trail: Trail | undefined, root: string, found: string, remedy: string): ParleyError {
  let path = ''
  for (let at = trail; at !== undefined; at = at.up)
    path = typeof at.key === 'number' ? `[${at.key}]${path}` : `.${at.key}${path}`
  return new ParleyError({
    code: 'value_not_json',
    message: `${root}${path} is ${found}, which JSON does not carry. ${remedy}`,
    details: { path: `${root}${path}`, expected: 'JSON' },
  })
}
