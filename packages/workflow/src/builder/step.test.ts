import { expect, test } from 'vitest'
import { z } from 'zod'
import { FailurePolicy } from './failure-policy.ts'
import { StepConfig } from './step-config.ts'
import { Step } from './step.ts'
import type { StepOptions } from './step-options.ts'
import { wait } from './wait.ts'

const action = (): string => 'done'
const definitionOf = (options: Omit<StepOptions, 'name'>): Step['draft']['definition'] =>
  new Step({ name: 'a', ...options }).draft.definition

test('2.2 a step is made of one object, or of a name, an action and an object', () => {
  const one = new Step({ name: 'a', action, dependsOn: ['b'] })
  const other = new Step('a', action, { dependsOn: ['b'] })
  expect(other.draft).toEqual(one.draft)
  expect(one).toMatchObject({ name: 'a', action, dependsOn: ['b'] })
})

test('2.2 an action that is no function, an unknown option, a step that does nothing', () => {
  // Plain JavaScript knows no types.
  expect(() => new Step({ name: 'a', action: 'greet' as never })).toThrow(/is no function but of type string/)
  expect(() => new Step({ name: 'a', action: null as never })).toThrow(/is no function/)
  expect(() => new Step('a', undefined as never)).toThrow(/action of the step "a" is missing/)
  expect(() => new Step({ name: 'a', action, dependOn: [] } as never)).toThrow(/Did you mean "dependsOn"\?/)
  expect(() => new Step({ name: 'a' })).toThrow(/does nothing/)
  expect(() => new Step({ name: 'a', action, tool: 'x://y' })).toThrow(/action and tool/)
  expect(() => new Step({ name: 'a', action, prompt: 'x' })).toThrow(/a prompt and action/)
})

test('2.2 a text in place of a list is refused', () => {
  const options = { name: 'a', action: () => 1, dependsOn: 'draft' as unknown as string[] }
  expect(() => new Step(options)).toThrow(
    expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('["draft"]') }),
  )
})

test('2.2 the values of StepConfig where nothing is said', () => {
  expect(new StepConfig()).toMatchObject({
    retries: 0,
    timeout: undefined,
    foreach: undefined,
    foreachPolicy: 'requireAll',
    parallel: false,
    maxConcurrency: undefined,
    retryDelay: 0,
    retryBackoff: 1,
    retryJitter: true,
    validationTimeout: 30,
    given: {},
  })
})

test('2.2 config and the same keys on the step mean the same, and exclude each other', () => {
  const settings = {
    retries: 2,
    timeout: 1.5,
    foreach: 'xs',
    foreachPolicy: 'allowPartial',
    parallel: true,
    retryDelay: 3,
  } as const
  const inline = new Step({ name: 'a', action, ...settings }).draft
  expect(new Step({ name: 'a', action, config: new StepConfig(settings) }).draft).toEqual(inline)
  expect(new Step({ name: 'a', action, config: settings }).draft).toEqual(inline)
  expect(inline.definition).toMatchObject({
    timeoutMs: 1500,
    foreach: { source: 'xs', policy: 'allowPartial', concurrency: 1 },
  })
  expect(() => new Step({ name: 'a', action, timeout: 1, config: { retries: 1 } })).toThrow(/config and timeout/)
})

test('2.2 validationTimeout is kept in milliseconds, and its default says nothing', () => {
  expect(definitionOf({ action, validationTimeout: 2 }).validationTimeoutMs).toBe(2000)
  expect(definitionOf({ action, validationTimeout: 30 })).toEqual(definitionOf({ action }))
})

test('F-2 retries n means n + 1 attempts, also for none', () => {
  expect(new Step({ name: 'a', action, retries: 2 }).draft.retry).toEqual({ maxAttempts: 3 })
  expect(new Step({ name: 'a', action, retries: 0 }).draft.retry).toEqual({ maxAttempts: 1 })
  expect(new Step({ name: 'a', action }).draft.retry).toBeUndefined()
  expect(new Step({ name: 'a', action, config: new StepConfig() }).draft.retry).toBeUndefined()
})

