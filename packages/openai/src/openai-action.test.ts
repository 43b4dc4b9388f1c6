import { executionRetryContext, ParleyError, type TemplateActionContext } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { createOpenAiDouble, type OpenAiDouble } from '@parley/testing/doubles'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { openai, openaiAdapter, type OpenAiActionOptions } from './openai-action.ts'

let double: OpenAiDouble
beforeEach(async () => {
  double = await createOpenAiDouble({ script: ['Tides follow the moon.'] })
  vi.stubEnv('OPENAI_API_KEY', double.apiKey)
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
const here = (): OpenAiActionOptions => ({ baseUrl: double.baseUrl, allowLocalhost: true })
const sent = (): unknown => double.received().at(-1)?.body
const failure = async (work: Promise<unknown>): Promise<ParleyError> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (ParleyError.isInstance(thrown)) return thrown
  throw new Error(`It ended with ${String(thrown)}.`)
}

test('15 the answer, with what it took and nothing of the raw response', async () => {
  const answer = await openai('Facts about {topic}', { ...here(), model: 'gpt-4.1-mini' })(context())
  const { promptTokens, completionTokens } = answer.usage
  expect(answer).toEqual({
    text: 'Tides follow the moon.',
    model: 'compatible/gpt-4.1-mini',
    latencyMs: expect.any(Number),
    usage: {
      promptTokens,
      completionTokens,
      totalTokens: promptTokens + completionTokens,
      cachedTokens: expect.any(Number),
      reasoningTokens: expect.any(Number),
    },
    metadata: { provider: 'compatible', endReason: 'stop', responseId: expect.any(String) },
  })
  expect(promptTokens).toBeGreaterThan(0)
  expect(completionTokens).toBeGreaterThan(0)
  expect(Number.isSafeInteger(answer.latencyMs)).toBe(true)
  expect(double.violations).toEqual([])
})

test('15 options reach the wire; a call may say otherwise', async () => {
  const action = openai('Facts about {topic}', { ...here(), system: 'Be brief.', maxOutputTokens: 50, temperature: 0 })
  await action(context())
  expect(sent()).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Facts about tides' },
    ],
    max_tokens: 50,
    temperature: 0,
  })
  await action(context(), { model: 'gpt-4.1', system: 'Be long.', maxOutputTokens: 60, temperature: 1 })
  expect(sent()).toMatchObject({
    model: 'gpt-4.1',
    messages: [{ content: 'Be long.' }, {}],
    max_tokens: 60,
    temperature: 1,
  })
})

test('15 the model is gpt-5-mini unless one is named', async () => {
  await openai('x', here())(context())
  expect(sent()).toMatchObject({ model: 'gpt-5-mini' })
})

test('15 the address is that of the vendor unless one is given', async () => {
  const asked: string[] = []
  const fetch: typeof globalThis.fetch = (input) => {
    asked.push(input instanceof Request ? input.url : String(input))
    return Promise.reject(new TypeError('fetch failed'))
  }
  expect(await failure(openai('x', { fetch })(context()))).toMatchObject({ code: 'model_unavailable' })
  expect(asked).toEqual(['https://api.openai.com/v1/responses'])
})

test('15 an output contract asks for structured output, and data is what it made of the answer', async () => {
  double.setRespond(({ chat }) => (chat.output?.name === 'ask_it' ? '{"topic":"tides"}' : 'no schema came'))
  const output = z.object({ topic: z.string(), count: z.number().default(3) })
  const answer = await openai('x', { ...here(), output })(context())
  expect(answer).toMatchObject({ text: '{"topic":"tides"}', data: { topic: 'tides', count: 3 } })
  double.setRespond(() => '{"topic":7,"note":"sk-live-123456"}')
  const error = await failure(openai('x', { ...here(), output })(context()))
  expect(error).toMatchObject({ code: 'contract_output', details: { fields: ['topic'] } })
  expect(JSON.stringify(error)).not.toContain('sk-live')
})

test('15 on a retry one note follows', async () => {
  const retryContext = executionRetryContext(1, 'execution')
  await openai('Facts about {topic}', here())(context({ retryContext }))
  expect(sent()).toMatchObject({
    messages: [{ content: `Facts about tides\n\n[Attempt 2. ${retryContext.guidance}]` }],
  })
})

test('15 openaiAdapter is openai, and the template can be read', () => {
  expect(openaiAdapter).toBe(openai)
  expect(openai('About {topic}').promptTemplate).toBe('About {topic}')
})

test('15 without a key the first call says so, naming the variable, and nothing is sent', async () => {
  vi.stubEnv('OPENAI_API_KEY', undefined)
  const action = openai('{topic}', here())
  const error = await failure(action(context()))
  expect(error).toMatchObject({ code: 'model_unauthorized', details: { variable: 'OPENAI_API_KEY' } })
  expect(error.message).toContain('OPENAI_API_KEY')
  expect(double.received()).toEqual([])
})

