import { APICallError, LoadAPIKeyError } from '@ai-sdk/provider'
import { executionRetryContext, ParleyError, type TemplateActionContext } from '@parley/spec'
import { createVirtualClock, languageModelDouble, scriptedModel, type LanguageModelCall } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { fromAiSdk } from './ai-sdk-action.ts'

const context = (given: Partial<TemplateActionContext> = {}): TemplateActionContext => ({
  stepId: 'ask',
  inputs: { topic: 'tides' },
  signal: new AbortController().signal,
  ...given,
})

test('15 fromAiSdk asks the model that it was given', async () => {
  const calls: LanguageModelCall[] = []
  const onCall = (call: LanguageModelCall): void => void calls.push(call)
  const ask = fromAiSdk(languageModelDouble(scriptedModel(['Fine.', '{"a":1}']), { onCall, modelId: 'm' }))
  const action = ask('About {topic}', { system: 'Be brief.', maxOutputTokens: 50, temperature: 0 })
  expect(action.promptTemplate).toBe('About {topic}')
  let count = 0
  const retryContext = executionRetryContext(1, 'execution')
  const answer = await action(context({ retryContext, incrementLlmCalls: () => void (count += 1) }))
  expect(answer).toMatchObject({ text: 'Fine.', model: 'test/m', metadata: { endReason: 'stop' } })
  expect(answer).not.toHaveProperty('data')
  expect(answer.usage.totalTokens).toBe(answer.usage.promptTokens + answer.usage.completionTokens)
  expect(count).toBe(1)
  expect(calls[0]).toMatchObject({
    prompt: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [{ type: 'text', text: `About tides\n\n[Attempt 2. ${retryContext.guidance}]` }],
      },
    ],
    maxOutputTokens: 50,
    temperature: 0,
  })
  const structured = ask('x', { output: z.object({ a: z.number() }) })
  expect(await structured(context())).toMatchObject({ data: { a: 1 } })
  expect(calls[1]?.responseFormat).toMatchObject({ type: 'json', name: 'ask' })
})

test('15 what is no language model is refused at once', () => {
  expect(() => fromAiSdk({ specificationVersion: 'v3' } as never)).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test.each<object>([{ model: 'x' }, { baseUrl: 'https://example.com' }, { fetch }, { credentials: () => 'x' }])(
  '15 address, key and model are the business of the provider: %o',
  (options) => {
    const ask = fromAiSdk(languageModelDouble(scriptedModel(['x'])))
    expect(() => ask('x', options)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  },
)

test.each(['apiKey', 'API_KEY', 'access-token'])('S14 %s is refused at construction and per call', async (name) => {
  const ask = fromAiSdk(languageModelDouble(scriptedModel(['x'])))
  const options: object = { [name]: 's3cret' }
  expect(() => ask('x', options)).toThrow(/CredentialSource/)
  await expect(ask('x')(context(), options)).rejects.toMatchObject({ code: 'invalid_options', details: { path: name } })
})

test.each([
  [
    new APICallError({ message: 's3cret', url: 'https://vendor.test', requestBodyValues: {}, statusCode: 503 }),
    'model_unavailable',
  ],
  [new LoadAPIKeyError({ message: 's3cret' }), 'model_unauthorized'],
])('S15 a provider error is our sentence alone, without a cause: %s', async (thrown, code) => {
  const ask = fromAiSdk(languageModelDouble(scriptedModel([thrown])))
  const error: unknown = await ask('x')(context()).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code })
  expect(ParleyError.isInstance(error) && error.cause).toBeUndefined()
  expect(JSON.stringify(error)).not.toContain('s3cret')
})

test('15 a call ends after 120 s', async () => {
  const clock = createVirtualClock()
  const asked = Promise.withResolvers<void>()
  const inner = scriptedModel([
    () => {
      asked.resolve()
      return new Promise(() => {})
    },
  ])
  let isOver = false
  const work = fromAiSdk(languageModelDouble(inner))('x', { clock })(context()).catch((error: unknown) => {
    isOver = true
    return error
  })
  await asked.promise
  await clock.advance(119_999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(await work).toMatchObject({ code: 'model_timeout', details: { timeoutMs: 120_000 } })
})
