import { createVirtualClock, scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import type { ChatModel } from '../chat-model.ts'
import type { Contract } from '../contract.ts'
import { ParleyError } from '../parley-error.ts'
import { cutCauses } from './cut-causes.ts'
import { createTemplateAction, type TemplateAction, type TemplateActionContext } from './template-action.ts'
import type { TemplateActionOptions } from './template-action-options.ts'

const context: TemplateActionContext = { stepId: 'ask', inputs: {}, signal: new AbortController().signal }

function action(
  open: () => ChatModel | Promise<ChatModel>,
  {
    template = 'x',
    isCounted = true,
    ...options
  }: TemplateActionOptions & { template?: string; isCounted?: boolean } = {},
): TemplateAction {
  return createTemplateAction({ what: 'ask', template, options, ownOptions: [], isCounted, open })
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('15 usage has five numbers, 0 where the provider says nothing', async () => {
  const full = { inputTokens: 10, outputTokens: 7, cachedInputTokens: 4, reasoningTokens: 2 }
  const model = scriptedModel([
    { text: 'a', usage: full },
    { text: 'b', usage: { inputTokens: 3, outputTokens: 1 } },
  ])
  const ask = action(() => model)
  expect((await ask(context)).usage).toEqual({
    promptTokens: 10,
    completionTokens: 7,
    totalTokens: 17,
    cachedTokens: 4,
    reasoningTokens: 2,
  })
  expect((await ask(context)).usage).toEqual({
    promptTokens: 3,
    completionTokens: 1,
    totalTokens: 4,
    cachedTokens: 0,
    reasoningTokens: 0,
  })
  expect(model.calls.map(({ purpose }) => purpose)).toEqual(['step', 'step'])
})

test('15 latency is that of the clock', async () => {
  const clock = createVirtualClock()
  const work = action(() => scriptedModel(['a'], { ttftMs: 250, clock }), { clock })(context)
  await clock.advance(250)
  expect((await work).latencyMs).toBe(250)
})

test('15 a template that cannot be read is left to the workflow; a call says it', async () => {
  const ask = action(() => scriptedModel(['a']), { template: 'a\n{b' })
  expect(ask.promptTemplate).toBe('a\n{b')
  expect(await failure(ask(context))).toMatchObject({
    code: 'template_invalid',
    message: expect.stringContaining('line 2, column 1'),
  })
  expect(() => action(() => scriptedModel(['a']), { template: 7 as never })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test('15 the timeout bounds the way to a model too', async () => {
  const clock = createVirtualClock()
  const work = failure(action(() => new Promise(() => {}), { clock, timeout: 1 })(context))
  await clock.advance(1000)
  expect(await work).toMatchObject({ code: 'model_timeout', retryable: true })
})

test('15 a contract without a JSON Schema is refused at once, one of text takes the answer as it is', async () => {
  const standard = { version: 1 as const, vendor: 'other', validate: (value: unknown) => ({ value }) }
  const plain: Contract = { '~standard': standard }
  expect(() => action(() => scriptedModel(['a']), { output: plain })).toThrow(
    expect.objectContaining({ code: 'schema_unsupported' }),
  )
  const text: Contract & object = Object.assign({ '~standard': standard }, { toJsonSchema: () => ({ type: 'string' }) })
  const model = scriptedModel(['"a"'])
  expect(await action(() => model, { output: text })(context)).toMatchObject({ data: '"a"' })
  expect(model.requests[0]).not.toHaveProperty('output')
})

test('15 JSON in a fence is JSON', async () => {
  const list: Contract = Object.assign(
    { '~standard': { version: 1 as const, vendor: 'other', validate: (value: unknown) => ({ value }) } },
    { toJsonSchema: () => ({ type: 'array' }) },
  )
  const ask = action(() => scriptedModel(['```json\n[1, 2]\n```']), { output: list })
  expect((await ask(context)).data).toEqual([1, 2])
})

test('6 cut and withheld answers are errors that are not tried again', async () => {
  for (const [reason, code] of [
    ['length', 'model_output_truncated'],
    ['contentFilter', 'model_refused'],
  ] as const) {
    const error = await failure(action(() => scriptedModel([{ text: 'a', reason }]))(context))
    expect(error).toMatchObject({ code, retryable: false })
  }
})

test('F-6 what the engine sees is not counted twice', async () => {
  let count = 0
  const counting = { ...context, incrementLlmCalls: () => void (count += 1) }
  await action(() => scriptedModel(['a']), { isCounted: false })(counting)
  expect(count).toBe(0)
  await action(() => scriptedModel(['a']))(counting)
  expect(count).toBe(1)
})

test('S15 causes are cut and foreign errors are cleaned; an abort keeps its reason', async () => {
  const inner = new ParleyError({
    code: 'model_timeout',
    message: 'late',
    details: { a: 1 },
    cause: new Error('s3cret'),
  })
  const foreign = new TypeError('Bearer abcdefghijkl was refused')
  for (const [thrown, code, retryable] of [
    [inner, 'model_timeout', true],
    [foreign, 'model_unavailable', false],
  ] as const) {
    const error = await failure(action(() => cutCauses(scriptedModel([thrown])))(context))
    expect(error).toMatchObject({ code, retryable })
    expect(error).toHaveProperty('cause', undefined)
    expect(String(error)).not.toContain('abcdefghijkl')
  }
  const reason = new Error('cancelled')
  const signal = AbortSignal.abort(reason)
  expect(await failure(action(() => cutCauses(scriptedModel(['a'])))({ ...context, signal }))).toBe(reason)
})
