import type { Contract } from '@parley/spec'
import { z } from 'zod'
import { UNDECLARED_KEY, type PathKey } from './fault-path.ts'
import type { StandardIssue } from './standard-schema.ts'

/** An issue of a foreign schema, without anything of the value. */
export interface StandardFault {
  /** From the outside in; keys that may be somebody's data are `*`. */
  path: PathKey[]
  expected: string
  /** The value at that place; only its type is told. */
  value: unknown
  /** What its author wrote, where it is certain that an author wrote it. */
  message?: string
}

/** Turns issues into faults whose tokens come from the schema and from the type of the value, never from the value. */
export function standardFaults(contract: Contract, value: unknown, issues: readonly StandardIssue[]): StandardFault[] {
  const root = contract instanceof z.ZodType ? contract : undefined
  return issues.map((issue) => {
    const keys = issueKeys(issue)
    const path = root === undefined ? keys.map(safeKey) : declaredPath(root, keys)
    const hidesKey = codeOf(issue) === 'unrecognized_keys'
    const message = authorMessage(root, issue)
    return {
      path: hidesKey ? [...path, UNDECLARED_KEY] : path,
      expected: expectedToken(issue),
      value: hidesKey ? undeclaredValue(issue, valueAt(value, keys)) : valueAt(value, keys),
      ...(message === undefined ? {} : { message }),
    }
  })
}

function issueKeys({ path = [] }: StandardIssue): PathKey[] {
  return path.map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'symbol' ? UNDECLARED_KEY : key
  })
}

function valueAt(value: unknown, keys: readonly PathKey[]): unknown {
  let current = value
  for (const key of keys) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    // Own key of an object, checked above.
    current = (current as { [key: PropertyKey]: unknown })[key]
  }
  return current
}

function undeclaredValue(issue: StandardIssue, value: unknown): unknown {
  const keys = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys : []
  return valueAt(value, [String(keys[0])])
}

/** A key of a schema that does not say which keys it declares: names are let through, anything longer is data. */
function safeKey(key: PathKey): PathKey {
  return typeof key === 'number' || /^[a-zA-Z_][a-zA-Z0-9_]{0,39}$/.test(key) ? key : UNDECLARED_KEY
}

function declaredPath(root: unknown, keys: readonly PathKey[]): PathKey[] {
  let current: unknown = root
  return keys.map((key) => {
    const child = childOf(current, key, 0)
    current = child
    return typeof key === 'number' || child !== undefined ? key : UNDECLARED_KEY
  })
}

/** The schema of a declared key or of an index; undefined where the key comes from the data. */
function childOf(schema: unknown, key: PathKey, level: number): unknown {
  if (level > 32) return undefined
  if (schema instanceof z.ZodObject) {
    return typeof key === 'string' && Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined
  }
  if (schema instanceof z.ZodArray) return schema.element
  if (schema instanceof z.ZodTuple) return typeof key === 'number' ? schema.def.items[key] : undefined
  if (schema instanceof z.ZodUnion) return firstChild(schema.options, key, level)
  if (schema instanceof z.ZodIntersection) return firstChild([schema.def.left, schema.def.right], key, level)
  if (schema instanceof z.ZodPipe) return childOf(schema.in, key, level + 1)
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodLazy
  ) {
    return childOf(schema.unwrap(), key, level + 1)
  }
  return undefined
}

function firstChild(schemas: readonly unknown[], key: PathKey, level: number): unknown {
  for (const schema of schemas) {
    const child = childOf(schema, key, level + 1)
    if (child !== undefined) return child
  }
  return undefined
}

function codeOf(issue: StandardIssue): string | undefined {
  return 'code' in issue && typeof issue.code === 'string' ? issue.code : undefined
}

function textOf(issue: StandardIssue, key: 'expected' | 'origin' | 'format'): string | undefined {
  const text: unknown = key in issue ? Reflect.get(issue, key) : undefined
  return typeof text === 'string' ? text : undefined
}

const typeTokens: { readonly [type: string]: string } = {
  string: 'str',
  number: 'float',
  int: 'int',
  boolean: 'bool',
  array: 'list',
  tuple: 'list',
  record: 'object',
  undefined: 'absent',
  nonoptional: 'any',
}

function typeName(name: string): string {
  return typeTokens[name] ?? name
}

function expectedToken(issue: StandardIssue): string {
  switch (codeOf(issue)) {
    case 'invalid_type':
      return typeName(textOf(issue, 'expected') ?? 'valid')
    case 'too_big':
    case 'too_small':
      return ['string', 'array', 'set', 'map', 'file'].includes(textOf(issue, 'origin') ?? '') ? 'length' : 'range'
    case 'not_multiple_of':
      return 'multiple'
    case 'invalid_format':
      return textOf(issue, 'format') === 'regex' ? 'pattern' : (textOf(issue, 'format') ?? 'format')
    case 'invalid_value':
      return 'one_of'
    case 'unrecognized_keys':
      return 'absent'
    case 'invalid_union':
      return unionToken(issue)
    case 'invalid_key':
    case 'invalid_element':
      return 'key'
    case 'custom':
      return 'custom'
    default: {
      const expected = textOf(issue, 'expected')
      // Other families name types here; anything longer may quote a literal.
      return expected !== undefined && /^[a-zA-Z]{1,20}$/.test(expected) ? typeName(expected) : 'valid'
    }
  }
}

function unionToken(issue: StandardIssue): string {
  const branches: unknown = 'errors' in issue ? issue.errors : []
  if (!Array.isArray(branches) || branches.length === 0) return 'one_of'
  const tokens = branches.map((branch: unknown) => {
    const first: unknown = Array.isArray(branch) ? branch[0] : undefined
    if (!isIssue(first) || issueKeys(first).length > 0) return 'object'
    return expectedToken(first)
  })
  return [...new Set(tokens)].join('|')
}

function isIssue(value: unknown): value is StandardIssue {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
}

/** The message of a zod refinement; every other message is made by a library, and some quote the value. */
function authorMessage(root: unknown, issue: StandardIssue): string | undefined {
  return root !== undefined && codeOf(issue) === 'custom' ? issue.message : undefined
}
