import type { Json } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCondition } from './compile-condition.ts'

/** What the rules of 2.5 say, written once more and as plainly as can be; `undefined` is an error. */
function evaluate(logic: Json, data: { [name: string]: Json }): Json | undefined {
  if (Array.isArray(logic)) {
    const entries = logic.map((entry) => evaluate(entry, data))
    return entries.includes(undefined) ? undefined : (entries as Json[]) // none of them is missing
  }
  if (typeof logic !== 'object' || logic === null) return logic
  const [[operator, written] = ['', null]] = Object.entries(logic)
  if (operator === 'var') return data[String(written)] ?? null
  const given = written as Json[] // the generator below writes lists only
  const [first = null, second = null] = given
  const left = evaluate(first, data)
  if (left === undefined) return undefined
  if (operator === '!') return !isTrue(left)
  if (operator === 'and') return isTrue(left) ? evaluate(second, data) : left
  if (operator === 'or') return isTrue(left) ? left : evaluate(second, data)
  const right = evaluate(second, data)
  if (right === undefined) return undefined
  const areSame = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b)
  if (operator === '==') return areSame(left, right)
  if (operator === '!=') return !areSame(left, right)
  if (operator === 'in') {
    if (Array.isArray(right)) return right.some((entry) => areSame(entry, left))
    return typeof left === 'string' && typeof right === 'string' && right.includes(left)
  }
  if (['<', '<=', '>', '>='].includes(operator)) {
    const haveOrder = typeof left === typeof right && ['number', 'string'].includes(typeof left)
    // Both are numbers or both are texts.
    const [a, b] = [left as number, right as number]
    return haveOrder && (operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b)
  }
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  if ((operator === '/' || operator === '%') && right === 0) return undefined
  const result = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': left / right,
    '%': left % right,
  }[operator]
  return result === undefined || !Number.isFinite(result) ? undefined : result + 0
}

function isTrue(value: Json): boolean {
  return !(value === null || value === false || value === 0 || value === '' || areNone(value))
}

function areNone(value: Json): boolean {
  return Array.isArray(value) && value.length === 0
}

const leaf = fc.oneof(
  fc.constantFrom<Json>(0, 1, 2, -1, '', '0', '1', 'a', true, false, null, 1e308),
  fc.constantFrom('a', 'b', 'c', 'd').map((name) => ({ var: name })),
)
const { logic: logicArbitrary } = fc.letrec<{ logic: Json }>((tie) => ({
  logic: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'logic' },
    leaf,
    fc.array(tie('logic'), { maxLength: 3, depthIdentifier: 'logic' }),
    tie('logic').map((operand) => ({ '!': [operand] })),
    fc
      .tuple(
        fc.constantFrom('and', 'or', '==', '!=', '<', '<=', '>', '>=', 'in', '+', '-', '*', '/', '%'),
        tie('logic'),
        tie('logic'),
      )
      .map(([operator, left, right]) => ({ [operator]: [left, right] })),
  ),
}))
const value = fc.oneof(
  fc.constantFrom<Json>(0, 1, 2, 'a', '1', true, null),
  fc.array(fc.constantFrom<Json>(1, 'a', null), { maxLength: 2 }),
)
const dataArbitrary = fc.record({ a: value, b: value, c: value, d: value }, { requiredKeys: [] })

test('2.5 random logic means what the rules say, or fails with them', () => {
  fc.assert(
    fc.property(logicArbitrary, dataArbitrary, (logic, data) => {
      const expected = evaluate(logic, data)
      let actual: Json | undefined
      try {
        actual = compileCondition(logic).value(data)
      } catch (error) {
        expect(error).toMatchObject({ code: 'condition_error' })
        // A branch that is never taken may be refused at load: what can be seen to be wrong, is.
        return
      }
      expect(actual).toEqual(expected)
      expect(compileCondition(logic).evaluate(data)).toBe(isTrue(actual))
    }),
    { numRuns: 3000 },
  )
})

test('2.5 random logic that reads what it works on fails only where the rules fail', () => {
  // Without literals among the operands of arithmetic nothing can be refused before there is data.
  const variable = fc.constantFrom('a', 'b', 'c', 'd').map((name): Json => ({ var: name }))
  const { open } = fc.letrec<{ open: Json }>((tie) => ({
    open: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'open' },
      variable,
      tie('open').map((operand) => ({ '!': [operand] })),
      fc
        .tuple(fc.constantFrom('and', 'or', '==', '<', 'in', '+', '-', '*', '/', '%'), tie('open'), tie('open'))
        .map(([operator, left, right]) => ({ [operator]: [left, right] })),
    ),
  }))
  fc.assert(
    fc.property(open, dataArbitrary, (logic, data) => {
      const condition = compileCondition(logic)
      const expected = evaluate(logic, data)
      if (expected === undefined)
        expect(() => condition.value(data)).toThrow(expect.objectContaining({ code: 'condition_error' }))
      else expect(condition.value(data)).toEqual(expected)
    }),
    { numRuns: 3000 },
  )
})

test('S10 logic of anybody compiles or is a condition error, on data of anybody', () => {
  const key = fc.constantFrom(
    'var',
    'map',
    'reduce',
    'if',
    'and',
    '+',
    'in',
    'cat',
    '__proto__',
    'constructor',
    'log',
    '',
  )
  const { hostile } = fc.letrec<{ hostile: unknown }>((tie) => ({
    hostile: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>('', 'a', '../a', 'constructor', '__proto__.x', 0, -1, null, true, Number.NaN, undefined),
      fc.array(tie('hostile'), { maxLength: 3 }),
      fc.dictionary(key, tie('hostile'), { maxKeys: 2 }),
    ),
  }))
  fc.assert(
    fc.property(hostile, hostile, (logic, given) => {
      try {
        // On purpose not what the type says.
        expect(typeof compileCondition(logic as Json).evaluate({ a: given })).toBe('boolean')
      } catch (error) {
        expect(error).toMatchObject({ name: 'ParleyError', code: 'condition_error' })
      }
    }),
    { numRuns: 3000 },
  )
  expect(({} as { x?: unknown }).x).toBeUndefined()
})
