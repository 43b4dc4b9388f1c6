import type { ChatRequest, ModelCard } from '@parley/spec'
import { generate } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { createOpenAiDouble, respondWithModel } from '@parley/testing/doubles'
import { describe, expect, test } from 'vitest'
import { createOpenAiChatModel } from './chat-model.ts'
import { openAiModelCard } from './model-card.ts'
import { isStrictSchema } from './strict-schema.ts'
import { toChatCompletionsRequest } from './to-chat-request.ts'
import { toResponsesRequest } from './to-responses-request.ts'
import { toVendorMetadata } from './vendor-metadata.ts'

const signal = new AbortController().signal
const card: ModelCard = openAiModelCard('gpt-5-mini', 'openai')
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
const conversation: ChatRequest = {
  system: 'You are the desk.\n\nBe brief. ñ',
  messages: [
    { role: 'user', content: 'My account is 123456.' },
    {
      role: 'assistant',
      content: 'One moment.',
      toolCalls: [
        { callId: 'call_1', name: 'find', arguments: '{"number": "123456"}' },
        { callId: 'call_2', name: 'check', arguments: '{}' },
      ],
    },
    {
      role: 'tool',
      results: [
        { callId: 'call_1', name: 'find', content: '{"id":7}' },
        { callId: 'call_2', name: 'check', content: 'no line', isError: true },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See this:' },
        { type: 'image', mimeType: 'image/png', data: new Uint8Array([1, 2, 255]) },
      ],
    },
  ],
  tools: [
    { name: 'find', description: 'Finds.', parameters: { type: 'object', properties: { number: { type: 'string' } } } },
    { name: 'check', description: 'Checks.', parameters: { type: 'object' } },
  ],
  toolChoice: { name: 'find' },
  output: { name: 'answer', schema, strict: true },
  temperature: 0,
  topP: 0.9,
  maxOutputTokens: 50,
  reasoning: 'low',
  cacheKey: 'room_1',
}

describe.each(['responses', 'chat'] as const)('over %s', (api) => {
  test('PO-8 a whole conversation crosses the wire and reaches the model behind the double unchanged', async () => {
    const inner = scriptedModel([{ text: 'Done.', usage: { inputTokens: 5, outputTokens: 2 } }])
    await using double = await createOpenAiDouble({ respond: respondWithModel(inner) })
    const model = createOpenAiChatModel({
      model: 'gpt-5-mini',
      apiKey: 'test-key',
      baseURL: double.baseUrl,
      api,
      sendMetadata: true,
    })
    const about = { purpose: 'opening', metadata: { phase: 'intake', turnId: 'turn_1' } } as const
    const result = await generate(model, conversation, { signal, ...about })
    expect(result).toMatchObject({ text: 'Done.', usage: { inputTokens: 5, outputTokens: 2 } })
    expect(inner.requests).toEqual([conversation])
    expect(inner.calls[0]).toMatchObject(about)
    expect(double.violations).toEqual([])
  })

  test('PO-9 options of the vendor go with the body, but cannot replace what the request says', async () => {
    await using double = await createOpenAiDouble({ script: ['ok'] })
    const model = createOpenAiChatModel({ model: 'gpt-5-mini', apiKey: 'test-key', baseURL: double.baseUrl, api })
    await generate(
      model,
      { ...conversation, vendor: { openai: { service_tier: 'flex' }, other: { model: 'x' } } },
      { signal },
    )
    expect(double.received()[0]?.body).toMatchObject({ service_tier: 'flex', model: 'gpt-5-mini' })
    await expect(
      generate(model, { ...conversation, vendor: { openai: { model: 'x' } } }, { signal }),
    ).rejects.toMatchObject({
      code: 'model_request_invalid',
      details: { path: 'vendor.openai.model' },
    })
  })
})

test('what the Responses API does not offer is said, not dropped in silence', () => {
  const { body, warnings } = toResponsesRequest(
    { ...conversation, stop: ['END'], seed: 1 },
    { model: 'gpt-5-mini', card },
  )
  expect(warnings).toHaveLength(2)
  expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'], reasoning: { effort: 'low' } })
})

