import type { ChatRequest } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { geminiModelCard } from './model-card.ts'
import { modelFamily } from './model-family.ts'
import { toGeminiRequest, type GeminiRequest } from './to-request.ts'

function map(request: Partial<ChatRequest>, model = 'gemini-3.8-flash'): GeminiRequest {
  const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hello' }]
  return toGeminiRequest({ messages, ...request }, { card: geminiModelCard(model), family: modelFamily(model) })
}

const tools = [{ name: 'find', description: 'Finds.', parameters: { type: 'object' } }]
const image = { type: 'image' as const, mimeType: 'image/png', data: new Uint8Array([1, 2, 3]) }

test('4 options of the request have their places, and nothing is said that was not asked for', () => {
  expect(map({})).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], config: {} })
  const { config } = map({
    system: 'Be brief.',
    temperature: 0,
    topP: 0.5,
    maxOutputTokens: 50,
    stop: ['END'],
    seed: 7,
    vendor: { google: { topK: 5 }, openai: { user: 'x' } },
  })
  expect(config).toEqual({
    systemInstruction: { parts: [{ text: 'Be brief.' }] },
    temperature: 0,
    topP: 0.5,
    maxOutputTokens: 50,
    stopSequences: ['END'],
    seed: 7,
    topK: 5,
  })
})

test.each(['httpOptions', 'abortSignal', 'systemInstruction', 'tools'])(
  '4 vendor.google.%s cannot replace what is not its to say',
  (name) => {
    expect(() => map({ vendor: { google: { [name]: {} } } })).toThrow(
      expect.objectContaining({ code: 'model_request_invalid', details: { path: `vendor.google.${name}` } }),
    )
  },
)

test.each<[ChatRequest['toolChoice'], object]>([
  ['auto', { mode: 'AUTO' }],
  ['none', { mode: 'NONE' }],
  ['required', { mode: 'ANY' }],
  [{ name: 'find' }, { mode: 'ANY', allowedFunctionNames: ['find'] }],
])('4 the choice of a tool is %o', (toolChoice, expected) => {
  if (toolChoice === undefined) return
  expect(map({ tools, toolChoice }).config.toolConfig?.functionCallingConfig).toEqual(expected)
  expect(map({ toolChoice }).config).not.toHaveProperty('toolConfig')
})

test('4 tools and a schema go as JSON Schema', () => {
  const output = { name: 'topic', schema: { type: 'object' } }
  expect(map({ tools, output }).config).toEqual({
    tools: [
      { functionDeclarations: [{ name: 'find', description: 'Finds.', parametersJsonSchema: { type: 'object' } }] },
    ],
    responseMimeType: 'application/json',
    responseJsonSchema: { type: 'object' },
  })
})

test('4 bytes go inline, addresses as they are', () => {
  const { contents } = map({
    messages: [
      {
        role: 'user',
        content: [
          image,
          { type: 'audio', mimeType: 'audio/wav', url: 'data:audio/wav;base64,AQID' },
          { type: 'file', mimeType: 'application/pdf', url: 'https://example.com/a.pdf' },
        ],
      },
    ],
  })
  expect(contents[0]?.parts).toEqual([
    { inlineData: { mimeType: 'image/png', data: 'AQID' } },
    { inlineData: { mimeType: 'audio/wav', data: 'AQID' } },
    { fileData: { mimeType: 'application/pdf', fileUri: 'https://example.com/a.pdf' } },
  ])
})

