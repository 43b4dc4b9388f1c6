import { executionRetryContext, ParleyError, type TemplateActionContext } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { createGeminiDouble, type GeminiDouble } from '@parley/testing/doubles'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { gemini, type GeminiActionOptions } from './gemini-action.ts'

let double: GeminiDouble
beforeEach(async () => {
  double = await createGeminiDouble({ script: ['Tides follow the moon.'] })
  vi.stubEnv('GOOGLE_API_KEY', double.apiKey)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await double.close()
})

const context = (given: Partial<TemplateActionContext> = {}): TemplateActionContext => ({
  stepId: 'ask-it',
  inputs: { topic: 'tides' },
  signal: new AbortController().signal,
  ...given,
})
const here = (): GeminiActionOptions => ({ baseUrl: double.baseUrl, allowLocalhost: true })
const failure = async (work: Promise<unknown>): Promise<ParleyError> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (ParleyError.isInstance(thrown)) return thrown
  throw new Error(`It ended with ${String(thrown)}.`)
}

test('15 the answer, with what it took and nothing of the raw response', async () => {
  const answer = await gemini('Facts about {topic}', { ...here(), model: 'gemini-2.5-flash' })(context())
  const { promptTokens, completionTokens } = answer.usage
  expect(answer).toEqual({
    text: 'Tides follow the moon.',
    model: 'google/gemini-2.5-flash',
    latencyMs: expect.any(Number),
    usage: {
      promptTokens,
      completionTokens,
      totalTokens: promptTokens + completionTokens,
      cachedTokens: 0,
      reasoningTokens: 0,
    },
    metadata: { provider: 'google', endReason: 'stop', responseId: expect.any(String) },
  })
  expect(promptTokens).toBeGreaterThan(0)
  expect(completionTokens).toBeGreaterThan(0)
  expect(double.violations).toEqual([])
})

test('15 options reach the wire; a call may say otherwise; on a retry one note follows', async () => {
  const action = gemini('Facts about {topic}', { ...here(), system: 'Be brief.', maxOutputTokens: 50, temperature: 0 })
  expect(action.promptTemplate).toBe('Facts about {topic}')
  const retryContext = executionRetryContext(1, 'execution')
  await action(context())
  await action(context({ retryContext }), { model: 'gemini-2.5-pro', system: 'Be long.', temperature: 1 })
  const [first, second] = double.received()
  expect(first).toMatchObject({
    path: '/v1beta/models/gemini-3.8-flash:streamGenerateContent',
    body: {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ text: 'Facts about tides' }] }],
      generationConfig: { maxOutputTokens: 50, temperature: 0 },
    },
  })
  expect(second).toMatchObject({
    path: '/v1beta/models/gemini-2.5-pro:streamGenerateContent',
    body: {
      systemInstruction: { parts: [{ text: 'Be long.' }] },
      contents: [{ parts: [{ text: `Facts about tides\n\n[Attempt 2. ${retryContext.guidance}]` }] }],
      generationConfig: { maxOutputTokens: 50, temperature: 1 },
    },
  })
})

test('15 the model is gemini-3.8-flash, the address that of the vendor and the timeout 120 s, unless others are given', async () => {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = (input) => {
    asked.push(String(input))
    return Promise.reject(new TypeError('fetch failed'))
  }
  expect(await failure(gemini('x', { fetch })(context()))).toMatchObject({ code: 'model_unavailable' })
  expect(asked).toEqual([
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse',
  ])
  const clock = createVirtualClock()
  const begun = Promise.withResolvers<void>()
  const hanging: typeof globalThis.fetch = () => {
    begun.resolve()
    return new Promise(() => {})
  }
  const work = failure(gemini('x', { clock, fetch: hanging })(context()))
  await begun.promise
  await clock.advance(120_000)
  expect(await work).toMatchObject({ code: 'model_timeout', details: { timeoutMs: 120_000 } })
})

test('15 an output contract asks for structured output, and data is what it made of the answer', async () => {
  double.setRespond(({ chat }) => (chat.output === undefined ? 'no schema came' : '{"topic":"tides"}'))
  const output = z.object({ topic: z.string(), count: z.number().default(3) })
  const answer = await gemini('x', { ...here(), output })(context())
  expect(answer).toMatchObject({ text: '{"topic":"tides"}', data: { topic: 'tides', count: 3 } })
  expect(double.violations).toEqual([])
})

test('15 without a key the first call says so, naming the variable, and nothing is sent', async () => {
  vi.stubEnv('GOOGLE_API_KEY', undefined)
  // The vendor's client knows this one too; it is not asked for.
  vi.stubEnv('GEMINI_API_KEY', 'another')
  const error = await failure(gemini('{topic}', here())(context()))
  expect(error).toMatchObject({ code: 'model_unauthorized', details: { variable: 'GOOGLE_API_KEY' } })
  expect(double.received()).toEqual([])
})

test('S14 a CredentialSource is asked at each call, and a key among the options is refused', async () => {
  vi.stubEnv('GOOGLE_API_KEY', undefined)
  const credentials = (name: string): string => (name === 'GOOGLE_API_KEY' ? double.apiKey : '')
  await gemini('x', { ...here(), credentials })(context())
  const options: object = { apiKey: 'AIzaSy-123456' }
  expect(() => gemini('x', options)).toThrow(/CredentialSource/)
  expect(await failure(gemini('x', here())(context(), options))).toMatchObject({ code: 'invalid_options' })
  expect(double.received()).toHaveLength(1)
})

test('S15 a provider error is our sentence alone, without a cause', async () => {
  double.fault({ kind: 'refuse', status: 429, message: 'AIzaSy-123456 at /srv/app.py', retryAfterMs: 1500 })
  const error = await failure(gemini('x', here())(context()))
  expect(error).toMatchObject({ code: 'model_rate_limited', retryable: true, details: { retryAfterMs: 1500 } })
  expect(error.cause).toBeUndefined()
  expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/AIza|app\.py/)
})

test('S15 the address has to be https, but for this machine where that is allowed', () => {
  const { baseUrl } = double
  for (const refused of [{ baseUrl }, { baseUrl: 'http://example.com', allowLocalhost: true }])
    expect(() => gemini('x', refused)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
})

test('F-4 the signal of the attempt ends the call with its own reason', async () => {
  const controller = new AbortController()
  const started = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  double.setRespond(({ signal }) => {
    signal.addEventListener('abort', () => left.resolve(), { once: true })
    started.resolve()
    return new Promise(() => {})
  })
  const work = gemini('x', here())(context({ signal: controller.signal }))
  await started.promise
  const reason = new Error('the run was cancelled')
  controller.abort(reason)
  await expect(work).rejects.toBe(reason)
  await left.promise
})

test('F-6 the call is counted before it is sent', async () => {
  let count = 0
  await gemini('x', here())(context({ incrementLlmCalls: (more = 1) => void (count += more) }))
  expect(count).toBe(1)
  const over = new Error('no calls left')
  const refusing = context({
    incrementLlmCalls() {
      throw over
    },
  })
  await expect(gemini('x', here())(refusing)).rejects.toBe(over)
  expect(double.received()).toHaveLength(1)
})
