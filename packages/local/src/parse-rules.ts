import { ParleyError, type Json } from '@parley/spec'
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import { checkSchema, type DocumentPath, type Fault } from './check-schema.ts'
import { compileRules } from './compile-rules.ts'
import type { CompiledRules } from './compiled-rules.ts'
import type { RulesDocument } from './rules-document.ts'
import { rulesJsonSchema } from './rules-schema.ts'

/** Largest rules text, in characters. */
export const MAX_RULES_CHARACTERS = 1_000_000

/** A fault of a rules document as it is reported. */
export interface RulesFault {
  /** Such as `rules[0].do[1].reply`; empty for the document itself. */
  path: string
  /** From 1; absent when the document was given as an object. */
  line?: number
  /** From 1; absent when the document was given as an object. */
  column?: number
  expected: string
}

/**
 * Reads and compiles a rules document from YAML text or an object. `lookups` are the keys its slots may name; absent:
 * not checked.
 * @throws {ParleyError} `rules_invalid` with all faults in `details.faults`
 */
export function parseRules(rules: string | RulesDocument, lookups?: readonly string[]): CompiledRules {
  if (typeof rules !== 'string') return compileChecked(rules, lookups, () => undefined)
  if (rules.length > MAX_RULES_CHARACTERS) {
    throw rulesInvalid([{ path: '', line: 1, column: 1, expected: `at most ${MAX_RULES_CHARACTERS} characters` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(rules, { lineCounter: lines, prettyErrors: false, merge: false })
  if (document.errors.length > 0) {
    throw rulesInvalid(
      document.errors.map(({ message, pos }) => {
        const { line, col } = lines.linePos(pos[0])
        return { path: '', line, column: col, expected: `valid YAML (${message})` }
      }),
    )
  }
  const value: unknown = readValue(document)
  return compileChecked(value, lookups, (fault) => locate(document, lines, fault))
}

function readValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // The parser throws a plain ReferenceError for aliases that resolve to too much or to nothing.
    if (!(error instanceof ReferenceError)) throw error
    throw rulesInvalid([{ path: '', line: 1, column: 1, expected: 'at most 100 resolved aliases' }])
  }
}

/** Checks a rules document without using it: its faults, none when it can be used. `lookups` as in `parseRules`. */
export function checkRules(rules: string | RulesDocument, lookups?: readonly string[]): RulesFault[] {
  try {
    parseRules(rules, lookups)
    return []
  } catch (error) {
    if (!ParleyError.isInstance(error) || error.code !== 'rules_invalid') throw error
    const { faults } = error.details
    return Array.isArray(faults) ? faults.flatMap(toRulesFault) : []
  }
}

function toRulesFault(value: Json): RulesFault[] {
  // Made by `rulesInvalid` below, which puts nothing else there.
  return typeof value === 'object' && value !== null ? [value as unknown as RulesFault] : []
}

type Place = { line: number; column: number } | undefined

function compileChecked(
  value: unknown,
  lookups: readonly string[] | undefined,
  placeOf: (fault: Fault) => Place,
): CompiledRules {
  const report = (faults: readonly Fault[]): ParleyError =>
    rulesInvalid(
      faults.map((fault) => ({ path: formatDocumentPath(fault.path), ...placeOf(fault), expected: fault.expected })),
    )
  // YAML's core schema gives JSON values; an object given by code is refused by the schema where it holds anything else.
  const json = value as Json | undefined
  const shape = checkSchema(rulesJsonSchema, json)
  if (shape.some((fault) => !fault.isUnknownKey)) throw report(shape)
  // The form has just been checked, unknown keys apart, and it describes exactly this type.
  const { rules, faults } = compileRules(value as RulesDocument, lookups)
  if (shape.length + faults.length > 0) throw report([...shape, ...faults])
  return rules
}

function locate(document: Document, lines: LineCounter, { path, isUnknownKey = false }: Fault): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const node =
      isUnknownKey && length === path.length ? keyAt(document, path) : nodeAt(document, path.slice(0, length))
    if (!isNode(node) || !node.range) continue
    const { line, col } = lines.linePos(node.range[0])
    return { line, column: col }
  }
  return { line: 1, column: 1 }
}

function nodeAt(document: Document, path: DocumentPath): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true)
}

function keyAt(document: Document, path: DocumentPath): unknown {
  const map = nodeAt(document, path.slice(0, -1))
  return isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))?.key : undefined
}

function formatDocumentPath(path: DocumentPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

function rulesInvalid(faults: readonly RulesFault[]): ParleyError {
  const [first] = faults
  const where = first?.line === undefined ? '' : ` line ${first.line}, column ${first.column ?? 1}:`
  const place = first?.path === '' ? '' : ` ${first?.path} must be`
  const more = faults.length > 1 ? ` There are ${faults.length - 1} more faults in details.` : ''
  return new ParleyError({
    code: 'rules_invalid',
    message: `The rules cannot be used:${where}${place} ${first?.expected ?? ''}.${more}`,
    details: { faults: faults.map((fault) => ({ ...fault })) },
  })
}
