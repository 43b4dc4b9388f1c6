import { createCallIds, type ChatPart, type ModelCodec } from '@parley/spec'
import { createSeededIds } from '@parley/testing'
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'
import { chatCompatible, chatInterleavedCalls } from './__fixtures__/chat-interleaved-calls.ts'
import { createChatCodec } from './from-chat-chunks.ts'

const codec = (): ModelCodec<ChatCompletionChunk> =>
  createChatCodec({ modelId: 'm', callIds: createCallIds({ messages: [] }, createSeededIds(1)), warnings: [] })
const run = (chunks: readonly ChatCompletionChunk[]): ChatPart[] => {
  const one = codec()
  return [...chunks.flatMap((chunk) => [...one.push(chunk)]), ...one.finish()]
}

test('PO-7 interleaved fragments become whole calls in the order of their index', () => {
  const parts = run(chatInterleavedCalls)
  expect(parts.filter(({ type }) => type === 'toolCall')).toEqual([
    { type: 'toolCall', call: { callId: 'call_a', name: 'get_weather', arguments: '{"location":"Paris"}' } },
    { type: 'toolCall', call: { callId: 'call_b', name: 'get_time', arguments: '{"zone":"UTC"}' } },
  ])
  expect(parts.at(-1)).toEqual({
    type: 'end',
    reason: 'toolCalls',
    usage: { inputTokens: 81, outputTokens: 34, cachedInputTokens: 64 },
    responseId: 'chatcmpl-DrDGLx',
  })
})

test('PO-7 a compatible server without ids, indexes and usage is understood', () => {
  const parts = run(chatCompatible)
  expect(parts.slice(0, 2)).toEqual([
    { type: 'thinkingDelta', text: 'Two look-ups.' },
    { type: 'textDelta', text: 'One moment.' },
  ])
  const calls = parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []))
  expect(calls.map(({ name, arguments: text }) => [name, text])).toEqual([
    ['get_weather', '{}'],
    ['get_time', '{"zone":"UTC"}'],
  ])
  expect(new Set(calls.map(({ callId }) => callId)).size).toBe(2)
  expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'toolCalls', warnings: ['the server reported no usage'] })
})

test('PO-4 without a finish reason there is no end', () => {
  expect(run(chatInterleavedCalls.slice(0, -2)).some(({ type }) => type === 'end')).toBe(false)
})

test('a finish reason of calls without a call is a plain stop', () => {
  const { 0: opening, 6: finish } = chatInterleavedCalls
  const parts = run([opening, finish].filter((chunk) => chunk !== undefined))
  expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
})
