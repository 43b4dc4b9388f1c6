import type { Json, JsonSchema } from '@parley/spec'
import { codePointLength } from './code-point-length.ts'
import { unsupportedSchema, type Place } from './json-schema-place.ts'
import type { Check } from './rule.ts'
import { createSearchPattern, flagsOfText, refusePattern } from './safe-pattern.ts'

/** Checks of `minimum` and its like; they hold for numbers only. */
export function numberChecks(schema: JsonSchema, place: Place): Check[] {
  return [
    bound(schema, 'minimum', place, (value, limit) => value >= limit),
    bound(schema, 'maximum', place, (value, limit) => value <= limit),
    bound(schema, 'exclusiveMinimum', place, (value, limit) => value > limit),
    bound(schema, 'exclusiveMaximum', place, (value, limit) => value < limit),
  ].flat()
}

function bound(
  schema: JsonSchema,
  keyword: string,
  place: Place,
  holds: (value: number, limit: number) => boolean,
): Check[] {
  const limit = schema[keyword]
  if (limit === undefined) return []
  if (typeof limit !== 'number') throw unsupportedSchema(place, `has "${keyword}" without a number`, keyword)
  return [
    (value, run) => {
      if (typeof value !== 'number' || holds(value, limit)) return
      run.fault('range', value, `The number does not satisfy ${keyword} ${limit}.`)
    },
  ]
}

/** Checks of `minLength`, `maxLength` (in code points) and `pattern`; they hold for text only. */
export function stringChecks(schema: JsonSchema, place: Place): Check[] {
  const min = countKeyword(schema, 'minLength', place)
  const max = countKeyword(schema, 'maxLength', place)
  const checks: Check[] = []
  if (min !== undefined || max !== undefined) {
    checks.push((value, run) => {
      if (typeof value !== 'string') return
      const length = codePointLength(value)
      if (length < (min ?? 0) || length > (max ?? Infinity)) {
        run.fault('length', value, `The text must have ${min ?? 0} to ${max ?? 'any number of'} characters.`)
      }
    })
  }
  const pattern = schema['pattern']
  return pattern === undefined ? checks : [...checks, patternCheck(pattern, place)]
}

function patternCheck(pattern: Json, place: Place): Check {
  if (typeof pattern !== 'string') throw unsupportedSchema(place, 'has a "pattern" that is no text', 'pattern')
  const { regexEngine } = place.options
  const use = { flags: flagsOfText(pattern), search: true }
  const refusal = refusePattern(pattern, regexEngine === undefined ? use : { ...use, regexEngine })
  if (refusal !== undefined) throw unsupportedSchema(place, `has a "pattern" that is refused: ${refusal}`, 'pattern')
  const matches = createSearchPattern(pattern, regexEngine)
  return (value, run) => {
    if (typeof value === 'string' && !matches(value))
      run.fault('pattern', value, 'The text does not match the pattern.')
  }
}

/**
 * The value of a keyword that counts.
 * @throws {ParleyError} `schema_unsupported` when it is no whole number from 0
 */
export function countKeyword(schema: JsonSchema, keyword: string, place: Place): number | undefined {
  const count = schema[keyword]
  if (count === undefined) return undefined
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count
  throw unsupportedSchema(place, `has "${keyword}" without a whole number from 0`, keyword)
}
