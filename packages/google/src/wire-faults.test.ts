import { generate, type ChatModel, type ChatRequest } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import {
  createGeminiDouble,
  type GeminiDouble,
  type GeminiDoubleOptions,
  type GeminiFault,
} from '@parley/testing/doubles'
import { afterEach, expect, test } from 'vitest'
import { createGeminiChatModel, type GeminiChatModelOptions } from './chat-model.ts'

const request: ChatRequest = { messages: [{ role: 'user', content: '¿Qué tal?' }] }
const signal = new AbortController().signal
const text = 'Muy bien, señor: 👍 gracias.'
const tools = [{ name: 'find', description: 'Finds.', parameters: { type: 'object' } }]

const doubles: GeminiDouble[] = []
afterEach(async () => {
  await Promise.all(doubles.splice(0).map((double) => double.close()))
})

async function start(
  doubleOptions: GeminiDoubleOptions = {},
  modelOptions: Partial<GeminiChatModelOptions> = {},
): Promise<{ double: GeminiDouble; model: ChatModel }> {
  const double = await createGeminiDouble({ script: [text], ...doubleOptions })
  doubles.push(double)
  const model = createGeminiChatModel({
    model: 'gemini-3.8-flash',
    apiKey: double.apiKey,
    baseURL: double.baseUrl,
    ...modelOptions,
  })
  return { double, model }
}

const harmless: GeminiFault[] = [
  { kind: 'burst' },
  { kind: 'drip' },
  { kind: 'comments' },
  { kind: 'crlf' },
  { kind: 'unknownEvent' },
  { kind: 'omit', what: 'usage' },
]
test.each(harmless)('WA-1 the answer survives $kind', async (fault) => {
  const { model } = await start({ faults: [fault] })
  expect(await generate(model, request, { signal })).toMatchObject({ text, reason: 'stop' })
})

test.each<[GeminiFault, string]>([
  [{ kind: 'drop', afterEvents: 3 }, 'model_stream_broken'],
  [{ kind: 'drop', afterEvents: 3, midCharacter: true }, 'model_stream_broken'],
  [{ kind: 'malformed', afterEvents: 3 }, 'model_stream_broken'],
  [{ kind: 'omit', what: 'finish' }, 'model_stream_broken'],
  [{ kind: 'errorEvent', afterEvents: 3, code: 'INTERNAL' }, 'model_unavailable'],
  [{ kind: 'errorEvent', afterEvents: 3, code: 'RESOURCE_EXHAUSTED' }, 'model_rate_limited'],
  [{ kind: 'errorEvent', afterEvents: 3, code: 'DEADLINE_EXCEEDED' }, 'model_timeout'],
  [{ kind: 'refuseConnection' }, 'model_unavailable'],
])('WA-1 PO-5 %o ends in its error', async (fault, code) => {
  const { model } = await start({ faults: [fault], chunk: 3 })
  const retryable = fault.kind === 'refuseConnection'
  await expect(generate(model, request, { signal })).rejects.toMatchObject({ code, retryable })
})