test('S14 a CredentialSource is asked at each call', async () => {
  vi.stubEnv('OPENAI_API_KEY', undefined)
  const asked: string[] = []
  const action = openai('x', {
    ...here(),
    credentials: (name) => {
      asked.push(name)
      return Promise.resolve(double.apiKey)
    },
  })
  await action(context())
  await action(context())
  expect(asked).toEqual(['OPENAI_API_KEY', 'OPENAI_API_KEY'])
  expect(double.received()).toHaveLength(2)
})

test.each(['apiKey', 'api_key', 'API-KEY', 'token', 'authToken', 'password'])(
  'S14 %s is refused at construction and per call',
  async (name) => {
    const options: object = { [name]: 'sk-live-123456' }
    expect(() => openai('x', options)).toThrow(/CredentialSource/)
    expect(() => openai('x', { modelOptions: options } as object)).toThrow(/CredentialSource/)
    const error = await failure(openai('x', here())(context(), options))
    expect(error).toMatchObject({ code: 'invalid_options', details: { path: name } })
    expect(JSON.stringify(error)).not.toContain('sk-live')
    expect(double.received()).toEqual([])
  },
)

test.each<[object, string]>([
  [{ modle: 'x' }, 'Did you mean "model"?'],
  [{ model: '' }, 'model'],
  [{ maxOutputTokens: 0 }, 'maxOutputTokens'],
  [{ temperature: Number.NaN }, 'temperature'],
  [{ timeout: 0 }, 'timeout'],
  [{ timeout: Infinity }, 'timeout'],
  [{ output: {} }, 'output'],
  [{ fetch: 1 }, 'fetch'],
])('1 options that cannot be meant are refused: %j', (options, text) => {
  expect(() => openai('x', options)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(() => openai('x', options)).toThrow(text)
})

test('S15 the address has to be https, but for this machine where that is allowed', async () => {
  const { baseUrl } = double
  for (const refused of [{ baseUrl }, { baseUrl: 'http://example.com', allowLocalhost: true }])
    expect(() => openai('x', refused)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  // A call cannot lead the key elsewhere.
  const call: object = { baseUrl: 'https://example.com' }
  expect(await failure(openai('x', here())(context(), call))).toMatchObject({ code: 'invalid_options' })
})

test('S15 a provider error is our sentence alone, without a cause', async () => {
  double.fault({ kind: 'refuse', status: 429, message: 'sk-live-123456 at /srv/app.py', retryAfterMs: 1500 })
  const error = await failure(openai('x', here())(context()))
  expect(error).toMatchObject({ code: 'model_rate_limited', retryable: true, details: { retryAfterMs: 1500 } })
  expect(error.cause).toBeUndefined()
  expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/sk-live|app\.py/)
})

test('15 a call ends after 120 s, or after the timeout that is given', async () => {
  for (const [options, timeoutMs] of [
    [{}, 120_000],
    [{ timeout: 2.5 }, 2_500],
  ] as const) {
    const clock = createVirtualClock()
    const asked = Promise.withResolvers<AbortSignal | null | undefined>()
    const fetch: typeof globalThis.fetch = (_input, init) => {
      asked.resolve(init?.signal)
      return new Promise(() => {})
    }
    let ended: ParleyError | undefined
    const work = failure(openai('x', { ...options, clock, fetch })(context())).then((error) => (ended = error))
    const signal = await asked.promise
    await clock.advance(timeoutMs - 1)
    expect(ended).toBeUndefined()
    await clock.advance(1)
    expect(await work).toMatchObject({ code: 'model_timeout', details: { timeoutMs } })
    expect(signal?.aborted).toBe(true)
  }
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
  const work = openai('x', here())(context({ signal: controller.signal }))
  await started.promise
  const reason = new Error('the run was cancelled')
  controller.abort(reason)
  await expect(work).rejects.toBe(reason)
  await left.promise
})

test('F-6 the call is counted before it is sent, and not made when there is none left', async () => {
  let count = 0
  const counted = context({ incrementLlmCalls: (more = 1) => void (count += more) })
  await openai('x', here())(counted)
  expect(count).toBe(1)
  const over = new Error('no calls left')
  const refusing = context({
    incrementLlmCalls() {
      throw over
    },
  })
  await expect(openai('x', here())(refusing)).rejects.toBe(over)
  expect(double.received()).toHaveLength(1)
})

test('2.4.4 a name without a value fails before any spend', async () => {
  let count = 0
  const work = openai('{nobody}', here())(context({ incrementLlmCalls: () => void (count += 1) }))
  expect(await failure(work)).toMatchObject({ code: 'template_unresolved', details: { path: 'nobody' } })
  expect([count, double.received().length]).toEqual([0, 0])
})

test('6 an answer that was cut is an error that is not tried again', async () => {
  double.setRespond(() => ({ text: 'Tides fol', reason: 'length' }))
  expect(await failure(openai('x', here())(context()))).toMatchObject({
    code: 'model_output_truncated',
    retryable: false,
  })
})
