import type { Json, JsonSchema } from '@parley/spec'
import { canonicalText } from './canonical-text.ts'
import { CheckRun } from './check-run.ts'
import { annotationKeywords, checkedKeywords, definitionKeywords } from './json-schema-keywords.ts'
import { arrayChecks, objectChecks } from './json-schema-containers.ts'
import { numberChecks, stringChecks } from './json-schema-scalars.ts'
import { enter, follow, unsupportedSchema, type Place } from './json-schema-place.ts'
import type { Check, CompileRule, Rule } from './rule.ts'
import { typeToken } from './type-token.ts'

const typeTokens: { readonly [type: string]: string } = {
  string: 'str',
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  null: 'null',
  array: 'list',
  object: 'object',
}

/**
 * Compiles a JSON Schema (2020-12, the keywords of `json-schema-keywords.ts`).
 * @throws {ParleyError} `schema_unsupported` naming the keyword that is not supported or not well formed
 */
export const compileRule: CompileRule = (schema, place) => {
  if (schema === true) return { token: 'any', check: () => {} }
  if (schema === false) return { token: 'absent', check: (value, run) => run.fault('absent', value) }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw unsupportedSchema(place, 'is neither an object nor true or false')
  }
  checkKeywords(schema, place)
  const type = typeCheck(schema['type'], place)
  const checks: Check[] = [
    ...enumChecks(schema, place),
    ...numberChecks(schema, place),
    ...stringChecks(schema, place),
    ...arrayChecks(schema, place, compileRule),
    ...objectChecks(schema, place, compileRule),
  ]
  const branches = branchRules(schema, place)
  checks.push(...branches.map((rule) => rule.check))
  const token = type?.token ?? enumToken(schema) ?? branches[0]?.token ?? 'any'
  return { token, check: joinChecks(type, checks) }
}

function joinChecks(type: Rule | undefined, checks: readonly Check[]): Check {
  const [only] = checks
  if (type === undefined && checks.length === 1 && only !== undefined) return only
  if (type !== undefined && only === undefined) return type.check
  return (value, run) => {
    const faults = run.faultCount
    type?.check(value, run)
    if (run.faultCount !== faults) return
    for (const check of checks) check(value, run)
  }
}

function checkKeywords(schema: JsonSchema, place: Place): void {
  for (const keyword of Object.keys(schema)) {
    if (checkedKeywords.has(keyword) || annotationKeywords.has(keyword) || definitionKeywords.has(keyword)) continue
    throw unsupportedSchema(place, `uses the keyword "${keyword}", which is not supported`, keyword)
  }
}

function typeCheck(type: Json | undefined, place: Place): Rule | undefined {
  if (type === undefined) return undefined
  const names = Array.isArray(type) ? type : [type]
  const tokens = names.map((name) => {
    const token = typeof name === 'string' && Object.hasOwn(typeTokens, name) ? typeTokens[name] : undefined
    if (token === undefined) throw unsupportedSchema(place, 'names a type that JSON Schema does not have', 'type')
    return token
  })
  if (tokens.length === 0) throw unsupportedSchema(place, 'has an empty list of types', 'type')
  const expected = tokens.join('|')
  return {
    token: expected,
    check: (value, run) => {
      if (!tokens.some((token) => isOfType(value, token))) run.fault(expected, value)
    },
  }
}

function isOfType(value: unknown, token: string): boolean {
  const actual = typeToken(value)
  return actual === token || (token === 'float' && actual === 'int')
}

function enumChecks(schema: JsonSchema, place: Place): Check[] {
  const checks: Check[] = []
  const { enum: values } = schema
  if (values !== undefined) {
    if (!Array.isArray(values)) throw unsupportedSchema(place, 'has an "enum" that is no list', 'enum')
    checks.push(amongCheck(values, 'one_of'))
  }
  const { const: constant } = schema
  if (constant !== undefined) checks.push(amongCheck([constant], 'const'))
  return checks
}

function amongCheck(values: readonly Json[], expected: string): Check {
  const message = 'The value is not among those that are allowed.'
  if (values.every((value) => typeof value !== 'object' || value === null)) {
    const members = new Set<unknown>(values)
    return (value, run) => {
      if (!members.has(value)) run.fault(expected, value, message)
    }
  }
  const texts = new Set(values.map(canonicalText))
  return (value, run) => {
    if (!texts.has(canonicalText(value))) run.fault(expected, value, message)
  }
}

function enumToken(schema: JsonSchema): string | undefined {
  if (schema['enum'] !== undefined) return 'one_of'
  return schema['const'] === undefined ? undefined : 'const'
}

function branchRules(schema: JsonSchema, place: Place): Rule[] {
  const rules: Rule[] = []
  if (schema['$ref'] !== undefined) {
    const target = follow(place, schema['$ref'])
    rules.push(compileRule(target.schema, target.place))
  }
  if (schema['allOf'] !== undefined) {
    for (const rule of compileBranches(schema['allOf'], 'allOf', place)) rules.push(rule)
  }
  if (schema['anyOf'] !== undefined) rules.push(countingRule(compileBranches(schema['anyOf'], 'anyOf', place), false))
  if (schema['oneOf'] !== undefined) rules.push(countingRule(compileBranches(schema['oneOf'], 'oneOf', place), true))
  return rules
}

function compileBranches(branches: Json, keyword: string, place: Place): Rule[] {
  if (!Array.isArray(branches) || branches.length === 0) {
    throw unsupportedSchema(place, `has "${keyword}" without a list of schemas`, keyword)
  }
  return branches.map((branch, index) => compileRule(branch, enter(place, `${keyword}/${index}`)))
}

function countingRule(rules: readonly Rule[], isExclusive: boolean): Rule {
  const token = [...new Set(rules.map((rule) => rule.token))].join('|')
  const passes = (rule: Rule, value: unknown, run: CheckRun): boolean => {
    const probe = new CheckRun(run.context)
    rule.check(value, probe)
    return probe.faultCount === 0
  }
  return {
    token,
    check: (value, run) => {
      let count = 0
      for (const rule of rules) {
        if (!passes(rule, value, run)) continue
        count++
        if (!isExclusive) return
      }
      if (count === 0) run.fault(token, value, 'The value fits none of the schemas that are allowed.')
      else if (count > 1) run.fault('one_schema', value, 'The value fits several schemas of which it may fit one only.')
    },
  }
}
