import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCondition, ConditionFault, holds } from './condition.ts'
import type { Roots } from './data-path.ts'

const roots: Roots = {
  slots: { n: 3, name: 'Ada', list: [], zero: '0', yes: true, tags: ['a', 'b'] },
  results: { check: { verified: true, attemptsLeft: 2 }, lines: [{ cents: 7900 }] },
  payload: {},
  context: {},
  words: 'I want a refund',
  agent: 'billing',
}

const verdict = (source: string) => holds(compileCondition(source), roots)

test.each<[string, boolean | undefined]>([
  ['results.check.verified == true', true],
  ['results.check.verified', true],
  ['results.check.missing', false],
  ['results.check.missing == null', true],
  ['slots.n >= 3 and slots.name in ["Ada", \'Ben\']', true],
  ['slots.n > 3 or slots.n < 3', false],
  ['not slots.yes or slots.n == 3', true],
  ['slots.name not in ["Ada"]', false],
  ['"refund" in words', true],
  ['slots.n == "3"', false],
  ['slots.n != "3"', true],
  ['slots.name > 1', false],
  ['slots.n + 2 * 3 == 9', true],
  ['(slots.n + 2) * 3 == 15', true],
  ['-slots.n < 0', true],
  ['slots.n % 2 == 1', true],
  ['slots.list', false],
  ['slots.zero', true],
  ['slots.tags == ["a", "b"]', true],
  ['slots.tags.length == 2', true],
  ['results.lines[0].cents > 2500', true],
  ['slots.name + 1 == 2', undefined],
  ['slots.n / 0 == 1', undefined],
  ['false and slots.n / 0', false],
  ['results.toString', false],
])('%s is %s', (source, value) => {
  expect(verdict(source)).toBe(value)
})

test.each([
  '',
  'and',
  'a ==',
  '(a',
  '[1',
  'a b',
  'a = 1',
  'a && b',
  'constructor.name',
  '"open',
  `${'('.repeat(40)}a${')'.repeat(40)}`,
  `${'not '.repeat(40)}a`,
  Array(300).fill('a').join(' and '),
])('the condition %s is refused', (source) => {
  expect(() => compileCondition(source)).toThrow(ConditionFault)
})

test('any text is a condition or a fault, and evaluates without a throw', () => {
  const piece = fc.constantFrom(
    'slots.n',
    'and',
    'or',
    'not',
    'in',
    '(',
    ')',
    '[',
    ']',
    ',',
    '==',
    '<',
    '+',
    '-',
    '/',
    '1',
    '"a"',
    'true',
    '=',
    '.',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        verdict(pieces.join(' '))
      } catch (error) {
        expect(error).toBeInstanceOf(ConditionFault)
      }
    }),
    { numRuns: 2000 },
  )
})
