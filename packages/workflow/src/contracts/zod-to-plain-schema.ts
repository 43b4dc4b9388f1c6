import { ParleyError, toJsonSchema, type JsonSchema } from '@parley/spec'
import { z } from 'zod'
import { jsonSchemaNode } from './json-schema-node.ts'

/**
 * The JSON Schema of a zod schema, where it takes exactly the same values and gives them back as they are; else
 * undefined. A plain `z.object` is not among them: it drops keys, which no JSON Schema says. `z.strictObject` and
 * `z.looseObject` are.
 */
export function zodToPlainSchema(schema: z.ZodType): JsonSchema | undefined {
  if (!isPlain(schema, 0)) return undefined
  const json = toJsonSchema(schema)
  try {
    jsonSchemaNode(json)
    return json
  } catch (error) {
    if (ParleyError.isInstance(error) && error.code === 'schema_unsupported') return undefined
    throw error
  }
}

const plainChecks = new Set(['greater_than', 'less_than', 'max_length', 'min_length', 'length_equals'])

function isPlain(schema: unknown, level: number): boolean {
  if (level > 32) return false
  if (!hasPlainChecks(schema)) return false
  if (schema instanceof z.ZodString) return !(schema instanceof z.ZodStringFormat) && schema.def.coerce !== true
  if (schema instanceof z.ZodNumber) return schema.def.coerce !== true && isPlainFormat(schema)
  if (schema instanceof z.ZodBoolean) return schema.def.coerce !== true
  if (schema instanceof z.ZodNull) return true
  if (schema instanceof z.ZodEnum) return true
  if (schema instanceof z.ZodLiteral) return schema.def.values.every((value) => isJsonScalar(value))
  if (schema instanceof z.ZodArray) return isPlain(schema.element, level + 1)
  if (schema instanceof z.ZodNullable) return isPlain(schema.unwrap(), level + 1)
  if (schema instanceof z.ZodUnion) {
    // A discriminated union refuses what its own way; a plain one takes the first that fits, as `anyOf` does.
    return !(schema instanceof z.ZodDiscriminatedUnion) && schema.options.every((one) => isPlain(one, level + 1))
  }
  if (schema instanceof z.ZodObject) return isPlainObject(schema, level)
  return false
}

function isPlainObject(schema: z.ZodObject, level: number): boolean {
  const { catchall } = schema.def
  if (!(catchall instanceof z.ZodNever || catchall instanceof z.ZodUnknown)) return false
  return Object.values(schema.shape).every((field) =>
    isPlain(field instanceof z.ZodOptional ? field.unwrap() : field, level + 1),
  )
}

function hasPlainChecks(schema: unknown): schema is z.ZodType {
  if (!(schema instanceof z.ZodType)) return false
  const checks = schema._zod.def.checks ?? []
  return checks.every((check) => {
    const { check: kind } = check._zod.def
    return plainChecks.has(kind) || (kind === 'number_format' && schema instanceof z.ZodNumber)
  })
}

/** Formats of numbers that JSON Schema states by `integer` and its bounds. */
function isPlainFormat(schema: z.ZodNumber): boolean {
  const formats = [schema, ...(schema.def.checks ?? [])].map((part) => Reflect.get(part._zod.def, 'format') as unknown)
  return formats.every((format) => format === undefined || format === 'safeint')
}

function isJsonScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
