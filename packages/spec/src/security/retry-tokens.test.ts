import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ContractFault, FailureClass } from '../workflow/failure.ts'
import { executionRetryContext, toFieldToken, toTypeToken, validationRetryContext } from './retry-tokens.ts'

const classes: readonly FailureClass[] = [
  ...(['execution', 'validation', 'timeout', 'budget', 'cancelled', 'capability', 'approval_rejected'] as const),
  'condition',
]

function fault(path: string, change: Partial<ContractFault> = {}): ContractFault {
  return { path, expected: 'str', actual: 'int', message: `the value of ${path} was Ada`, severity: 'error', ...change }
}

test('S1 a field token is lower case, of few characters, at most 100', () => {
  expect(toFieldToken('Order.Items[0].unit-price_2')).toBe('order.items[0].unit-price_2')
  expect(toFieldToken('<root>')).toBe('_root_')
  expect(toFieldToken('a b\n{{c}}|é')).toBe('a_b___c____')
  expect(toFieldToken('a'.repeat(101))).toBe('a'.repeat(100))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (path) => {
      expect(toFieldToken(path)).toMatch(/^[a-z0-9_.[\]-]{0,100}$/)
    }),
  )
})

test('S1 a type token is lower case, of few characters, at most 40', () => {
  expect(toTypeToken('List[Str|Int], null')).toBe('list[str|int],_null')
  expect(toTypeToken('a-b.c')).toBe('a_b_c')
  expect(toTypeToken('a'.repeat(41))).toBe('a'.repeat(40))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (type) => {
      expect(toTypeToken(type)).toMatch(/^[a-z0-9_|[\],]{0,40}$/)
    }),
  )
})

test('S1 a credential within a path does not survive as a token', () => {
  expect(toFieldToken(`headers.${['sk', 'abc123'].join('-')}`)).not.toContain('abc123')
})

test.each(classes)('S1 after a failure of class %s: attempt, class and fixed guidance', (failure) => {
  const context = executionRetryContext(3, failure)
  expect(context).toEqual({ attempt: 3, errorType: 'execution', errorClass: failure, guidance: context.guidance })
  expect(context.guidance).toMatch(/^[A-Z].{20,200}\.$/)
  expect(executionRetryContext(1, failure).guidance).toBe(context.guidance)
})

test('S1 each class has guidance of its own', () => {
  expect(new Set(classes.map((failure) => executionRetryContext(1, failure).guidance)).size).toBe(classes.length)
})

test('S1 after a broken contract: fields and types as tokens, no message', () => {
  const context = validationRetryContext(2, [
    fault('Items[0].Name'),
    fault('score', { expected: 'float', actual: 'missing' }),
  ])
  expect(context).toEqual({
    attempt: 2,
    errorType: 'validation',
    failedFields: ['items[0].name', 'score'],
    expectedTypes: { 'items[0].name': 'str', score: 'float' },
    actualTypes: { 'items[0].name': 'int', score: 'missing' },
    guidance: executionRetryContext(1, 'validation').guidance,
  })
  expect(JSON.stringify(context)).not.toContain('Ada')
})

test('S1 at most 50 fields, each once with its first fault, errors only', () => {
  const many = Array.from({ length: 60 }, (_, index) => fault(`f${index}`))
  expect(validationRetryContext(1, many).failedFields).toEqual(many.slice(0, 50).map(({ path }) => path))
  const repeated = validationRetryContext(1, [
    fault('w', { severity: 'warning' }),
    fault('a'),
    fault('A', { expected: 'bool' }),
    ...many,
  ])
  expect(repeated.failedFields?.slice(0, 2)).toEqual(['a', 'f0'])
  expect(repeated.failedFields).toHaveLength(50)
  expect(repeated.expectedTypes?.['a']).toBe('str')
})

test('S1 no field reaches a prototype', () => {
  const context = validationRetryContext(1, [fault('__proto__'), fault('constructor'), fault('a')])
  expect(context.failedFields).toEqual(['a'])
})

test('S1 nothing but tokens and fixed text, whatever the faults hold', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 200 })
  const anyFault = fc.record({
    path: anyText,
    expected: anyText,
    actual: anyText,
    message: anyText,
    severity: fc.constantFrom('error' as const, 'warning' as const),
  })
  fc.assert(
    fc.property(fc.array(anyFault, { maxLength: 80 }), (faults) => {
      const { failedFields = [], expectedTypes = {}, actualTypes = {} } = validationRetryContext(1, faults)
      expect(failedFields.length).toBeLessThanOrEqual(50)
      expect(Object.keys(expectedTypes).toSorted()).toEqual(failedFields.toSorted())
      expect(Object.keys(actualTypes).toSorted()).toEqual(failedFields.toSorted())
      for (const field of failedFields) expect(field).toMatch(/^[a-z0-9_.[\]-]{0,100}$/)
      for (const type of [...Object.values(expectedTypes), ...Object.values(actualTypes)]) {
        expect(type).toMatch(/^[a-z0-9_|[\],]{0,40}$/)
      }
    }),
  )
})
