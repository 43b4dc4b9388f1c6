import { generate, type ChatModel, type ChatPart, type ChatRequest } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import {
  createOpenAiDouble,
  type OpenAiDouble,
  type OpenAiDoubleOptions,
  type OpenAiFault,
} from '@parley/testing/doubles'
import { afterEach, describe, expect, test } from 'vitest'
import { createOpenAiChatModel, type OpenAiChatModelOptions } from './chat-model.ts'

const request: ChatRequest = { messages: [{ role: 'user', content: '¿Qué tal?' }] }
const signal = new AbortController().signal
const text = 'Muy bien, señor: 👍 gracias.'
const tools = [{ name: 'find', description: 'Finds.', parameters: { type: 'object' } }]

const doubles: OpenAiDouble[] = []
afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.close()))
})

async function start(
  api: 'responses' | 'chat',
  doubleOptions: OpenAiDoubleOptions = {},
  modelOptions: Partial<OpenAiChatModelOptions> = {},
): Promise<{ double: OpenAiDouble; model: ChatModel }> {
  const double = await createOpenAiDouble({ script: [text], ...doubleOptions })
  doubles.push(double)
  const model = createOpenAiChatModel({
    model: 'gpt-5-mini',
    apiKey: double.apiKey,
    baseURL: double.baseUrl,
    api,
    ...modelOptions,
  })
  return { double, model }
}

describe.each(['responses', 'chat'] as const)('openai over %s', (api) => {
  const harmless: OpenAiFault[] = [
    { kind: 'burst' },
    { kind: 'drip' },
    { kind: 'comments' },
    { kind: 'crlf' },
    { kind: 'unknownEvent' },
    { kind: 'omit', what: 'usage' },
  ]
  test.each(harmless)('WA-1 the answer survives $kind', async (fault) => {
    const { model } = await start(api, { faults: [fault] })
    expect(await generate(model, request, { signal })).toMatchObject({ text, reason: 'stop' })
  })

  test.each<[OpenAiFault, string]>([
    [{ kind: 'drop', afterEvents: 6 }, 'model_stream_broken'],
    [{ kind: 'drop', afterEvents: 6, midCharacter: true }, 'model_stream_broken'],
    [{ kind: 'malformed', afterEvents: 6 }, 'model_stream_broken'],
    [{ kind: 'errorEvent', afterEvents: 6, code: 'server_error' }, 'model_unavailable'],
    [{ kind: 'errorEvent', afterEvents: 6, code: 'rate_limit_exceeded' }, 'model_rate_limited'],
    [{ kind: 'refuseConnection' }, 'model_unavailable'],
  ])('WA-1 PO-5 %o ends in its error', async (fault, code) => {
    const { model } = await start(api, { faults: [fault], chunk: 3 })
    const retryable = fault.kind === 'refuseConnection'
    await expect(generate(model, request, { signal })).rejects.toMatchObject({ code, retryable })
  })

  test('PO-5 an error event before any content may be tried again', async () => {
    const { model } = await start(api, { faults: [{ kind: 'errorEvent', afterEvents: 1, code: 'server_error' }] })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: true,
    })
  })

  test('PO-5 silence inside an answer is a timeout, after the limit of the clock', async () => {
    const clock = createVirtualClock()
    const { model } = await start(
      api,
      { faults: [{ kind: 'stall', afterEvents: 6 }], chunk: 3 },
      { clock, idleMs: 5000 },
    )
    const stream = model.stream(request, { signal })[Symbol.asyncIterator]()
    for (let count = 0; count < (api === 'responses' ? 2 : 5); count++) await stream.next()
    const silence = stream.next()
    silence.catch(() => {})
    await clock.advance(4999)
    const early = await Promise.race([
      silence.then(
        () => 'part',
        () => 'error',
      ),
      Promise.resolve('waiting'),
    ])
    expect(early).toBe('waiting')
    await clock.advance(1)
    await expect(silence).rejects.toMatchObject({ code: 'model_timeout', retryable: false, details: { limitMs: 5000 } })
  })

  test('PO-5 a refusal in the words of the model is an error without those words', async () => {
    const { model } = await start(api, { script: [{ refusal: 'I will not help with Mr Smith.' }] })
    const error: unknown = await generate(model, request, { signal }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'model_refused', retryable: false })
    expect(JSON.stringify(error)).not.toContain('Smith')
  })

  test('PO-7 arguments that are no JSON are passed on as written', async () => {
    const { model } = await start(api, { script: [{ toolCalls: [{ name: 'find', arguments: '{"id": 12' }] }] })
    const { toolCalls } = await generate(model, { ...request, tools }, { signal })
    expect(toolCalls).toMatchObject([{ name: 'find', arguments: '{"id": 12' }])
  })

  test('PO-7 an id that an earlier call of the conversation has is not used again', async () => {
    const { model } = await start(
      api,
      { script: [{ toolCalls: [{ callId: 'call_0', name: 'find', arguments: {} }] }] },
      { ids: createSeededIds(9) },
    )
    const { toolCalls } = await generate(
      model,
      {
        tools,
        messages: [
          ...request.messages,
          { role: 'assistant', content: '', toolCalls: [{ callId: 'call_0', name: 'find', arguments: '{}' }] },
          { role: 'tool', results: [{ callId: 'call_0', name: 'find', content: 'found' }] },
        ],
      },
      { signal },
    )
    expect(toolCalls[0]?.callId).toBe(`${createSeededIds(9).next('call')}`)
  })

  test('a length limit ends with its reason, and a call that was cut is not given', async () => {
    const { model } = await start(api, { script: [{ text: 'Half an ans', reason: 'length' }] })
    expect(await generate(model, request, { signal })).toMatchObject({ text: 'Half an ans', reason: 'length' })
  })

  test('usage comes with cached and reasoning tokens', async () => {
    const usage = { inputTokens: 100, outputTokens: 40, cachedInputTokens: 80, reasoningTokens: 30 }
    const { model } = await start(api, { script: [{ text, usage }] })
    expect((await generate(model, request, { signal })).usage).toEqual(usage)
  })

  test('PO-10 a failed request is not sent again', async () => {
    const { model, double } = await start(api, {
      faults: [
        { kind: 'refuse', status: 503 },
        { kind: 'refuse', status: 429, retryAfterMs: 1 },
      ],
    })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({ code: 'model_unavailable' })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({
      code: 'model_rate_limited',
      details: { retryAfterMs: 1 },
    })
    expect(double.received()).toHaveLength(2)
    expect((await generate(model, request, { signal })).text).toBe(text)
  })

  test('a caller that leaves at the end still lets the connection close properly', async () => {
    const { model, double } = await start(api)
    for (let call = 0; call < 5; call++) {
      await generate(model, request, { signal })
      await double.received().at(-1)?.ended
    }
    const ends = await Promise.all(double.received().map(({ ended }) => ended))
    expect(new Set(ends)).toEqual(new Set(['answered']))
    // The last bytes of an answer may still be on their way when the next request leaves.
    expect(double.connections).toBeLessThan(5)
  })

  test('a wrong key is refused, a function gives the key for each request, and no key sends no header', async () => {
    const keys = ['wrong', 'test-key']
    const { model, double } = await start(api, {}, { apiKey: () => keys.shift() ?? '' })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({ code: 'model_unauthorized' })
    expect((await generate(model, request, { signal })).text).toBe(text)
    expect(JSON.stringify(double.received())).not.toContain('test-key')
    const keyless = createOpenAiChatModel({ model: 'm', baseURL: double.baseUrl, api })
    const error: unknown = await generate(keyless, request, { signal }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'model_unauthorized', cause: { code: null } })
  })
})

