import { APICallError, InvalidPromptError, LoadAPIKeyError } from '@ai-sdk/provider'
import { generate, type ChatModel, type ChatRequest } from '@parley/spec'
import { createVirtualClock, languageModelDouble, scriptedModel, type LanguageModelCall } from '@parley/testing'
import { chatModelSuite, type ModelFailure } from '@parley/testing/conformance'
import { describe, expect, test } from 'vitest'
import { fromLanguageModel } from './from-language-model.ts'

const request: ChatRequest = { system: 'Be brief.', messages: [{ role: 'user', content: 'Is my line down?' }] }
const signal = new AbortController().signal
const tools = ['find', 'check'].map((name) => ({ name, description: name, parameters: { type: 'object' } }))
const calls = [
  { name: 'find', arguments: '{"number": "1"}' },
  { name: 'check', arguments: '{}' },
]
const secret = 'sk-live-123 at /srv/app.py'

function apiError(statusCode: number, responseBody = secret): APICallError {
  return new APICallError({
    message: secret,
    url: 'https://vendor.test/v1',
    requestBodyValues: {},
    statusCode,
    responseBody,
    responseHeaders: { 'retry-after-ms': '1500' },
  })
}
const failures: Partial<Record<ModelFailure, Error>> = {
  model_unauthorized: apiError(401),
  model_quota: apiError(429, '{"error":{"code":"insufficient_quota"}}'),
  model_rate_limited: apiError(429),
  model_context_exceeded: apiError(400, '{"error":{"code":"context_length_exceeded"}}'),
  model_refused: apiError(400, '{"error":{"code":"content_policy_violation"}}'),
  model_request_invalid: apiError(400),
  model_unavailable: apiError(503),
  model_timeout: apiError(408),
}
const adapt = (model: ChatModel, onCall?: (call: LanguageModelCall) => void): ChatModel =>
  fromLanguageModel(languageModelDouble(model, onCall ? { onCall } : {}), { card: { input: ['text', 'image'] } })

/** A model that stops without an end. */
const brokenOff = (when: 'beforeContent' | 'afterContent'): ChatModel => ({
  ...scriptedModel([]),
  async *stream() {
    yield when === 'beforeContent'
      ? { type: 'usage', usage: { inputTokens: 1, outputTokens: 0 } }
      : { type: 'textDelta', text: 'Your line' }
  },
})

chatModelSuite('ai-sdk', () => {
  const seen: LanguageModelCall[] = []
  const note = (call: LanguageModelCall): void => void seen.push(call)
  return {
    text: () => ({
      model: adapt(scriptedModel(['Your line is fine.'], { then: 'last' })),
      request,
      text: 'Your line is fine.',
    }),
    toolCalls: () => ({ model: adapt(scriptedModel([{ toolCalls: calls }])), request: { ...request, tools }, calls }),
    badCallIds: (how) => {
      const callId = how === 'missing' ? '' : 'call_0'
      return {
        model: adapt(scriptedModel([{ toolCalls: calls.map((call) => ({ ...call, callId })) }])),
        request: { ...request, tools },
      }
    },
    hang: (when) => {
      const left = Promise.withResolvers<void>()
      const inner =
        when === 'beforeContent'
          ? scriptedModel([() => new Promise(() => {})])
          : scriptedModel(['Your line is fine.'], { partMs: 1000, clock: createVirtualClock() })
      const model = adapt(inner, ({ abortSignal }) =>
        abortSignal?.addEventListener('abort', () => left.resolve(), { once: true }),
      )
      return { model, request, left: left.promise }
    },
    failure: (code) => {
      const error = failures[code]
      if (!error) return undefined
      const retryAfterMs = code === 'model_rate_limited' ? { retryAfterMs: 1500 } : {}
      return {
        model: adapt(scriptedModel([error])),
        request,
        secrets: [secret, 'sk-live', 'vendor.test'],
        ...retryAfterMs,
      }
    },
    brokenOff: (when) => ({ model: adapt(brokenOff(when)), request }),
    unsupportedPart: () => ({
      model: adapt(scriptedModel(['unheard']), note),
      request: {
        messages: [{ role: 'user', content: [{ type: 'audio', mimeType: 'audio/wav', data: new Uint8Array(2) }] }],
      },
      path: 'messages[0].content[0]',
      sent: () => seen.length,
    }),
    system: () => ({
      model: adapt(scriptedModel(['a', 'b']), note),
      request,
      received: () =>
        seen.map(({ prompt }) => (prompt[0]?.role === 'system' ? String(prompt[0].content) : 'not first')),
    }),
    output: () => ({
      model: adapt(scriptedModel([({ output }) => (output?.name === 'topic' ? '{"topic":"line"}' : 'no schema came')])),
      request: { ...request, output: { name: 'topic', schema: { type: 'object' } } },
      json: { topic: 'line' },
    }),
  }
})

