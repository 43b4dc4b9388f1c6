import type { Json, JsonSchema } from '@parley/spec'
import { canonicalText } from './canonical-text.ts'
import { annotate, FieldNode } from './field-node.ts'
import { annotationKeywords, definitionKeywords } from './json-schema-keywords.ts'
import { enter, rootPlace, type JsonSchemaOptions, type Place } from './json-schema-place.ts'
import { compileRule } from './json-schema-rule.ts'
import { listNode } from './list-node.ts'
import { isRecord, objectNode, type ObjectField } from './object-node.ts'
import { optionalNode } from './optional-node.ts'
import { boolNode, floatNode, intNode, strNode } from './primitive-nodes.ts'

/**
 * The node of a JSON Schema: fields of ours where it says what they say, else its own rules.
 * @throws {ParleyError} `schema_unsupported` naming the keyword that is not supported
 */
export function jsonSchemaNode(schema: JsonSchema, options: JsonSchemaOptions = {}): FieldNode {
  const place = rootPlace(schema, options)
  // A document with references is one piece: its parts mean nothing without their definitions.
  return hasReferences(schema) ? ruleNode(schema, place) : convert(schema, place)
}

function hasReferences(schema: JsonSchema): boolean {
  return Object.keys(schema).some((key) => definitionKeywords.has(key)) || JSON.stringify(schema).includes('"$ref"')
}

function convert(schema: Json, place: Place): FieldNode {
  if (!isRecord(schema)) return ruleNode(schema, place)
  const { annotations, checks } = splitAnnotations(schema)
  const node = simpleNode(checks, place) ?? ruleNode(checks, place)
  return annotate(node, annotations)
}

function splitAnnotations(schema: JsonSchema): { annotations: JsonSchema; checks: JsonSchema } {
  const annotations: JsonSchema = {}
  const checks: JsonSchema = {}
  for (const [key, value] of Object.entries(schema)) {
    const target = annotationKeywords.has(key) ? annotations : checks
    target[key] = value
  }
  return { annotations, checks }
}

/** What a field of ours says as well, if any does. */
function simpleNode(schema: JsonSchema, place: Place): FieldNode | undefined {
  const { type, ...rest } = schema
  const keys = Object.keys(rest)
  if (type === 'array' && keys.every((key) => key === 'items') && !Array.isArray(rest['items'])) {
    const items = rest['items']
    return listNode(items === undefined ? undefined : convertItem(items, enter(place, 'items')))
  }
  if (type === 'object') return isPlainObject(rest) ? convertObject(rest, place) : undefined
  if (keys.length > 0) return undefined
  if (type === 'string') return strNode
  if (type === 'integer') return intNode
  if (type === 'number') return floatNode
  return type === 'boolean' ? boolNode : undefined
}

/** Whether the object only names fields, and lets all others be or refuses them all. */
function isPlainObject({ properties = {}, required = [], additionalProperties = true, ...rest }: JsonSchema): boolean {
  if (Object.keys(rest).length > 0 || typeof additionalProperties !== 'boolean' || !isRecord(properties)) return false
  return Array.isArray(required) && required.every((key) => typeof key === 'string' && Object.hasOwn(properties, key))
}

function convertObject(
  { properties = {}, required = [], additionalProperties = true }: JsonSchema,
  place: Place,
): FieldNode {
  // Both were checked by `isPlainObject`.
  const needed = new Set(required as string[])
  const fields = Object.entries(properties as JsonSchema).map(([key, property]): [string, ObjectField] => {
    const inner = enter(place, `properties/${key}`)
    return [
      key,
      { node: needed.has(key) ? convert(property, inner) : convertOptional(property, inner), validators: [] },
    ]
  })
  return objectNode(new Map(fields), additionalProperties === false)
}

function convertItem(schema: Json, place: Place): FieldNode {
  const inner = nullableInner(schema)
  return inner === undefined ? convert(schema, place) : optionalNode(convert(inner, place), true)
}

function convertOptional(schema: Json, place: Place): FieldNode {
  const inner = nullableInner(schema)
  return inner === undefined ? optionalNode(convert(schema, place), false) : optionalNode(convert(inner, place), true)
}

/** `X` of `{ anyOf: [X, { type: 'null' }] }`, which is how an optional field is written. */
function nullableInner(schema: Json): Json | undefined {
  if (!isRecord(schema) || Object.keys(schema).length !== 1) return undefined
  const { anyOf } = schema
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || canonicalText(anyOf[1]) !== '{"type":"null"}') return undefined
  return anyOf[0]
}

function ruleNode(schema: Json, place: Place): FieldNode {
  const rule = compileRule(schema, place)
  return new FieldNode({
    kind: 'json',
    token: rule.token,
    identity: canonicalText(schema),
    check: (value, run) => {
      const faults = run.faultCount
      rule.check(value, run)
      // A rule may ask nothing of what it is given, but something it must be given: `undefined` is no JSON.
      if (value === undefined && run.faultCount === faults) run.fault(rule.token, value)
      return value
    },
    toJson: () => (isRecord(schema) ? { ...schema } : schema === false ? { enum: [] } : {}),
  })
}
