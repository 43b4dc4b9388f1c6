import type { Json } from '../json.ts'
import { REDACTED } from '../requests.ts'
import { errorClassName } from './error-text.ts'
import { safeMessage } from './safe-message.ts'

/** How a walk judges keys and cleans texts. */
export interface RedactRules {
  isSensitive(key: string): boolean
  text(text: string): string
}

/** Levels that are walked; what lies deeper is left out. */
const maxDepth = 200

/** Items of the longest list that is walked; an empty place counts, and a list may have billions of them. */
const maxItems = 10_000_000

const CIRCULAR = '[CIRCULAR]'
const TOO_DEEP = '[TOO_DEEP]'
const UNREADABLE = '[UNREADABLE]'

/** What is told of an error beside its class and message. Bodies and requests of providers are not. */
const errorFields = ['code', 'status', 'retryable', 'details', 'cause', 'errors']

/** A copy of any value as JSON by the given rules. Never throws. */
export function redactWalk(value: unknown, rules: RedactRules): Json {
  // By object: what is shared is walked once, and what is still being walked holds itself.
  const known = new Map<object, Json>()

  function walk(current: unknown, depth: number): Json {
    switch (typeof current) {
      case 'string':
        return rules.text(current)
      case 'number':
        // JSON has no -0.
        return Number.isFinite(current) ? current + 0 : String(current)
      case 'boolean':
        return current
      case 'bigint':
        return current.toString()
      case 'function':
        return '[FUNCTION]'
      case 'symbol':
        return '[SYMBOL]'
      case 'undefined':
        return null
      case 'object':
        return current === null ? null : walkOnce(current, depth)
    }
  }

  function walkOnce(current: object, depth: number): Json {
    const before = known.get(current)
    if (before !== undefined) return before
    if (depth >= maxDepth) return TOO_DEEP
    known.set(current, CIRCULAR)
    const copy = walkObject(current, depth + 1)
    known.set(current, copy)
    return copy
  }

  function walkObject(current: object, depth: number): Json {
    try {
      if (Array.isArray(current) && current.length > maxItems) return `[LIST ${current.length} items]`
      if (Array.isArray(current)) {
        const list: Json[] = []
        for (let index = 0; index < current.length; index++) list.push(walkKey(current, index, depth))
        return list
      }
      if (current instanceof Date) return dateText(current)
      if (current instanceof Error) return walkError(current, depth)
      if (current instanceof Map) return walkMap(current, depth)
      if (current instanceof Set) return [...current].map((item) => walk(item, depth))
      if (current instanceof String || current instanceof Number || current instanceof Boolean) {
        return walk(current.valueOf(), depth)
      }
      const bytes = byteLength(current)
      if (bytes !== undefined) return `[BINARY ${bytes} bytes]`
      const toJson: unknown = Reflect.get(current, 'toJSON')
      if (typeof toJson === 'function') return walk(toJson.call(current, ''), depth)
      return walkFields(current, Object.keys(current), depth)
    } catch {
      // A getter or a proxy threw. The log must go on, and says that something was there.
      return UNREADABLE
    }
  }

  function walkKey(owner: object, key: string | number, depth: number): Json {
    let item: unknown
    try {
      item = Reflect.get(owner, key)
    } catch {
      return UNREADABLE
    }
    return walk(item, depth)
  }

  /** `undefined` where there is none. */
  function walkField(owner: object, key: string, depth: number): Json | undefined {
    try {
      const item: unknown = Reflect.get(owner, key)
      return item === undefined ? undefined : walk(item, depth)
    } catch {
      return UNREADABLE
    }
  }

  function walkFields(owner: object, keys: readonly string[], depth: number): Json {
    const fields: { [key: string]: Json } = {}
    for (const key of keys) {
      const value = rules.isSensitive(key) ? REDACTED : walkField(owner, key, depth)
      if (value !== undefined) put(fields, rules.text(key), value)
    }
    return fields
  }

  function walkMap(map: ReadonlyMap<unknown, unknown>, depth: number): Json {
    const entries = [...map]
    if (entries.every(([key]) => typeof key === 'string')) {
      const fields: { [key: string]: Json } = {}
      for (const [key, value] of entries) {
        const name = String(key)
        put(fields, rules.text(name), rules.isSensitive(name) ? REDACTED : walk(value, depth))
      }
      return fields
    }
    return entries.map(([key, value]) => [
      walk(key, depth),
      typeof key === 'string' && rules.isSensitive(key) ? REDACTED : walk(value, depth),
    ])
  }

  function walkError(error: Error, depth: number): Json {
    const present = errorFields.filter((key) => !isAbsent(error, key))
    const message = walkMessage(error)
    const rest = walkFields(error, present, depth)
    // `walkFields` gives an object.
    return { name: errorClassName(error), message, ...(rest as { [key: string]: Json }) }
  }

  function walkMessage(error: Error): string {
    try {
      return rules.text(safeMessage(String(error.message)))
    } catch {
      return UNREADABLE
    }
  }

  try {
    return walk(value, 0)
  } catch {
    // The stack is used up. What cannot be read is not shown.
    return UNREADABLE
  }
}

function isAbsent(owner: object, key: string): boolean {
  try {
    return Reflect.get(owner, key) === undefined
  } catch {
    return false
  }
}

/** Two keys that read alike once they are cleaned both stay. */
function put(fields: { [key: string]: Json }, key: string, value: Json): void {
  let name = key
  for (let count = 2; Object.hasOwn(fields, name); count++) name = `${key}#${count}`
  // Assigned, this one name would be the prototype.
  if (name === '__proto__')
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true })
  else fields[name] = value
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString()
}

function byteLength(value: object): number | undefined {
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (value instanceof ArrayBuffer) return value.byteLength
  if (typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer) return value.byteLength
  if (typeof Blob !== 'undefined' && value instanceof Blob) return value.size
  return undefined
}
