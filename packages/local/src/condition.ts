import type { Json } from '@parley/spec'
import { parsePath, readPath, type DataPath, type Roots } from './data-path.ts'

const comparisons = ['==', '!=', '<=', '>=', '<', '>'] as const
const sums = ['+', '-'] as const
const products = ['*', '/', '%'] as const

type Operator = 'and' | 'or' | 'in' | (typeof comparisons)[number] | (typeof sums)[number] | (typeof products)[number]

/** A compiled condition. */
export type Condition =
  | { kind: 'literal'; value: Json }
  | { kind: 'path'; path: DataPath }
  | { kind: 'list'; entries: Condition[] }
  | { kind: 'not' | 'minus'; of: Condition }
  | { kind: 'binary'; operator: Operator; left: Condition; right: Condition }

/** Deepest nesting and most parts of one condition. */
export const conditionLimits = { depth: 32, nodes: 512 } as const

/** A condition that cannot be read: what was expected instead. */
export class ConditionFault extends Error {}

/** Compiles expression text such as `results.check.verified == true and slots.n in [1, 2]`. Throws `ConditionFault`. */
export function compileCondition(source: string): Condition {
  const parser = createParser(tokenize(source))
  const condition = parser.expression(0)
  const rest = parser.peek()
  if (rest !== undefined) throw new ConditionFault(`an operator, not "${rest}"`)
  return condition
}

/** The paths a condition reads. */
export function pathsOfCondition(condition: Condition): DataPath[] {
  if (condition.kind === 'path') return [condition.path]
  if (condition.kind === 'list') return condition.entries.flatMap(pathsOfCondition)
  if (condition.kind === 'binary') return [...pathsOfCondition(condition.left), ...pathsOfCondition(condition.right)]
  return condition.kind === 'literal' ? [] : pathsOfCondition(condition.of)
}

/**
 * Whether a condition holds: `[] "" 0 null false` do not, all else does. Missing paths are null, unlike types compare as
 * false. `undefined` when it asks for arithmetic on what is no number, or division by zero.
 */
export function holds(condition: Condition, roots: Roots): boolean | undefined {
  const value = evaluate(condition, roots)
  return value === undefined ? undefined : isTruthy(value)
}

const tokenPattern =
  /\s*(?:("(?:[^"\\]|\\.)*"|'[^']*')|(\d+(?:\.\d+)?)|([\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+|\[\d+\])*)|(==|!=|<=|>=|[<>+\-*/%()[\],]))/uy

function tokenize(source: string): string[] {
  const tokens: string[] = []
  const text = source.trim()
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    const at = tokenPattern.lastIndex
    const match = tokenPattern.exec(text)
    if (!match) throw new ConditionFault(`a path, a value or an operator, not "${text.slice(at).trim().slice(0, 20)}"`)
    tokens.push(match[0].trim())
  }
  return tokens
}

interface Parser {
  expression(depth: number): Condition
  peek(): string | undefined
}

function createParser(tokens: readonly string[]): Parser {
  let at = 0
  let nodes = 0
  const peek = (): string | undefined => tokens[at]
  const take = (wanted: string): boolean => {
    if (tokens[at] !== wanted) return false
    at += 1
    return true
  }
  const made = (condition: Condition): Condition => {
    nodes += 1
    if (nodes > conditionLimits.nodes) throw new ConditionFault(`at most ${conditionLimits.nodes} parts`)
    return condition
  }
  const binary = (operator: Operator, left: Condition, right: Condition): Condition =>
    made({ kind: 'binary', operator, left, right })
  const chain =
    (operators: readonly Operator[], next: (depth: number) => Condition) =>
    (depth: number): Condition => {
      let left = next(depth)
      for (;;) {
        const operator = operators.find((each) => each === tokens[at])
        if (operator === undefined) return left
        at += 1
        left = binary(operator, left, next(depth))
      }
    }
  const primary = (depth: number): Condition => {
    const token = tokens[at]
    if (token === undefined) throw new ConditionFault('a path or a value at the end')
    at += 1
    if (token === '(') {
      const inner = expression(depth + 1)
      if (!take(')')) throw new ConditionFault('")" to close "("')
      return inner
    }
    if (token === '[') return made({ kind: 'list', entries: list(depth) })
    return made(leaf(token))
  }
  const list = (depth: number): Condition[] => {
    const entries: Condition[] = []
    if (take(']')) return entries
    do entries.push(expression(depth + 1))
    while (take(','))
    if (!take(']')) throw new ConditionFault('"]" to close "["')
    return entries
  }
  const unary = (depth: number): Condition => {
    if (take('-')) return made({ kind: 'minus', of: nested(unary, depth) })
    return primary(depth)
  }
  const nested = (next: (depth: number) => Condition, depth: number): Condition => {
    if (depth >= conditionLimits.depth) throw new ConditionFault(`at most ${conditionLimits.depth} levels`)
    return next(depth + 1)
  }
  const product = chain(products, unary)
  const sum = chain(sums, product)
  const comparison = (depth: number): Condition => {
    const left = sum(depth)
    if (tokens[at] === 'not' && tokens[at + 1] === 'in') {
      at += 2
      return made({ kind: 'not', of: binary('in', left, sum(depth)) })
    }
    if (take('in')) return binary('in', left, sum(depth))
    const operator = comparisons.find((each) => each === tokens[at])
    if (operator === undefined) return left
    at += 1
    return binary(operator, left, sum(depth))
  }
  const negation = (depth: number): Condition =>
    take('not') ? made({ kind: 'not', of: nested(negation, depth) }) : comparison(depth)
  const conjunction = chain(['and'], negation)
  const expression = (depth: number): Condition => nested(chain(['or'], conjunction), depth)
  return { expression, peek }
}

