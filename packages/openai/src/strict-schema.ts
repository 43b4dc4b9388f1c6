import type { Json } from '@parley/spec'

/** Keys by which a schema says what a value is. */
const saysWhat = ['type', 'anyOf', 'enum', 'const', '$ref'] as const

/**
 * Whether the vendor takes a schema in strict mode: every object closed, every property required and of a type.
 * Others are sent without strictness rather than refused.
 */
export function isStrictSchema(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema)
  if (typeof schema !== 'object' || schema === null) return true
  // Anything at all, and a list of anything, are not to be said strictly.
  if (!saysWhat.some((key) => schema[key] !== undefined)) return false
  if (schema['type'] === 'array' && schema['items'] === undefined) return false
  const { properties } = schema
  if (schema['type'] === 'object' || properties !== undefined) {
    if (schema['additionalProperties'] !== false) return false
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    if (!Object.keys(toTable(properties)).every((key) => required.includes(key))) return false
  }
  if (schema['allOf'] !== undefined || schema['oneOf'] !== undefined) return false
  const tables = [properties, schema['$defs'], schema['definitions']].flatMap((table) => Object.values(toTable(table)))
  const nested = [schema['items'], schema['anyOf']].filter((child) => child !== undefined)
  return [...tables, ...nested].every(isStrictSchema)
}

function toTable(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