test.each<[string, Omit<StepOptions, 'name'>]>([
  ['retries and maxRetries', { retries: 1, failurePolicy: { maxRetries: 1 } }],
  ['retries and maxAttempts', { retries: 1, failurePolicy: new FailurePolicy({ maxAttempts: 1 }) }],
  ['retries and retry', { retries: 1, retry: { maxAttempts: 2 } }],
  ['maxRetries and retry', { failurePolicy: { maxRetries: 1 }, retry: { maxAttempts: 2 } }],
  ['retry and a delay beside it', { retry: { maxAttempts: 2 }, retryDelay: 1 }],
])('F-2 %s on one step are refused', (_name, options) => {
  expect(() => new Step({ name: 'a', action, ...options })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test("F-2 the attempts of a policy and those of the step's own retry are one spelling", () => {
  const { draft } = new Step({ name: 'a', action, retry: { maxAttempts: 3 }, failurePolicy: { maxAttempts: 5 } })
  expect([draft.retry?.maxAttempts, draft.definition.failurePolicy?.maxAttempts]).toEqual([3, 5])
})

test('F-1 onFailure is a policy of one action', () => {
  expect(definitionOf({ action, onFailure: 'abort' }).failurePolicy).toMatchObject({
    onValidationFail: 'abort',
    onExecutionFail: 'abort',
    maxAttempts: 2,
  })
  expect(() => definitionOf({ action, onFailure: 'abort', failurePolicy: {} })).toThrow(/Give one of them/)
})

test('2.1 what a step does is its kind', () => {
  expect(definitionOf({ prompt: 'On {{goal}}' })).toMatchObject({
    kind: 'llm',
    prompt: 'On {{input.goal}}',
    effect: 'pure',
  })
  expect(definitionOf({ agent: 'support', prompt: 'x' })).toMatchObject({
    kind: 'agent',
    action: 'support',
    prompt: 'x',
  })
  expect(definitionOf({ tool: 'rest://a.b' })).toMatchObject({ kind: 'tool', effect: 'effectful' })
  expect(definitionOf({ workflow: 'other' })).toMatchObject({ kind: 'workflow', action: 'other' })
  expect(definitionOf({ rag: { query: '{{goal}}' } }).rag).toEqual({
    query: '{{input.goal}}',
    topK: 5,
    store: 'results',
  })
  expect(definitionOf({ action: wait.timer(5) })).toMatchObject({ kind: 'wait', wait: { ms: 5 } })
  expect(definitionOf({ wait: wait.approval({ show: '{{goal}}' }) }).wait).toMatchObject({ show: '{{input.goal}}' })
  expect(definitionOf({ steps: [new Step('b', action)] }).kind).toBe('region')
})

test('2.1 capabilities are required unless they say otherwise', () => {
  expect(
    definitionOf({ prompt: 'x', capabilities: ['reasoning', { kind: 'vision', required: false }] }).capabilities,
  ).toEqual([
    { kind: 'reasoning', required: true },
    { kind: 'vision', required: false },
  ])
})

test('2.1 a capability that says no more is required', () => {
  const { capabilities } = definitionOf({ prompt: 'x', capabilities: [{ kind: 'vision' }] })
  expect(capabilities).toEqual([{ kind: 'vision', required: true }])
})

test('2.1 strategies take their own settings', () => {
  expect(definitionOf({ prompt: 'x', strategy: 'race' }).strategy).toEqual({
    type: 'race',
    candidates: 2,
    staggerMs: 0,
  })
  expect(definitionOf({ prompt: 'x', strategy: { type: 'race', candidates: 3 } }).strategy).toEqual({
    type: 'race',
    candidates: 3,
    staggerMs: 0,
  })
})

test('2.1 reads and writes are other spellings', () => {
  expect(definitionOf({ action, reads: ['a'], writes: [] })).toMatchObject({ readKeys: ['a'], writeKeys: [] })
  expect(() => definitionOf({ action, reads: [], readKeys: [] })).toThrow(/mean the same/)
})

test('4.2 settings of a foreach need one', () => {
  expect(() => definitionOf({ action, itemKey: 'id' })).toThrow(/itemKey without foreach/)
  expect(definitionOf({ action, foreach: 'xs', foreachConcurrency: 4, itemKey: 'id' }).foreach).toEqual({
    source: 'xs',
    policy: 'requireAll',
    concurrency: 4,
    itemKey: 'id',
  })
})

test('C-8 a contract that is no Standard Schema is refused', () => {
  expect(() => definitionOf({ action, outputContract: { type: 'object' } as never })).toThrow(/is no Standard Schema/)
  expect(new Step({ name: 'a', action, outputContract: z.string() }).draft.outputContract).toBeDefined()
})