describe('openai over responses', () => {
  test('PO-8 reasoning items go back next to their calls, else the vendor refuses', async () => {
    const answers = [
      { thinking: 'The number first.', toolCalls: [{ callId: 'call_a', name: 'find', arguments: {} }] },
      { text: 'Found.' },
    ]
    const { model, double } = await start('responses', { respond: ({ call }) => answers[Math.min(call, 1)] ?? text })
    const first = await generate(model, { ...request, tools, reasoning: 'low' }, { signal })
    expect(first.thinking).toBe('The number first.')
    const followUp = (reasoning: typeof first.reasoning): ChatRequest => ({
      tools,
      reasoning: 'low',
      messages: [
        ...request.messages,
        {
          role: 'assistant',
          content: first.text,
          toolCalls: first.toolCalls,
          ...(reasoning === undefined ? {} : { reasoning }),
        },
        { role: 'tool', results: [{ callId: 'call_a', name: 'find', content: 'account 7' }] },
      ],
    })
    await expect(generate(model, followUp(undefined), { signal })).rejects.toMatchObject({
      code: 'model_request_invalid',
    })
    await expect(generate(model, followUp({ vendor: 'other' }), { signal })).rejects.toMatchObject({
      code: 'model_request_invalid',
    })
    expect((await generate(model, followUp(first.reasoning), { signal })).text).toBe('Found.')
    expect(double.violations).toHaveLength(2)
  })
})

test('PO-9 a card without native output gets a forced tool, its arguments streamed as the text', async () => {
  const { model, double } = await start(
    'chat',
    {
      chunk: 4,
      respond: ({ chat }) =>
        typeof chat.toolChoice === 'object'
          ? { toolCalls: [{ name: chat.toolChoice.name, arguments: { topic: 'line' } }] }
          : 'not forced',
    },
    { card: { structuredOutput: 'tool' } },
  )
  const schema = { type: 'object', properties: { topic: { type: 'string' } } }
  const parts: ChatPart[] = []
  for await (const part of model.stream({ ...request, output: { name: 'topic', schema } }, { signal })) parts.push(part)
  const deltas = parts.filter(({ type }) => type === 'textDelta')
  expect(deltas.length).toBeGreaterThan(1)
  expect(parts.map((part) => (part.type === 'textDelta' ? part.text : '')).join('')).toBe('{"topic":"line"}')
  expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
  expect(double.received()[0]?.body).not.toHaveProperty('response_format')
})

test('a schema that strict mode would refuse is sent without strictness', async () => {
  const { model, double } = await start('responses', { script: ['{}'] })
  const schema = { type: 'object', properties: { note: { type: 'string' } } }
  expect((await generate(model, { ...request, output: { name: 'note', schema } }, { signal })).text).toBe('{}')
  expect(double.violations).toEqual([])
  const forced = { ...request, output: { name: 'note', schema, strict: true } }
  await expect(generate(model, forced, { signal })).rejects.toMatchObject({ code: 'model_request_invalid' })
})