function leaf(token: string): Condition {
  if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' }
  if (token === 'null') return { kind: 'literal', value: null }
  if (token.startsWith("'")) return { kind: 'literal', value: token.slice(1, -1) }
  if (token.startsWith('"')) return { kind: 'literal', value: readQuoted(token) }
  if (/^\d/u.test(token)) return { kind: 'literal', value: Number(token) }
  const path = ['and', 'or', 'not', 'in'].includes(token) ? undefined : parsePath(token)
  if (!path) throw new ConditionFault(`a path or a value, not "${token}"`)
  return { kind: 'path', path }
}

function readQuoted(token: string): string {
  try {
    return String(JSON.parse(token))
  } catch {
    throw new ConditionFault(`a text in quotes, not ${token}`)
  }
}

function evaluate(condition: Condition, roots: Roots): Json | undefined {
  if (condition.kind === 'literal') return condition.value
  if (condition.kind === 'path') return readPath(roots, condition.path) ?? null
  if (condition.kind === 'list') return evaluateList(condition.entries, roots)
  if (condition.kind === 'binary') return evaluateBinary(condition, roots)
  const value = evaluate(condition.of, roots)
  if (value === undefined) return undefined
  if (condition.kind === 'not') return !isTruthy(value)
  return typeof value === 'number' ? -value : undefined
}

function evaluateList(entries: readonly Condition[], roots: Roots): Json[] | undefined {
  const values = entries.map((entry) => evaluate(entry, roots))
  return values.includes(undefined) ? undefined : values.map((value) => value ?? null)
}

function evaluateBinary(
  { operator, left, right }: { operator: Operator; left: Condition; right: Condition },
  roots: Roots,
): Json | undefined {
  const first = evaluate(left, roots)
  if (first === undefined) return undefined
  if (operator === 'and' && !isTruthy(first)) return false
  if (operator === 'or' && isTruthy(first)) return true
  const second = evaluate(right, roots)
  if (second === undefined) return undefined
  if (operator === 'and' || operator === 'or') return isTruthy(second)
  if (operator === 'in') return contains(second, first)
  if (operator === '==') return isSame(first, second)
  if (operator === '!=') return !isSame(first, second)
  if (operator === '<' || operator === '>' || operator === '<=' || operator === '>=')
    return compare(operator, first, second)
  return calculate(operator, first, second)
}

function contains(whole: Json, part: Json): boolean {
  if (typeof whole === 'string') return typeof part === 'string' && whole.includes(part)
  return Array.isArray(whole) && whole.some((entry) => isSame(entry, part))
}

function isSame(a: Json, b: Json): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  return JSON.stringify(a) === JSON.stringify(b)
}

function compare(operator: '<' | '>' | '<=' | '>=', a: Json, b: Json): boolean {
  const isNumbers = typeof a === 'number' && typeof b === 'number'
  const isTexts = typeof a === 'string' && typeof b === 'string'
  if (!isNumbers && !isTexts) return false
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  return operator === '<=' ? a <= b : a >= b
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', a: Json, b: Json): number | undefined {
  if (typeof a !== 'number' || typeof b !== 'number') return undefined
  if ((operator === '/' || operator === '%') && b === 0) return undefined
  const value =
    operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a % b
  return Number.isFinite(value) ? value : undefined
}

function isTruthy(value: Json): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== '' && value !== 0 && value !== null && value !== false
}