describe('4 turns', () => {
  const call = { callId: 'call_1', name: 'find', arguments: '{"id":1}' }

  test('4 results are one turn of the person; a failed one is an error', () => {
    const { contents } = map(
      {
        messages: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Moment.', toolCalls: [call, { ...call, callId: 'call_2', arguments: '[1]' }] },
          {
            role: 'tool',
            results: [
              { callId: 'call_1', name: 'find', content: 'found' },
              { callId: 'call_2', name: 'find', content: [{ type: 'text', text: 'not there' }], isError: true },
            ],
          },
        ],
      },
      'gemini-2.5-flash',
    )
    expect(contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'Moment.' },
          { functionCall: { id: 'call_1', name: 'find', args: { id: 1 } } },
          { functionCall: { id: 'call_2', name: 'find', args: { value: [1] } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'call_1', name: 'find', response: { output: 'found' } } },
          { functionResponse: { id: 'call_2', name: 'find', response: { error: 'not there' } } },
        ],
      },
    ])
  })

  test('4 answers in a row are one turn, and those without words or calls none', () => {
    const { contents } = map({
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'One.' },
        { role: 'assistant', content: '' },
        { role: 'assistant', content: 'Two.' },
      ],
    })
    expect(contents.slice(1)).toEqual([{ role: 'model', parts: [{ text: 'One.' }, { text: 'Two.' }] }])
  })

  test('4 media as the result of a tool goes to models that take it, and is refused for others', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: '', toolCalls: [call] },
      { role: 'tool', results: [{ callId: 'call_1', name: 'find', content: [{ type: 'text', text: 'a' }, image] }] },
    ]
    expect(map({ messages }).contents[2]?.parts?.[0]?.functionResponse).toEqual({
      id: 'call_1',
      name: 'find',
      response: { output: 'a' },
      parts: [{ inlineData: { mimeType: 'image/png', data: 'AQID' } }],
    })
    const path = 'messages[2].results[0].content[1]'
    expect(() => map({ messages }, 'gemini-2.5-flash')).toThrow(
      expect.objectContaining({ code: 'model_request_invalid', details: expect.objectContaining({ path }) }),
    )
  })
})

test.each<[string, NonNullable<ChatRequest['reasoning']>, object | undefined]>([
  ['gemini-3.8-flash', 'off', { includeThoughts: false, thinkingLevel: 'MINIMAL' }],
  ['gemini-3.1-pro', 'off', { includeThoughts: false, thinkingLevel: 'LOW' }],
  ['gemini-flash-latest', 'medium', { includeThoughts: true, thinkingLevel: 'MEDIUM' }],
  ['gemini-3.8-flash', 'high', { includeThoughts: true, thinkingLevel: 'HIGH' }],
  ['gemini-2.5-flash', 'off', { includeThoughts: false, thinkingBudget: 0 }],
  ['gemini-2.5-pro', 'off', { includeThoughts: false, thinkingBudget: 128 }],
  ['gemini-2.5-pro', 'low', { includeThoughts: true, thinkingBudget: 1_024 }],
  ['gemini-2.5-flash', 'medium', { includeThoughts: true, thinkingBudget: 8_192 }],
  ['gemini-2.5-flash', 'high', { includeThoughts: true, thinkingBudget: 24_576 }],
  ['gemini-2.0-flash', 'high', undefined],
  ['gemma-3-27b-it', 'high', undefined],
])('4 %s thinks %s as %o', (model, reasoning, expected) => {
  expect(map({ reasoning }, model).config.thinkingConfig).toEqual(expected)
})

test('11 cards of known families, and a cautious one for any other', () => {
  expect(geminiModelCard('gemini-3.8-flash')).toMatchObject({
    id: 'google/gemini-3.8-flash',
    provider: 'google',
    contextTokens: 1_048_576,
    maxOutputTokens: 65_536,
    reasoning: true,
    structuredOutput: 'native',
    tier: 'standard',
  })
  expect(geminiModelCard('gemini-2.5-pro').tier).toBe('large')
  expect(geminiModelCard('gemini-3.5-flash-lite').tier).toBe('small')
  expect(geminiModelCard('gemini-2.0-flash')).toMatchObject({ maxOutputTokens: 8_192, reasoning: false })
  expect(geminiModelCard('gemma-3-27b-it')).toMatchObject({ contextTokens: 8_192, input: ['text'], reasoning: false })
})
