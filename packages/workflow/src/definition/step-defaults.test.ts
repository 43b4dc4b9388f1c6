import { expect, test } from 'vitest'
import { defaultDraft } from './definition-defaults.ts'
import { defaultEffect, defaultForeach, defaultRetry, defaultStep, defaultStrategy } from './step-defaults.ts'

test('2.1 a step that says nothing has these values', () => {
  expect(defaultStep('a', 'llm')).toEqual({
    id: 'a',
    kind: 'llm',
    dependsOn: [],
    requires: 'settled',
    tier: 'balanced',
    strategy: { type: 'single' },
    capabilities: [],
    parallel: false,
    effect: 'pure',
  })
})

test('2.1 effects by kind', () => {
  expect((['llm', 'rag', 'if', 'switch'] as const).map(defaultEffect)).toEqual(['pure', 'pure', 'pure', 'pure'])
  expect((['fn', 'agent', 'tool'] as const).map(defaultEffect)).toEqual(['idempotent', 'idempotent', 'effectful'])
})

test('2.1 retry, foreach and strategies', () => {
  expect(defaultRetry(3)).toEqual({ maxAttempts: 3, delay: 0, backoff: 1, maxDelay: 60, jitter: true })
  expect(defaultForeach('list')).toEqual({ source: 'list', policy: 'requireAll', concurrency: 1 })
  expect(defaultStrategy('race')).toEqual({ type: 'race', candidates: 2, staggerMs: 0 })
  expect(defaultStrategy('speculative')).toEqual({ type: 'speculative', compare: 'normalized', allowUnverified: false })
})

test('2.2 limits of a run that says nothing', () => {
  expect(defaultDraft('x', { kind: 'dag', steps: [], maxConcurrency: 1 }).limits).toEqual({
    maxConcurrency: 32,
    maxModelCalls: 50,
    maxVisits: 1000,
  })
})
