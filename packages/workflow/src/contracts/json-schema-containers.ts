import type { Json, JsonSchema } from '@parley/spec'
import { canonicalText } from './canonical-text.ts'
import { UNDECLARED_KEY } from './fault-path.ts'
import { enter, unsupportedSchema, type Place } from './json-schema-place.ts'
import { countKeyword } from './json-schema-scalars.ts'
import { checkFieldName, isRecord } from './object-node.ts'
import type { Check, CompileRule, Rule } from './rule.ts'

/** Checks of `items`, `minItems`, `maxItems`, `uniqueItems`; they hold for lists only. */
export function arrayChecks(schema: JsonSchema, place: Place, compile: CompileRule): Check[] {
  const min = countKeyword(schema, 'minItems', place)
  const max = countKeyword(schema, 'maxItems', place)
  const checks: Check[] = []
  if (min !== undefined || max !== undefined) {
    checks.push((value, run) => {
      if (!Array.isArray(value) || (value.length >= (min ?? 0) && value.length <= (max ?? Infinity))) return
      run.fault('length', value, `The list must have ${min ?? 0} to ${max ?? 'any number of'} items.`)
    })
  }
  const { uniqueItems = false, items } = schema
  if (typeof uniqueItems !== 'boolean')
    throw unsupportedSchema(place, 'has "uniqueItems" that is not true or false', 'uniqueItems')
  if (uniqueItems) {
    checks.push((value, run) => {
      if (!Array.isArray(value) || new Set(value.map(canonicalText)).size === value.length) return
      run.fault('unique_items', value, 'The list has items that are equal.')
    })
  }
  if (Array.isArray(items))
    throw unsupportedSchema(place, 'has "items" that is a list; tuples are not supported', 'items')
  return items === undefined ? checks : [...checks, itemsCheck(compile(items, enter(place, 'items')))]
}

function itemsCheck(rule: Rule): Check {
  return (value, run) => {
    if (!Array.isArray(value)) return
    for (let index = 0; index < value.length; index++) {
      const since = run.size
      rule.check(value[index], run)
      if (run.size !== since) run.under(index, since)
    }
  }
}

/** Checks of `properties`, `required`, `additionalProperties`; they hold for objects only. */
export function objectChecks(schema: JsonSchema, place: Place, compile: CompileRule): Check[] {
  const rules = propertyRules(schema['properties'], place, compile)
  const required = requiredKeys(schema['required'], place)
  const checks: Check[] = []
  if (rules.size > 0 || required.length > 0) checks.push(propertiesCheck(rules, required))
  const others = schema['additionalProperties']
  if (others === undefined || others === true) return checks
  return [...checks, othersCheck(new Set(rules.keys()), compile(others, enter(place, 'additionalProperties')))]
}

function propertyRules(properties: Json | undefined, place: Place, compile: CompileRule): Map<string, Rule> {
  if (properties === undefined) return new Map()
  if (!isRecord(properties)) throw unsupportedSchema(place, 'has "properties" that is no object', 'properties')
  return new Map(
    Object.entries(properties).map(([key, property]) => {
      checkFieldName(key)
      return [key, compile(property, enter(place, `properties/${key}`))]
    }),
  )
}

function requiredKeys(required: Json | undefined, place: Place): string[] {
  if (required === undefined) return []
  if (Array.isArray(required) && required.every((key) => typeof key === 'string')) return required
  throw unsupportedSchema(place, 'has "required" that is no list of names', 'required')
}

function propertiesCheck(rules: ReadonlyMap<string, Rule>, required: readonly string[]): Check {
  const entries = [...rules].map(([key, rule]) => ({ key, rule }))
  const needed = required.map((key) => ({ key, token: rules.get(key)?.token ?? 'any' }))
  return (value, run) => {
    if (!isRecord(value)) return
    for (const { key, token } of needed) {
      if (hasValue(value, key)) continue
      run.fault(token, undefined, undefined, [key])
    }
    for (const { key, rule } of entries) {
      if (!hasValue(value, key)) continue
      const since = run.size
      rule.check(value[key], run)
      if (run.size !== since) run.under(key, since)
    }
  }
}

/** `undefined` is no JSON: such a key is absent. */
function hasValue(value: { readonly [key: string]: unknown }, key: string): boolean {
  return value[key] !== undefined && Object.hasOwn(value, key)
}

function othersCheck(declared: ReadonlySet<string>, rule: Rule): Check {
  return (value, run) => {
    if (!isRecord(value)) return
    for (const key of Object.keys(value)) {
      if (declared.has(key)) continue
      const since = run.size
      rule.check(value[key], run)
      if (run.size === since) continue
      run.under(UNDECLARED_KEY, since)
      // One such key stands for all: how many there are, and which, is somebody's data.
      return
    }
  }
}
