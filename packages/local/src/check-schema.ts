import { nearestName, type Json, type JsonSchema } from '@parley/spec'

/** Steps from the document's root to a place in it. */
export type DocumentPath = readonly (string | number)[]

/** A fault of a document: where, and what was expected there. */
export interface Fault {
  path: DocumentPath
  expected: string
  /** The key itself is the fault; the document could be read without it. */
  isUnknownKey?: boolean
}

/**
 * Finds all faults of a value by a JSON Schema, as far as rules files use it. In a `oneOf` of objects the branch is the
 * one whose first required key is there, so that its own faults are named.
 */
export function checkSchema(root: JsonSchema, value: Json | undefined): Fault[] {
  const faults: Fault[] = []
  check(root, root, value, [], faults)
  return faults
}

function check(
  root: JsonSchema,
  schema: JsonSchema,
  value: Json | undefined,
  path: DocumentPath,
  faults: Fault[],
): void {
  const expected = typeof schema['description'] === 'string' ? schema['description'] : 'another value'
  const refuse = (): void => void faults.push({ path, expected })
  if (value === undefined) return refuse()
  if (typeof schema['$ref'] === 'string') return check(root, definition(root, schema['$ref']), value, path, faults)
  if (Array.isArray(schema['anyOf'])) {
    const branch = branches(schema['anyOf']).find(({ type }) => type === typeOf(value))
    return branch ? check(root, branch, value, path, faults) : refuse()
  }
  if (Array.isArray(schema['oneOf'])) {
    const branch = isMap(value) ? branches(schema['oneOf']).find((each) => hasFirstRequired(each, value)) : undefined
    return branch ? check(root, branch, value, path, faults) : refuse()
  }
  if (schema['const'] !== undefined && value !== schema['const']) return refuse()
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return refuse()
  if (typeof value === 'string' && !fitsText(schema, value)) return refuse()
  if (typeof value === 'number' && !fitsNumber(schema, value)) return refuse()
  if (schema['type'] === undefined) return
  if (schema['type'] === 'integer' ? !Number.isInteger(value) : schema['type'] !== typeOf(value)) return refuse()
  if (Array.isArray(value)) {
    if (typeof schema['minItems'] === 'number' && value.length < schema['minItems']) refuse()
    const { items } = schema
    if (isMap(items)) value.forEach((entry, index) => check(root, items, entry, [...path, index], faults))
  } else if (isMap(value)) checkMap(root, schema, value, path, faults)
}

function checkMap(
  root: JsonSchema,
  schema: JsonSchema,
  value: Record<string, Json>,
  path: DocumentPath,
  faults: Fault[],
): void {
  const properties = isMap(schema['properties']) ? schema['properties'] : {}
  const known = Object.keys(properties)
  for (const [key, entry] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : schema['additionalProperties']
    if (isMap(schema['propertyNames'])) check(root, schema['propertyNames'], key, [...path, key], faults)
    if (isMap(property)) check(root, property, entry, [...path, key], faults)
    else if (property === false) {
      const nearest = nearestName(key, known)
      const hint = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`
      faults.push({
        path: [...path, key],
        isUnknownKey: true,
        expected: `no key "${key}" here${hint}; known are ${known.join(', ')}`,
      })
    }
  }
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  for (const key of required) {
    if (typeof key !== 'string' || Object.hasOwn(value, key)) continue
    const property = properties[key]
    const what = isMap(property) && typeof property['description'] === 'string' ? property['description'] : 'a value'
    faults.push({ path, expected: `the key "${key}": ${what}` })
  }
}

function definition(root: JsonSchema, reference: string): JsonSchema {
  const definitions = isMap(root['$defs']) ? root['$defs'] : {}
  const found = definitions[reference.replace('#/$defs/', '')]
  return isMap(found) ? found : {}
}

function branches(list: readonly Json[]): JsonSchema[] {
  return list.filter(isMap)
}

function hasFirstRequired(schema: JsonSchema, value: Record<string, Json>): boolean {
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return typeof required[0] === 'string' && Object.hasOwn(value, required[0])
}

function fitsText(schema: JsonSchema, value: string): boolean {
  if (typeof schema['minLength'] === 'number' && value.trim().length < schema['minLength']) return false
  return typeof schema['pattern'] !== 'string' || new RegExp(schema['pattern'], 'u').test(value)
}

function fitsNumber(schema: JsonSchema, value: number): boolean {
  if (typeof schema['minimum'] === 'number' && value < schema['minimum']) return false
  return typeof schema['maximum'] !== 'number' || value <= schema['maximum']
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}

function isMap(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
