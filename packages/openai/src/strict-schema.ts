import type { Json } from '@parley/spec'

/**
 * Whether the vendor takes a schema in strict mode: every object closed and every property required. Others are sent
 * without strictness rather than refused.
 */
export function isStrictSchema(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema)
  if (typeof schema !== 'object' || schema === null) return true
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
