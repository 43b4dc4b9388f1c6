import { checkOptions, ParleyError } from '@parley/spec'

/** Says what is wrong with an argument of a call, if anything; throws for it. */
export type Check = (value: unknown, path: string, call: string) => void

export function refuse(call: string, path: string, expected: string): never {
  throw new ParleyError({
    code: 'invalid_options',
    message: `kit.${call} got no valid "${path}": expected ${expected}.`,
    details: { path, expected },
  })
}

export const any: Check = () => {}

export const id: Check = (value, path, call) => {
  if (typeof value !== 'string' || value === '' || value.length > 256)
    refuse(call, path, 'a text of 1 to 256 characters')
}

export const text: Check = (value, path, call) => {
  if (typeof value !== 'string') refuse(call, path, 'a text')
}

export const flag: Check = (value, path, call) => {
  if (typeof value !== 'boolean') refuse(call, path, 'true or false')
}

export const amount: Check = (value, path, call) => {
  if (typeof value !== 'number' || !(value >= 0)) refuse(call, path, 'a number of at least 0')
}

export const integer: Check = (value, path, call) => {
  if (!Number.isSafeInteger(value)) refuse(call, path, 'a whole number')
}

export const run: Check = (value, path, call) => {
  if (typeof value !== 'function') refuse(call, path, 'a function')
}

export const signal: Check = (value, path, call) => {
  if (!(value instanceof AbortSignal)) refuse(call, path, 'an AbortSignal')
}

export const bytes: Check = (value, path, call) => {
  if (!(value instanceof Uint8Array)) refuse(call, path, 'bytes')
}

export function oneOf(...values: string[]): Check {
  return (value, path, call) => {
    if (typeof value !== 'string' || !values.includes(value)) refuse(call, path, `one of ${values.join(', ')}`)
  }
}

export function listOf(item: Check): Check {
  return (value, path, call) => {
    if (!Array.isArray(value)) refuse(call, path, 'a list')
    for (const [index, entry] of value.entries()) item(entry, `${path}.${index}`, call)
  }
}

export function optional(check: Check): Check {
  return (value, path, call) => {
    if (value !== undefined) check(value, path, call)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object with these fields; others may be there. */
export function object(fields: Record<string, Check> = {}): Check {
  const checks = Object.entries(fields)
  return (value, path, call) => {
    if (!isObject(value)) refuse(call, path, 'an object')
    for (const [name, check] of checks)
      check(Reflect.get(value, name), path === 'options' || path === 'argument' ? name : `${path}.${name}`, call)
  }
}

/** Options: absent, or an object with no other fields than these. */
export function options(fields: Record<string, Check>): Check {
  const names = Object.keys(fields)
  const shape = object(Object.fromEntries(Object.entries(fields).map(([name, check]) => [name, optional(check)])))
  return (value, path, call) => {
    if (value === undefined) return
    shape(value, path, call)
    checkOptions(`kit.${call}`, value, names)
  }
}

/** A check of an argument that has a name. */
export function as(name: string, check: Check): Check {
  return (value, _path, call) => check(value, name, call)
}
