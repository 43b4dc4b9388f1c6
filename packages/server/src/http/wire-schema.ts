import { contentSchema, toWireName } from '@parley/spec'
import { z } from 'zod'
import type { OpenApiSchema } from './open-api.ts'

const named = z.registry<{ id: string }>()
named.add(contentSchema, { id: 'Content' })

const place = '#/components/schemas/'

/** A schema as the wire has it, with the shared schemas it refers to. */
export interface WireSchema {
  schema: OpenApiSchema
  shared: Record<string, OpenApiSchema>
}

/** JSON Schema of a zod schema, with the names of the wire; what is shared or refers to itself becomes a component. */
export function toWireSchema(schema: z.ZodType, io: 'input' | 'output'): WireSchema {
  const {
    $defs = {},
    $schema: _dialect,
    ...own
  } = z.toJSONSchema(schema, { io, metadata: named, unrepresentable: 'any' })
  const shared = Object.entries($defs).map(([name, definition]) => [name, rename(definition)] as const)
  // What zod writes is JSON Schema 2020-12, which is the dialect of OpenAPI 3.1.
  return { schema: rename(own) as OpenApiSchema, shared: Object.fromEntries(shared) as Record<string, OpenApiSchema> }
}

function rename(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rename)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => {
      if (key === 'properties') return [[key, renameKeys(value)]]
      if (key === 'required' && Array.isArray(value)) return [[key, value.map((name) => toWireName(String(name)))]]
      if (key === '$ref' && typeof value === 'string') return [[key, value.replace('#/$defs/', place)]]
      if (key === 'const' || key === 'enum') return [[key, value]]
      return key === 'id' && typeof value === 'string' ? [] : [[key, rename(value)]]
    }),
  )
}

function renameKeys(properties: unknown): unknown {
  return Object.fromEntries(
    Object.entries(properties ?? {}).map(([name, schema]) => [toWireName(name), rename(schema)]),
  )
}
