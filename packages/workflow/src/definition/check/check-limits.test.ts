import { expect, test } from 'vitest'
import type { Region } from '@parley/spec'
import { dag, define, step } from '../__fixtures__/define.ts'
import { checkDefinition } from './check-definition.ts'
import { defaultDefinitionLimits } from './check-limits.ts'

test('17 the limits that hold where none are configured', () => {
  expect(defaultDefinitionLimits).toEqual({ maxSteps: 1000, maxNesting: 16, maxCandidates: 5, maxAttempts: 20 })
})

const codes = (definition: ReturnType<typeof define>, options = {}): string[] =>
  checkDefinition(definition, options).map(({ code, path }) => `${code} ${path}`)
const many = (count: number): ReturnType<typeof define> =>
  define(Array.from({ length: count }, (_, at) => step(`s${at}`)))

test('17 steps per definition', () => {
  expect(codes(many(1000))).toEqual([])
  expect(codes(many(1001))).toEqual(['limit_exceeded steps'])
  expect(codes(many(1001), { limits: { maxSteps: 1001 } })).toEqual([])
  expect(codes(many(501), { untrusted: true }), 'S20').toEqual(['limit_exceeded steps'])
})

test('17 no configuration goes beyond 100,000 steps', () => {
  expect(codes(many(100_001), { limits: { maxSteps: 1_000_000 } })).toEqual(['limit_exceeded steps'])
}, 60_000)

test('17 nesting of regions', () => {
  const nested = (depth: number): Region =>
    depth === 1 ? dag([step('a')]) : dag([step('a', { region: nested(depth - 1) }, 'region')])
  expect(codes(define(nested(16)))).toEqual([])
  expect(codes(define(nested(17)))).toHaveLength(1)
  expect(codes(define(nested(9)), { untrusted: true })).toHaveLength(1)
})

test('17 candidates of a race and attempts of a step', () => {
  const race = (candidates: number): string[] =>
    codes(define([step('a', { strategy: { type: 'race', candidates, staggerMs: 0 } })]))
  expect(race(5)).toEqual([])
  expect(race(6)).toEqual(['limit_exceeded steps.a.strategy'])
  const retry = (maxAttempts: number): string[] =>
    codes(define([step('a', { retry: { maxAttempts, delay: 0, backoff: 1, maxDelay: 60, jitter: true } })]))
  expect(retry(20)).toEqual([])
  expect(retry(21)).toEqual(['limit_exceeded steps.a.retry'])
})
