import { createVirtualClock, scriptedModel } from '@parley/testing'
import { chatModelSuite } from '@parley/testing/conformance'
import { describe, expect, test } from 'vitest'
import type { ChatModel, ChatPart, ChatRequest } from './chat-model.ts'
import type { ErrorCode } from './error-codes.ts'
import { generate } from './generate.ts'
import { ParleyError } from './parley-error.ts'
import { withFallback } from './with-fallback.ts'

const request: ChatRequest = { messages: [{ role: 'user', content: 'Hi' }] }
const signal = new AbortController().signal
const failing = (code: ErrorCode, id = 'a/first'): ReturnType<typeof scriptedModel> =>
  scriptedModel([new ParleyError({ code, message: 'As scripted.' })], { id })
/** A model that gives these parts and then fails or stops. */
const breaking = (parts: ChatPart[], error?: ParleyError): ChatModel => ({
  ...scriptedModel([], { id: 'a/first' }),
  async *stream() {
    yield* parts
    if (error) throw error
  },
})

chatModelSuite('withFallback', () => ({
  text: () => ({ model: withFallback([scriptedModel(['Good day.'], { then: 'last' })]), request, text: 'Good day.' }),
  hang: (when) => {
    const slow =
      when === 'beforeContent'
        ? scriptedModel([() => new Promise(() => {})])
        : scriptedModel(['Good day.'], { partMs: 1000, clock: createVirtualClock() })
    return {
      model: withFallback([slow, scriptedModel(['other'])], { attemptMs: 500, clock: createVirtualClock() }),
      request,
    }
  },
  brokenOff: (when) => {
    const parts: ChatPart[] = when === 'afterContent' ? [{ type: 'textDelta', text: 'Good' }] : []
    return { model: withFallback([breaking(parts)]), request }
  },
  failure: (code) => ({ model: withFallback([failing(code)]), request }),
}))

describe('withFallback', () => {
  test.each<ErrorCode>(['model_rate_limited', 'model_unavailable', 'model_timeout', 'model_stream_broken'])(
    'PO-17 moves on after %s before the first content, and says so',
    async (code) => {
      const second = scriptedModel(['From the second.'], { id: 'b/second' })
      const model = withFallback([failing(code), second])
      const parts: ChatPart[] = []
      for await (const part of model.stream(request, { signal })) parts.push(part)
      expect(parts.at(-1)).toMatchObject({ type: 'end', warnings: [`a/first failed before: ${code}`] })
      expect(second.requests).toEqual([request])
    },
  )

  test.each<ErrorCode>([
    'model_unauthorized',
    'model_quota',
    'model_context_exceeded',
    'model_refused',
    'model_request_invalid',
    'budget_exceeded',
  ])('PO-17 does not move on after %s', async (code) => {
    const second = scriptedModel(['unheard'], { id: 'b/second' })
    await expect(generate(withFallback([failing(code), second]), request, { signal })).rejects.toMatchObject({ code })
    expect(second.requests).toEqual([])
  })

  test('PO-17 does not move on after content, even when the error says it may be retried', async () => {
    const second = scriptedModel(['unheard'])
    const error = new ParleyError({ code: 'model_unavailable', message: 'Down.' })
    for (const part of [
      { type: 'textDelta', text: 'Half' },
      { type: 'toolCallDelta', callId: 'c', argumentsDelta: '{' },
    ] as const) {
      await expect(
        generate(withFallback([breaking([part], error), second]), request, { signal }),
      ).rejects.toMatchObject({ code: 'model_unavailable' })
      await expect(generate(withFallback([breaking([part]), second]), request, { signal })).rejects.toMatchObject({
        code: 'model_stream_broken',
        retryable: false,
      })
    }
    expect(second.requests).toEqual([])
  })

  test('PO-17 the usage of a failed attempt is not given out', async () => {
    const usage = { inputTokens: 99, outputTokens: 0 }
    const error = new ParleyError({ code: 'model_unavailable', message: 'Down.' })
    const model = withFallback([breaking([{ type: 'usage', usage }], error), scriptedModel(['Yes.'])])
    const parts: ChatPart[] = []
    for await (const part of model.stream(request, { signal })) parts.push(part)
    expect(parts.some((part) => part.type === 'usage')).toBe(false)
  })

  test('PO-17 an attempt without content in time is left for the next', async () => {
    const clock = createVirtualClock()
    const slow = scriptedModel(['too late'], { id: 'a/slow', ttftMs: 2000, clock })
    const model = withFallback([slow, scriptedModel(['In time.'])], { attemptMs: 800, clock })
    const result = generate(model, request, { signal })
    await clock.advance(800)
    expect((await result).text).toBe('In time.')
    expect(clock.pending).toBe(0)
  })

  test('PO-17 a slow answer that has begun is not cut', async () => {
    const clock = createVirtualClock()
    const slow = scriptedModel(['one two three'], { ttftMs: 700, partMs: 500, clock })
    const result = generate(withFallback([slow], { attemptMs: 800, clock }), request, { signal })
    await clock.advance(5000)
    expect((await result).text).toBe('one two three')
  })

  test('PO-17 the last failure is what the caller gets, and an abort asks nobody else', async () => {
    const models = [failing('model_rate_limited'), failing('model_unavailable', 'b/second')]
    await expect(generate(withFallback(models), request, { signal })).rejects.toMatchObject({
      code: 'model_unavailable',
    })
    const second = scriptedModel(['unheard'])
    const controller = new AbortController()
    const reason = new Error('enough')
    const first = scriptedModel([
      () => {
        controller.abort(reason)
        return new ParleyError({ code: 'model_unavailable', message: 'Down.' })
      },
    ])
    await expect(generate(withFallback([first, second]), request, { signal: controller.signal })).rejects.toBe(reason)
    expect(second.requests).toEqual([])
  })

  test('PO-10 its card promises what all models can do, at the price of the dearest', () => {
    const from = '2026-01-01T00:00:00.000Z'
    const one = scriptedModel([], {
      id: 'a/one',
      card: { contextTokens: 10, input: ['text', 'image'], price: { from, input: 1, output: 9 } },
    })
    const two = scriptedModel([], {
      id: 'b/two',
      card: { tools: false, input: ['text'], structuredOutput: 'tool', price: { from, input: 5, output: 2 } },
    })
    const { id, card } = withFallback([one, two])
    expect(id).toBe('fallback/a/one+b/two')
    expect(card).toMatchObject({
      id,
      contextTokens: 10,
      input: ['text'],
      tools: false,
      structuredOutput: 'tool',
      price: { input: 5, output: 9 },
    })
    expect(withFallback([one, scriptedModel([])]).card.price).toBeUndefined()
  })

  test('no model at all is refused', () => {
    expect(() => withFallback([])).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })
})