test('PO-8 parts that an API cannot take are refused by their path', () => {
  const audio = { type: 'audio' as const, mimeType: 'audio/ogg', data: new Uint8Array(1) }
  const heard: ChatRequest = { messages: [{ role: 'user', content: [audio] }] }
  const hearing: ModelCard = { ...card, input: ['text', 'audio', 'image', 'file'] }
  const invalid = (path: string): object =>
    expect.objectContaining({ code: 'model_request_invalid', details: expect.objectContaining({ path }) })
  expect(() => toResponsesRequest(heard, { model: 'm', card: hearing })).toThrow(invalid('messages[0].content[0]'))
  const chat = { model: 'm', card: hearing, maxTokensField: 'max_tokens' } as const
  expect(() => toChatCompletionsRequest(heard, chat)).toThrow(invalid('messages[0].content[0]'))
  const shown: ChatRequest = {
    messages: [
      {
        role: 'tool',
        results: [
          {
            callId: 'c',
            name: 'look',
            content: [{ type: 'image', mimeType: 'image/png', url: 'https://x.test/a.png' }],
          },
        ],
      },
    ],
  }
  expect(() => toChatCompletionsRequest(shown, chat)).toThrow(invalid('messages[0].results[0].content[0]'))
  expect(() => toResponsesRequest(shown, { model: 'm', card: hearing })).not.toThrow()
  const empty: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'image', mimeType: 'image/png' }] }] }
  expect(() => toResponsesRequest(empty, { model: 'm', card })).toThrow(invalid('messages[0].content[0]'))
})

test('metadata keeps to the limits of the vendor', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key${index}`, 'x'.repeat(600)]))
  const { metadata = {} } = toVendorMetadata({ signal, metadata: many })
  expect(Object.keys(metadata)).toHaveLength(16)
  expect(Object.values(metadata).every((value) => value.length === 512)).toBe(true)
  expect(toVendorMetadata({ signal })).toEqual({})
})

test('the output limit is named as the server knows it', () => {
  const body = (maxTokensField: 'max_tokens' | 'max_completion_tokens'): object =>
    toChatCompletionsRequest({ messages: [], maxOutputTokens: 9 }, { model: 'm', card, maxTokensField })
  expect(body('max_tokens')).toMatchObject({ max_tokens: 9 })
  expect(body('max_completion_tokens')).toMatchObject({ max_completion_tokens: 9 })
})

test('reasoning off is the least effort of the family', () => {
  const effort = (model: string): unknown =>
    toResponsesRequest({ messages: [], reasoning: 'off' }, { model, card: openAiModelCard(model, 'openai') }).body
      .reasoning?.effort
  expect(['gpt-5-mini', 'gpt-5.1', 'o3', 'gpt-4.1'].map(effort)).toEqual(['minimal', 'none', 'low', undefined])
})

test('strict schemas are told from others at any depth', () => {
  expect(isStrictSchema(schema)).toBe(true)
  expect(isStrictSchema({ ...schema, additionalProperties: true })).toBe(false)
  expect(isStrictSchema({ ...schema, required: [] })).toBe(false)
  expect(isStrictSchema({ type: 'array', items: { type: 'object' } })).toBe(false)
  expect(isStrictSchema({ ...schema, properties: { a: { anyOf: [{ type: 'object' }, { type: 'null' }] } } })).toBe(
    false,
  )
  expect(isStrictSchema({ ...schema, $defs: { b: { type: 'object' } } })).toBe(false)
})

test('options that are unknown or no address are refused', () => {
  expect(() => createOpenAiChatModel({ model: 'm', baseURL: 'nowhere' })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
  expect(() => createOpenAiChatModel({ model: '' })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  // The cast is what a caller without types does.
  expect(() => createOpenAiChatModel({ model: 'm', baseUrl: 'https://x.test' } as never)).toThrow(
    'Did you mean "baseURL"?',
  )
})
