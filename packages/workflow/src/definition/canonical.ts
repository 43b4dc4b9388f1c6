import { ParleyError, sha256Hex, type BudgetSpec, type Json, type Region, type WorkflowDefinition } from '@parley/spec'
import { checkLogic } from '../conditions/check-logic.ts'
import type { WorkflowDraft } from './definition-defaults.ts'
import { implyEdges } from './imply-edges.ts'

/** How deep a definition may be; regions take five levels each. */
const MAX_DEPTH = 512

/**
 * Makes a definition of a draft: adds implied edges, fills the defaults of budgets, puts lists whose order means nothing
 * in one order, sorts keys, leaves absent fields out, and hashes the result. Equal meaning gives an equal text and hash.
 * The result is frozen, so that the hash stays true.
 * @throws {ParleyError} `value_not_json` for what JSON does not carry; `limit_exceeded` when it is nested too deep
 */
export function finishDefinition(draft: WorkflowDraft): WorkflowDefinition {
  const { defaults, sensitiveKeys, compat } = draft
  const whole: WorkflowDraft = {
    ...draft,
    defaults: { ...defaults, ...(defaults.budget && { budget: fillBudget(defaults.budget) }) },
    // A meaning that is not asked for is the usual one.
    compat: Object.fromEntries(Object.entries(compat).filter(([, isOn]) => isOn === true)),
    sensitiveKeys: sortedSet(sensitiveKeys),
    root: normalize(implyEdges(draft.root)),
  }
  // Of a definition that is finished anew, the old hash is no part.
  const hash = sha256Hex(canonicalJson({ ...whole, hash: undefined }))
  // The copy has the fields that it was made of.
  return canonicalCopy({ ...whole, hash }, '', 0) as WorkflowDefinition
}

/**
 * The one JSON text of a value: keys sorted, absent fields left out, no spaces.
 * @throws {ParleyError} `value_not_json`, `limit_exceeded`
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(canonicalCopy(value, '', 0))
}

function normalize(region: Region): Region {
  const steps = region.steps.map((step) => ({
    ...step,
    ...(step.condition !== undefined && { condition: oneForm(step.condition) }),
    ...(step.readKeys && { readKeys: sortedSet(step.readKeys) }),
    ...(step.writeKeys && { writeKeys: sortedSet(step.writeKeys) }),
    ...(step.allowedTools && { allowedTools: sortedSet(step.allowedTools) }),
    ...(step.budget && { budget: fillBudget(step.budget) }),
    ...(step.region && { region: normalize(step.region) }),
  }))
  return { ...region, steps }
}

/** Of a condition; one that is wrong stays as it is, for the check to report. */
function oneForm(condition: Json): Json {
  try {
    return checkLogic(condition).logic
  } catch (error) {
    if (!ParleyError.isInstance(error)) throw error
    return condition
  }
}

function fillBudget(budget: BudgetSpec): BudgetSpec {
  return { ...budget, warnAt: budget.warnAt ?? [0.8], onExceed: budget.onExceed ?? 'stop' }
}

function sortedSet(names: readonly string[]): string[] {
  return [...new Set(names)].sort()
}

function canonicalCopy(value: unknown, path: string, depth: number): unknown {
  if (depth > MAX_DEPTH) {
    throw new ParleyError({
      code: 'limit_exceeded',
      message: `A definition is nested deeper than ${MAX_DEPTH} levels, or contains itself. Flatten it.`,
      details: { limit: 'nesting', max: MAX_DEPTH },
    })
  }
  if (Array.isArray(value)) {
    return Object.freeze(value.map((entry: unknown, index) => canonicalCopy(entry, `${path}[${index}]`, depth + 1)))
  }
  if (typeof value === 'object' && value !== null) return copyObject(value, path, depth)
  const isJson =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value))
  if (isJson) return Object.is(value, -0) ? 0 : value
  throw new ParleyError({
    code: 'value_not_json',
    message: `${path === '' ? 'The value' : path.slice(1)} is ${typeof value === 'number' ? String(value) : `of type ${typeof value}`}, which JSON does not carry. Give plain data.`,
    details: { path: path.slice(1), expected: 'JSON' },
  })
}

function copyObject(value: object, path: string, depth: number): object {
  const copy: { [key: string]: unknown } = {}
  for (const key of Object.keys(value).sort()) {
    // A key that the object was just asked for.
    const entry = (value as { [key: string]: unknown })[key]
    if (entry === undefined) continue
    const copied = canonicalCopy(entry, `${path}.${key}`, depth + 1)
    if (key !== '__proto__') copy[key] = copied
    // A key of this name is data like any other.
    else Object.defineProperty(copy, key, { value: copied, enumerable: true })
  }
  return Object.freeze(copy)
}
