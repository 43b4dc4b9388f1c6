import { isUnsafeKey, type Json } from '@parley/spec'
import { conditionError } from './condition-error.ts'
import { formatLogicPath, parseLogicPath } from './logic-path.ts'
import { numberOperators, toDivisor, toNumber } from './value-operators.ts'

/** Deepest nesting and most parts (operators, lists, literals) of one condition. */
export const conditionLimits = { depth: 32, nodes: 512 } as const

/** JSONLogic that was found to be well formed. */
export interface CheckedLogic {
  /** The one form of what means the same: arguments in lists, one spelling of each operator. */
  logic: Json
  /** What it reads of the data, each path once, in order. */
  references: string[][]
  /** The operators in it that read nothing, so that they can be evaluated at once; inner ones first. */
  constants: Json[]
}

/** The fewest and most arguments of each operator. What is not here does not exist. */
const arities: ReadonlyMap<string, readonly [number, number]> = new Map(
  (
    [
      [0, Infinity, ['merge']],
      [1, Infinity, ['and', 'or', '??', '+', '*', 'min', 'max', 'cat']],
      [1, 1, ['!', '!!', 'length']],
      [1, 2, ['-']],
      [2, 2, ['==', '!=', '/', '%', 'in', 'map', 'filter', 'all', 'some', 'none']],
      [2, 3, ['<', '<=', '>', '>=', 'substr', 'reduce']],
      [2, Infinity, ['if']],
    ] as const
  ).flatMap(([fewest, most, operators]) => operators.map((operator) => [operator, [fewest, most]])),
)

const otherSpellings: ReadonlyMap<string, string> = new Map([
  ['===', '=='],
  ['!==', '!='],
  ['?:', 'if'],
])

/** Operators whose second argument is run for each entry of the first, with the entry as its data. */
const scopedOperators: ReadonlySet<string> = new Set(['map', 'filter', 'all', 'some', 'none', 'reduce'])

/** Whether a part reads anything, and the part in its one form. */
interface Part {
  logic: Json
  isConstant: boolean
}

/** Checks JSONLogic of anybody. @throws {ParleyError} `condition_error` for the first thing that is wrong */
export function checkLogic(source: Json): CheckedLogic {
  const references = new Map<string, string[]>()
  const constants: Json[] = []
  let nodes = 0

  const visit = (part: Json, depth: number, isScoped: boolean): Part => {
    nodes += 1
    if (nodes > conditionLimits.nodes) throw tooLarge('parts', conditionLimits.nodes)
    if (depth > conditionLimits.depth) throw tooLarge('levels', conditionLimits.depth)
    if (Array.isArray(part)) {
      const entries = part.map((entry) => visit(entry, depth + 1, isScoped))
      return { logic: entries.map(({ logic }) => logic), isConstant: entries.every(({ isConstant }) => isConstant) }
    }
    if (typeof part === 'object' && part !== null) return visitOperator(part, depth, isScoped)
    if (typeof part === 'number' ? Number.isFinite(part) : isPlain(part)) return { logic: part, isConstant: true }
    throw conditionError(
      'A condition holds something that is not JSON. Use texts, numbers, true, false, null and lists.',
    )
  }

  const visitOperator = (part: { [key: string]: Json }, depth: number, isScoped: boolean): Part => {
    const [written, ...others] = Object.keys(part)
    if (written === undefined || others.length > 0) {
      throw conditionError('An object in a condition must have one key, the operator. Write {"operator": [arguments]}.')
    }
    const value = part[written] ?? null
    const given = Array.isArray(value) ? value : [value]
    if (written === 'var') return visitVariable(given, depth, isScoped)
    const operator = otherSpellings.get(written) ?? written
    const arity = arities.get(operator)
    if (arity === undefined) {
      throw conditionError(
        `A condition has no operator "${shorten(written)}". Use one of: ${[...arities.keys()].join(' ')}.`,
        {
          operator: shorten(written),
        },
      )
    }
    const [fewest, most] = arity
    if (given.length < fewest || given.length > most) {
      const wanted = most === Infinity ? `at least ${fewest}` : fewest === most ? `${fewest}` : `${fewest} to ${most}`
      throw conditionError(`"${operator}" takes ${wanted} arguments, not ${given.length}.`, { operator })
    }
    const parts = given.map((argument, index) =>
      visit(argument, depth + 1, isScoped || (index === 1 && scopedOperators.has(operator))),
    )
    const argumentsOf = parts.map(({ logic }) => logic)
    checkNumbers(operator, argumentsOf)
    const logic = { [operator]: argumentsOf }
    const isConstant = parts.every((argument) => argument.isConstant)
    if (isConstant) constants.push(logic)
    return { logic, isConstant }
  }

  const visitVariable = (given: Json[], depth: number, isScoped: boolean): Part => {
    const [name = '', fallback, ...others] = given
    const text = name === null ? '' : typeof name === 'number' ? String(name) : name
    if (typeof text !== 'string' || others.length > 0) {
      throw conditionError(
        '"var" takes a name such as "input.score", and what to take instead of null. Write the name as a text.',
      )
    }
    const path = parseLogicPath(text)
    const unsafe = path.find((step) => step === '' || isUnsafeKey(step))
    if (unsafe !== undefined || (path.length === 0 && !isScoped)) {
      throw conditionError(
        `"${shorten(text)}" names no value. Write names with dots between them, such as "input.score".`,
      )
    }
    const canonical = formatLogicPath(path)
    if (!isScoped) references.set(canonical, path)
    if (fallback === undefined) return { logic: { var: canonical }, isConstant: false }
    return { logic: { var: [canonical, visit(fallback, depth + 1, isScoped).logic] }, isConstant: false }
  }

  const { logic } = visit(source, 1, false)
  return { logic, references: [...references.values()], constants }
}

/** What is written into arithmetic can be seen to be wrong before there is any data. */
function checkNumbers(operator: string, given: readonly Json[]): void {
  if (!numberOperators.has(operator)) return
  for (const [index, argument] of given.entries()) {
    if (typeof argument === 'object' && argument !== null && !Array.isArray(argument)) continue
    const number = toNumber(operator, argument)
    if (index === 1 && (operator === '/' || operator === '%')) toDivisor(operator, number)
  }
}

function isPlain(part: unknown): boolean {
  return part === null || typeof part === 'string' || typeof part === 'boolean'
}

function tooLarge(what: 'parts' | 'levels', max: number): Error {
  return conditionError(`A condition has more than ${max} ${what}. Let a step decide, and test its output.`, {
    limit: what,
    max,
  })
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
