import { expect, test } from 'vitest'
import type { StepDefinition, StepKind } from '@parley/spec'
import { ask, dag, define, step } from '../__fixtures__/define.ts'
import { checkDefinition } from './check-definition.ts'

const problemsOf = (fields: Partial<StepDefinition>, kind: StepKind = 'fn'): string[] =>
  checkDefinition(define([step('a', fields, kind)])).map(({ code, path }) => `${code} ${path}`)

test.each(['', 'a b', 'ä', 'a.b', 'x'.repeat(65), '__proto__', 'constructor', 'prototype'])(
  'W-5 "%s" is no id',
  (id) => {
    const [problem] = checkDefinition(define([step(id, { action: 'f' })]))
    expect(problem?.code).toBe('document_invalid')
    expect(problem?.message).toContain('is no id of a step')
  },
)

test.each(['a', 'A-b_9', 'x'.repeat(64), 'toString'])('W-5 "%s" is an id', (id) => {
  expect(checkDefinition(define([step(id)]))).toEqual([])
})

test('W-5 ids are unique in their region, not beyond', () => {
  const definition = define([step('a'), step('b', { region: dag([step('a')]) }, 'region')])
  expect(checkDefinition(definition)).toEqual([])
})

test('W-6 a workflow or a region without steps is empty', () => {
  expect(checkDefinition(define([])).map(({ code }) => code)).toEqual(['workflow_empty'])
  expect(problemsOf({ region: dag([]) }, 'region')).toEqual(['workflow_empty steps.a.steps'])
})

test.each<[StepKind, string]>([
  ['llm', 'prompt'],
  ['agent', 'action'],
  ['tool', 'action'],
  ['rag', 'rag'],
  ['wait', 'wait'],
  ['region', 'region'],
  ['workflow', 'action'],
])('2.1 a step of kind %s needs %s', (kind, field) => {
  expect(problemsOf({}, kind)).toEqual([`document_invalid steps.a.${field}`])
})

test.each<[string, Partial<StepDefinition>]>([
  ['timeout', { timeoutMs: 0 }],
  ['validationTimeout', { validationTimeoutMs: 0 }],
  ['maxConcurrency', { maxConcurrency: 1.5 }],
  ['foreachConcurrency', { foreach: { source: 'x', policy: 'requireAll', concurrency: 0 } }],
  ['foreach', { foreach: { source: '', policy: 'requireAll', concurrency: 1 } }],
  ['retry.maxAttempts', { retry: { maxAttempts: 0, delay: 0, backoff: 1, maxDelay: 60, jitter: true } }],
  ['retry.delay', { retry: { maxAttempts: 1, delay: -1, backoff: 1, maxDelay: 60, jitter: true } }],
  ['cache.ttlMs', { effect: 'pure', cache: { ttlMs: 0 } }],
  ['strategy.candidates', { strategy: { type: 'race', candidates: 1, staggerMs: 0 } }],
  ['strategy.compare', { strategy: { type: 'speculative', compare: { embedding: 1.2 }, allowUnverified: false } }],
])('2.1 %s has a range', (field, fields) => {
  expect(problemsOf(fields)).toEqual([`document_invalid steps.a.${field}`])
})

test('2.1 a choice that does not exist names those that do', () => {
  // Documents and plain JavaScript know no types.
  const [problem] = checkDefinition(define([step('a', { tier: 'best' as 'high' })]))
  expect(problem).toMatchObject({ path: 'steps.a.tier', fix: 'Use one of fast, balanced, high.' })
})

test('9 budgets that are none, and what a smaller model does not save', () => {
  expect(problemsOf({ budget: { maxCostUsd: -1, maxCalls: 0.5, warnAt: [2] } })).toEqual([
    'budget_invalid steps.a.budget.maxCostUsd',
    'budget_invalid steps.a.budget.maxCalls',
    'budget_invalid steps.a.budget.warnAt',
  ])
  expect(problemsOf({ budget: { maxWallMs: 5, onExceed: 'downgrade' } })).toEqual([
    'budget_invalid steps.a.budget.onExceed',
  ])
  expect(problemsOf({ budget: { maxWallMs: 5, onExceed: 'pause' } })).toEqual([])
})

test('12.3 a wait that ends with its default needs one, and null is one', () => {
  const approval = { type: 'approval', onTimeout: 'default' } as const
  expect(problemsOf({ wait: approval }, 'wait')).toEqual(['document_invalid steps.a.wait.default'])
  expect(problemsOf({ wait: { ...approval, default: null } }, 'wait')).toEqual([])
  expect(problemsOf({ wait: { type: 'timer', onTimeout: 'reject' } }, 'wait')).toEqual([
    'document_invalid steps.a.wait',
  ])
  expect(problemsOf({ wait: { type: 'timer', ms: 0, onTimeout: 'reject' } }, 'wait')).toEqual([])
})

test('S14 credentials are refused among model options, in any spelling', () => {
  for (const name of ['api_key', 'apiKey', 'API-KEY', 'authToken', 'password'])
    expect(problemsOf({ prompt: 'x', modelOptions: { [name]: 'x' } }, 'llm')).toEqual([
      `invalid_options steps.a.modelOptions.${name}`,
    ])
  expect(problemsOf({ prompt: 'x', modelOptions: { vendor: { api_key: 'x' } } }, 'llm')).toEqual([
    'invalid_options steps.a.modelOptions.vendor.api_key',
  ])
  expect(problemsOf({ prompt: 'x', modelOptions: { maxTokens: 5 } }, 'llm')).toEqual([])
})

test('2.3 a REST server has exactly one address, and both credentials or neither', () => {
  const servers = (rest: object): string[] =>
    // Servers of documents may be anything; the check says what is wrong.
    checkDefinition(define([ask('a', 'x')], { servers: { rest: [{ name: 'crm', ...rest }], mcp: [] } })).map(
      ({ message }) => message,
    )
  expect(servers({})).toEqual(['The REST server "crm" has both or neither of url and urlEnv.'])
  expect(servers({ url: 'https://a', urlEnv: 'B' })).toHaveLength(1)
  expect(servers({ url: 'https://a', usernameEnv: 'U' })).toHaveLength(1)
  expect(servers({ url: 'https://a' })).toEqual([])
})

test('2.3 an MCP server says in exactly one way where it is', () => {
  const servers = (mcp: object): unknown[] =>
    checkDefinition(define([ask('a', 'x')], { servers: { rest: [], mcp: [{ id: 'm', ...mcp }] } }))
  expect(servers({})).toHaveLength(1)
  expect(servers({ command: 'x', url: 'https://a' })).toHaveLength(1)
  expect(servers({ command: 'x' })).toEqual([])
})

test('6 a policy that falls back to another attempt would never end', () => {
  const policy = {
    onValidationFail: 'retry',
    onExecutionFail: 'custom',
    fallbackAction: 'retry' as 'skip', // as a document may say it
    maxAttempts: 2,
    maxReplans: 2,
    retryWithFeedback: true,
    retryDelay: 0,
    retryBackoff: 1,
  } as const
  expect(problemsOf({ failurePolicy: policy })).toEqual([
    'document_invalid steps.a.failurePolicy.fallbackAction',
    'document_invalid steps.a.failurePolicy.customHandler',
  ])
})