describe('fromLanguageModel', () => {
  test('PO-5 errors that are no calls are told apart by their marker', async () => {
    const missingKey = adapt(scriptedModel([new LoadAPIKeyError({ message: secret })]))
    await expect(generate(missingKey, request, { signal })).rejects.toMatchObject({
      code: 'model_unauthorized',
      retryable: false,
    })
    const badPrompt = adapt(scriptedModel([new InvalidPromptError({ prompt: {}, message: secret })]))
    await expect(generate(badPrompt, request, { signal })).rejects.toMatchObject({ code: 'model_request_invalid' })
    const unknown = adapt(scriptedModel([new TypeError('fetch failed')]))
    await expect(generate(unknown, request, { signal })).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: true,
    })
  })

  test('PO-5 an error part after content may not be tried again', async () => {
    const inner: ChatModel = {
      ...scriptedModel([]),
      async *stream() {
        yield { type: 'textDelta', text: 'Your' }
        throw apiError(503)
      },
    }
    await expect(generate(adapt(inner), request, { signal })).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: false,
    })
  })

  test('PO-9 a card without native output gets a forced tool or instructions', async () => {
    const seen: LanguageModelCall[] = []
    const schema = { type: 'object', properties: { topic: { type: 'string' } } }
    const withOutput = { ...request, output: { name: 'topic', schema } }
    const inner = scriptedModel([{ toolCalls: [{ name: 'topic', arguments: '{"topic":"line"}' }] }, '{"topic":"line"}'])
    const double = languageModelDouble(inner, { onCall: (call) => void seen.push(call) })
    const byTool = await generate(fromLanguageModel(double, { card: { structuredOutput: 'tool' } }), withOutput, {
      signal,
    })
    expect(byTool).toMatchObject({ text: '{"topic":"line"}', toolCalls: [], reason: 'stop' })
    expect(seen[0]).toMatchObject({
      toolChoice: { type: 'tool', toolName: 'topic' },
      tools: [{ name: 'topic', inputSchema: schema }],
    })
    const byText = await generate(
      fromLanguageModel(double, { card: { structuredOutput: 'instructions' } }),
      withOutput,
      { signal },
    )
    expect(byText.text).toBe('{"topic":"line"}')
    expect(seen[1]?.responseFormat).toBeUndefined()
    expect(String(seen[1]?.prompt[0]?.content)).toContain(JSON.stringify(schema))
  })

  test('a whole conversation reaches the provider and comes back the same', async () => {
    const inner = scriptedModel(['ok'])
    const conversation: ChatRequest = {
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See:' },
            { type: 'image', mimeType: 'image/png', data: new Uint8Array([1, 2]) },
          ],
        },
        {
          role: 'assistant',
          content: 'One moment.',
          toolCalls: [{ callId: 'call_1', name: 'find', arguments: '{"number":"1"}' }],
        },
        { role: 'tool', results: [{ callId: 'call_1', name: 'find', content: 'no such account', isError: true }] },
        { role: 'user', content: 'So?' },
      ],
      tools,
      toolChoice: { name: 'find' },
      temperature: 0,
      topP: 0.5,
      maxOutputTokens: 10,
      stop: ['END'],
      seed: 7,
      reasoning: 'low',
    }
    await generate(adapt(inner), conversation, { signal })
    expect(inner.requests[0]).toEqual({
      ...conversation,
      messages: conversation.messages.map((message, index) =>
        index === 0 || message.role !== 'user' ? message : { ...message },
      ),
    })
  })

  test('PO-8 reasoning with a signature goes back to the provider beside its calls', async () => {
    const prompts: unknown[] = []
    const double = {
      specificationVersion: 'v4' as const,
      provider: 'vendor.chat',
      modelId: 'thinker',
      doStream: async ({ prompt }: { prompt: unknown }) => {
        prompts.push(prompt)
        return {
          stream: new ReadableStream({
            start(controller) {
              controller.enqueue({ type: 'reasoning-start', id: '0' })
              controller.enqueue({ type: 'reasoning-delta', id: '0', delta: 'Hm.' })
              controller.enqueue({ type: 'reasoning-end', id: '0', providerMetadata: { vendor: { signature: 'sig' } } })
              controller.enqueue({ type: 'tool-call', toolCallId: 'call_1', toolName: 'find', input: '{}' })
              controller.enqueue({
                type: 'finish',
                finishReason: { unified: 'tool-calls', raw: undefined },
                usage: { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 5, reasoning: 2 } },
              })
              controller.close()
            },
          }),
        }
      },
    }
    const model = fromLanguageModel(double)
    expect(model.id).toBe('vendor/thinker')
    const first = await generate(model, { ...request, tools }, { signal })
    expect(first).toMatchObject({
      thinking: 'Hm.',
      usage: { inputTokens: 9, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 2 },
    })
    const { toolCalls, reasoning } = first
    await generate(
      model,
      {
        ...request,
        tools,
        messages: [
          ...request.messages,
          { role: 'assistant', content: '', toolCalls, ...(reasoning === undefined ? {} : { reasoning }) },
          { role: 'tool', results: [{ callId: 'call_1', name: 'find', content: 'found' }] },
        ],
      },
      { signal },
    )
    expect(prompts[1]).toMatchObject([
      { role: 'system' },
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Hm.', providerOptions: { vendor: { signature: 'sig' } } },
          { type: 'tool-call' },
        ],
      },
      { role: 'tool' },
    ])
  })

  test('something else than a v4 model is refused with the way out', () => {
    const old = { specificationVersion: 'v2', provider: 'x', modelId: 'y', doStream: () => Promise.resolve() }
    // The cast is what a caller without types does.
    expect(() => fromLanguageModel(old as never)).toThrow('specification "v4"')
  })
})
