import { ParleyError, type Json, type JsonSchema } from '@parley/spec'
import { MAX_SCHEMA_DEPTH, tooDeep } from './field-node.ts'
import type { RegexEngine } from './safe-pattern.ts'

/** What a JSON Schema may be given to be compiled. */
export interface JsonSchemaOptions {
  /** Runs patterns in linear time; without it, patterns that may be slow are refused. */
  regexEngine?: RegexEngine
}

/** A place in a JSON Schema document while it is compiled. */
export interface Place {
  readonly root: JsonSchema
  /** A JSON pointer. */
  readonly pointer: string
  readonly depth: number
  /** References that lead here. */
  readonly references: readonly string[]
  readonly options: JsonSchemaOptions
  /** Shared by all places of a document, so that references cannot multiply without end. */
  readonly count: { rules: number }
}

/** Most rules one document may come to, references counted each time. */
const MAX_RULES = 10_000

/** The first place of a document. */
export function rootPlace(root: JsonSchema, options: JsonSchemaOptions): Place {
  return { root, pointer: '#', depth: 0, references: [], options, count: { rules: 0 } }
}

/** @throws {ParleyError} `schema_unsupported` below 32 levels, or after 10,000 rules */
export function enter(place: Place, step: string): Place {
  if (place.depth >= MAX_SCHEMA_DEPTH) throw tooDeep()
  if (++place.count.rules > MAX_RULES) {
    throw unsupportedSchema(place, `comes to more than ${MAX_RULES} rules. Make it smaller`)
  }
  return { ...place, pointer: `${place.pointer}/${step}`, depth: place.depth + 1 }
}

/**
 * The place that a reference names.
 * @throws {ParleyError} `schema_unsupported` when it is not local, leads nowhere, or leads round in a circle
 */
export function follow(place: Place, reference: Json): { schema: Json; place: Place } {
  if (typeof reference !== 'string' || (reference !== '#' && !reference.startsWith('#/'))) {
    throw unsupportedSchema(place, 'has a "$ref" that is not local. Write "#/$defs/NAME"', '$ref')
  }
  if (reference === '#' || place.references.includes(reference)) {
    throw unsupportedSchema(place, `refers to itself by "${reference}". Circular schemas are not supported`, '$ref')
  }
  const inner = enter(place, '$ref')
  return {
    schema: resolvePointer(place, reference),
    place: { ...inner, pointer: reference, references: [...place.references, reference] },
  }
}

function resolvePointer(place: Place, reference: string): Json {
  let current: Json = place.root
  for (const part of reference.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next: Json | undefined =
      typeof current === 'object' && current !== null && !Array.isArray(current) && Object.hasOwn(current, key)
        ? current[key]
        : undefined
    if (next === undefined) throw unsupportedSchema(place, `refers to "${reference}", which does not exist`, '$ref')
    current = next
  }
  return current
}

/** The refusal of something in a JSON Schema, naming the keyword and its place. */
export function unsupportedSchema(place: Place, why: string, keyword?: string): ParleyError {
  return new ParleyError({
    code: 'schema_unsupported',
    message: `The JSON Schema at ${place.pointer} ${why}.`,
    details: { pointer: place.pointer, ...(keyword === undefined ? {} : { keyword }) },
  })
}