test.each<[number, string | undefined, string, string]>([
  [400, 'FAILED_PRECONDITION', '', 'model_unauthorized'],
  [400, 'INVALID_ARGUMENT', 'contents is not specified', 'model_request_invalid'],
  [401, 'UNAUTHENTICATED', '', 'model_unauthorized'],
  [403, 'PERMISSION_DENIED', '', 'model_unauthorized'],
  [404, 'NOT_FOUND', '', 'model_request_invalid'],
  [413, undefined, '', 'model_context_exceeded'],
  [429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.', 'model_quota'],
  [429, 'RESOURCE_EXHAUSTED', 'Please retry in 2s.', 'model_rate_limited'],
  [499, 'CANCELLED', '', 'model_unavailable'],
  [500, 'INTERNAL', '', 'model_unavailable'],
  [504, 'DEADLINE_EXCEEDED', '', 'model_timeout'],
])('PO-5 status %i %s %s is told apart', async (status, code, message, expected) => {
  const { model } = await start({
    faults: [{ kind: 'refuse', status, message, ...(code === undefined ? {} : { code }) }],
  })
  await expect(generate(model, request, { signal })).rejects.toMatchObject({
    code: expected,
    details: { status, model: 'google/gemini-3.8-flash' },
  })
})

test('PO-5 an error event before any content may be tried again', async () => {
  const { model } = await start({ faults: [{ kind: 'errorEvent', afterEvents: 0, code: 'UNAVAILABLE' }] })
  await expect(generate(model, request, { signal })).rejects.toMatchObject({
    code: 'model_unavailable',
    retryable: true,
  })
})

test('PO-5 silence inside an answer is a timeout, after the limit of the clock', async () => {
  const clock = createVirtualClock()
  const { model } = await start({ faults: [{ kind: 'stall', afterEvents: 3 }], chunk: 3 }, { clock, idleMs: 5000 })
  const stream = model.stream(request, { signal })[Symbol.asyncIterator]()
  for (let count = 0; count < 3; count++) await stream.next()
  const silence = stream.next()
  let isOver = false
  const watched = silence.catch((error: unknown) => {
    isOver = true
    return error
  })
  await clock.advance(4999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(await watched).toMatchObject({ code: 'model_timeout', retryable: false, details: { limitMs: 5000 } })
})

test('PO-7 an id that an earlier call of the conversation has is not used again', async () => {
  const { model } = await start(
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
  expect(toolCalls[0]?.callId).toBe(createSeededIds(9).next('call'))
})

test.each([
  ['length', 'length'],
  ['contentFilter', 'contentFilter'],
  ['other', 'other'],
] as const)('4 an answer that ends by %s says so', async (reason, expected) => {
  const { model } = await start({ script: [{ text: 'Half an ans', reason }] })
  expect(await generate(model, request, { signal })).toMatchObject({ text: 'Half an ans', reason: expected })
})

test.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL'])(
  'PO-4 what the model could not write, %s, is a broken answer that may be asked for again',
  async (finishReason) => {
    const data = JSON.stringify({ candidates: [{ content: { role: 'model' }, finishReason, index: 0 }] })
    const { model } = await start({ script: [{ recorded: [{ data }] }] })
    await expect(generate(model, request, { signal })).rejects.toMatchObject({
      code: 'model_stream_broken',
      retryable: true,
    })
  },
)

test('4 usage counts thinking as output, and comes with cached and audio tokens', async () => {
  const usage = {
    inputTokens: 100,
    outputTokens: 40,
    cachedInputTokens: 80,
    reasoningTokens: 30,
    audioInputTokens: 20,
  }
  const { model } = await start({ script: [{ text, usage }] })
  expect((await generate(model, request, { signal })).usage).toEqual(usage)
})

test('4 what the model thinks is shown where thinking was asked for', async () => {
  const { model } = await start({ script: [{ thinking: 'The number first.', text }] })
  expect(await generate(model, { ...request, reasoning: 'low' }, { signal })).toMatchObject({
    text,
    thinking: 'The number first.',
  })
  expect(await generate(model, request, { signal })).not.toHaveProperty('thinking')
})

test('PO-8 signatures go back on the parts they came with, else the vendor refuses', async () => {
  const answers = [
    { toolCalls: ['a', 'b'].map((callId) => ({ callId, name: 'find', arguments: {} })) },
    { text: 'Found.' },
    { text: 'As I said.' },
  ]
  const { model, double } = await start({ respond: ({ call }) => answers[Math.min(call, 2)] ?? text })
  const first = await generate(model, { ...request, tools }, { signal })
  const followUp = (reasoning: typeof first.reasoning): ChatRequest => ({
    tools,
    messages: [
      ...request.messages,
      {
        role: 'assistant',
        content: first.text,
        toolCalls: first.toolCalls,
        ...(reasoning === undefined ? {} : { reasoning }),
      },
      { role: 'tool', results: first.toolCalls.map(({ callId, name }) => ({ callId, name, content: 'account 7' })) },
    ],
  })
  await expect(
    generate(model, followUp({ vendor: 'google', calls: ['not one of its own'] }), { signal }),
  ).rejects.toMatchObject({ code: 'model_request_invalid' })
  expect(double.violations).toEqual(['Thought signature is not valid.'])
  const second = await generate(model, followUp(first.reasoning), { signal })
  expect(second.text).toBe('Found.')
  const third = followUp(first.reasoning)
  third.messages.push(
    { role: 'assistant', content: second.text, reasoning: second.reasoning ?? null },
    { role: 'user', content: 'Sure?' },
  )
  expect((await generate(model, third, { signal })).text).toBe('As I said.')
  const sent = double.received().at(-1)?.body as { contents: { parts: object[] }[] } | undefined
  const signed = sent?.contents.flatMap(({ parts }) => parts.map((part) => 'thoughtSignature' in part))
  expect(signed).toEqual([false, true, false, false, false, true, false])
})

test('PO-8 calls that another model has made are taken without its signatures', async () => {
  const { model, double } = await start()
  const messages: ChatRequest['messages'] = [
    ...request.messages,
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ callId: 'call_1', name: 'find', arguments: '{"half": ' }],
      reasoning: { vendor: 'openai', items: [] },
    },
    { role: 'tool', results: [{ callId: 'call_1', name: 'find', content: 'No JSON.', isError: true }] },
  ]
  expect((await generate(model, { tools, messages }, { signal })).text).toBe(text)
  expect(double.violations).toEqual([])
})

test('PO-9 a model that takes no schema beside tools gets it as a tool, whose arguments are the text', async () => {
  const output = { name: 'topic', schema: { type: 'object', properties: { topic: { type: 'string' } } } }
  for (const [name, how] of [
    ['gemini-2.5-flash', 'tool'],
    ['gemini-3.8-flash', 'native'],
  ] as const) {
    const { model, double } = await start(
      {
        respond: ({ chat }) =>
          chat.output === undefined
            ? { toolCalls: [{ name: 'topic', arguments: { topic: 'line' } }] }
            : '{"topic":"line"}',
      },
      { model: name },
    )
    const answer = await generate(model, { ...request, tools, output }, { signal })
    expect(answer).toMatchObject({ text: '{"topic":"line"}', toolCalls: [], reason: 'stop' })
    expect(double.violations).toEqual([])
    const body = double.received().at(-1)?.body as { generationConfig?: { responseJsonSchema?: unknown } }
    expect(body.generationConfig?.responseJsonSchema).toEqual(how === 'native' ? output.schema : undefined)
  }
})

test('PO-10 a failed request is not sent again', async () => {
  const { model, double } = await start({
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

test('4 a wrong key is refused, and a function gives the key for each request', async () => {
  const keys = ['wrong', 'test-key']
  const { model, double } = await start({}, { apiKey: () => keys.shift() ?? '' })
  await expect(generate(model, request, { signal })).rejects.toMatchObject({
    code: 'model_unauthorized',
    details: { vendorCode: 'API_KEY_INVALID' },
  })
  expect((await generate(model, request, { signal })).text).toBe(text)
  expect(JSON.stringify(double.received())).not.toContain('test-key')
})
