import type { JsonSchema } from '@parley/spec'

/** An object of these fields, all required and no others. */
export function fieldsOf(properties: JsonSchema): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

/** A list of such things. */
export function listOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}
