import { isUnsafeKey, type Json } from '@parley/spec'
import { conditionLimits } from './check-logic.ts'
import { ExpressionFault, readTokens, type ExpressionProblem, type ExpressionToken } from './expression-tokens.ts'
import { formatLogicPath } from './logic-path.ts'

/** The JSONLogic of an expression, or what is wrong with it. */
export type ExpressionResult = { ok: true; logic: Json } | { ok: false; problem: ExpressionProblem }

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'in'])

/**
 * Turns expression text into JSONLogic: `a.b >= 3 and x in ["p", "q"]`. From loose to tight: `or`, `and`, `not`,
 * comparison (`== != < <= > >= in`, `not in`; not chained), `+ -`, `* / %`, unary `-`. Paths are `a.b.0`, `a[0].b`,
 * `a["any key"]`; names may hold `-`, so a subtraction of names needs spaces around its sign.
 */
export function parseExpression(text: string): ExpressionResult {
  try {
    return { ok: true, logic: parse(readTokens(text)) }
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault)) throw thrown
    return { ok: false, problem: { message: thrown.message, column: thrown.column } }
  }
}

function parse(tokens: readonly ExpressionToken[]): Json {
  let at = 0
  let depth = 0

  const peek = (): ExpressionToken => tokens[at] ?? { kind: 'end', column: 1 }
  const sign = (offset = 0): string | undefined => {
    const token = tokens[at + offset]
    return token?.kind === 'sign' ? token.sign : undefined
  }
  const accept = (wanted: string): boolean => {
    if (sign() !== wanted) return false
    at += 1
    return true
  }
  const expect = (wanted: string): void => {
    if (!accept(wanted)) throw unexpected(`"${wanted}"`)
  }
  const unexpected = (wanted: string): ExpressionFault => {
    const token = peek()
    return new ExpressionFault(`Expected ${wanted}, not ${describe(token)}.`, token.column)
  }
  const nested = (inner: () => Json): Json => {
    depth += 1
    if (depth > conditionLimits.depth) {
      throw new ExpressionFault(`The condition has more than ${conditionLimits.depth} levels.`, peek().column)
    }
    const logic = inner()
    depth -= 1
    return logic
  }
  /** Operands of one level; a row of the same associative operator becomes one operator with many arguments. */
  const chain = (signs: readonly string[], joined: readonly string[], operand: () => Json): Json => {
    let left = operand()
    let open: { operator: string; operands: Json[] } | undefined
    for (let operator = sign(); operator !== undefined && signs.includes(operator); operator = sign()) {
      at += 1
      const right = operand()
      if (open?.operator === operator && joined.includes(operator)) {
        open.operands.push(right)
        continue
      }
      open = { operator, operands: [left, right] }
      left = { [operator]: open.operands }
    }
    return left
  }

  const disjunction = (): Json => chain(['or'], ['or'], conjunction)
  const conjunction = (): Json => chain(['and'], ['and'], negation)
  const negation = (): Json => (accept('not') ? { '!': [nested(negation)] } : comparison())
  const sum = (): Json => chain(['+', '-'], ['+'], product)
  const product = (): Json => chain(['*', '/', '%'], ['*'], unary)

  const comparison = (): Json => {
    const left = sum()
    const operator = takeComparison()
    if (operator === undefined) return left
    const right = sum()
    const next = peek()
    if (takeComparison() !== undefined) {
      throw new ExpressionFault(
        'Comparisons do not chain: join two of them with "and", or use parentheses.',
        next.column,
      )
    }
    return operator === 'not in' ? { '!': [{ in: [left, right] }] } : { [operator]: [left, right] }
  }
  const takeComparison = (): string | undefined => {
    const operator = sign()
    if (operator === 'not' && sign(1) === 'in') {
      at += 2
      return 'not in'
    }
    if (operator === undefined || !comparisons.has(operator)) return undefined
    at += 1
    return operator
  }

  const unary = (): Json => {
    if (!accept('-')) return primary()
    const operand = nested(unary)
    // 0 - 0 is 0: JSON has no other zero.
    return typeof operand === 'number' ? 0 - operand : { '-': [operand] }
  }
  const primary = (): Json => {
    const token = peek()
    if (token.kind === 'literal' || token.kind === 'path') {
      at += 1
      return token.kind === 'literal' ? token.value : { var: formatLogicPath(checkPath(token.path, token.column)) }
    }
    if (accept('(')) {
      const logic = nested(disjunction)
      expect(')')
      return logic
    }
    if (accept('[')) return nested(list)
    throw unexpected('a value, a name or "("')
  }
  const list = (): Json => {
    const entries: Json[] = []
    if (accept(']')) return entries
    do entries.push(disjunction())
    while (accept(','))
    expect(']')
    return entries
  }

  const logic = disjunction()
  if (peek().kind !== 'end') throw unexpected('an operator or the end')
  return logic
}

function checkPath(path: string[], column: number): string[] {
  const unsafe = path.find((name) => name === '' || isUnsafeKey(name))
  if (unsafe !== undefined) throw new ExpressionFault(`A path may not contain "${unsafe}".`, column)
  return path
}

function describe(token: ExpressionToken): string {
  if (token.kind === 'end') return 'the end'
  if (token.kind === 'sign') return `"${token.sign}"`
  return token.kind === 'path'
    ? `the name "${token.path.join('.').slice(0, 60)}"`
    : JSON.stringify(token.value).slice(0, 60)
}
