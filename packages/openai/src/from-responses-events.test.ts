import { createCallIds, type ChatPart, type ModelCodec } from '@parley/spec'
import { createSeededIds } from '@parley/testing'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { responsesToolCall } from './__fixtures__/responses-tool-call.ts'
import { createResponsesCodec } from './from-responses-events.ts'

const codec = (): ModelCodec<ResponseStreamEvent> =>
  createResponsesCodec({
    modelId: 'openai/m',
    callIds: createCallIds({ messages: [] }, createSeededIds(1)),
    warnings: ['stop was not applied'],
  })

test('PO-7 a recorded stream with reasoning and two calls becomes parts in order', () => {
  const one = codec()
  const parts: ChatPart[] = responsesToolCall.flatMap((event) => [...one.push(event)])
  expect(parts).toEqual([
    { type: 'toolCallDelta', callId: 'call_unLAR8MvFNptuiZK6K6HCy5k', name: 'get_weather', argumentsDelta: '' },
    { type: 'toolCallDelta', callId: 'call_unLAR8MvFNptuiZK6K6HCy5k', argumentsDelta: '{"' },
    { type: 'toolCallDelta', callId: 'call_unLAR8MvFNptuiZK6K6HCy5k', argumentsDelta: 'location":"Paris"}' },
    {
      type: 'toolCall',
      call: { callId: 'call_unLAR8MvFNptuiZK6K6HCy5k', name: 'get_weather', arguments: '{"location":"Paris"}' },
    },
    { type: 'toolCallDelta', callId: 'call_9NhJ2kq', name: 'get_time', argumentsDelta: '' },
    // No deltas came for it: what it holds comes at once.
    { type: 'toolCallDelta', callId: 'call_9NhJ2kq', argumentsDelta: '{}' },
    { type: 'toolCall', call: { callId: 'call_9NhJ2kq', name: 'get_time', arguments: '{}' } },
    {
      type: 'end',
      reason: 'toolCalls',
      usage: { inputTokens: 328, outputTokens: 52, cachedInputTokens: 256, reasoningTokens: 16 },
      responseId: 'resp_67ca09c5efe0819096d0511c92b8c890',
      warnings: ['stop was not applied'],
      reasoning: {
        vendor: 'openai',
        items: [
          {
            before: 0,
            item: { id: 'rs_67ca09c5f2bc8190', type: 'reasoning', summary: [], encrypted_content: 'gAAAAABn' },
          },
        ],
      },
    },
  ])
  expect(one.finish()).toEqual([])
})

test('calls that only the terminal event lists are not lost', () => {
  const one = codec()
  const terminal = responsesToolCall.at(-1)
  const parts = terminal ? one.push(terminal) : []
  expect(parts.filter(({ type }) => type === 'toolCall')).toHaveLength(2)
})

test('a call that was cut at the length limit is not given as complete', () => {
  const one = codec()
  const cut = {
    id: 'fc_1',
    type: 'function_call',
    call_id: 'call_1',
    name: 'find',
    arguments: '{"num',
    status: 'incomplete',
  }
  // What the vendor sends when the limit falls into a call.
  const events = [
    { type: 'response.output_item.added', output_index: 0, item: { ...cut, arguments: '', status: 'in_progress' } },
    { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"num' },
    { type: 'response.output_item.done', output_index: 0, item: cut },
    {
      type: 'response.incomplete',
      response: { id: 'r', output: [cut], incomplete_details: { reason: 'max_output_tokens' } },
    },
  ] as unknown as ResponseStreamEvent[]
  const parts = events.flatMap((event) => [...one.push(event)])
  expect(parts.map(({ type }) => type)).toEqual(['toolCallDelta', 'toolCallDelta', 'end'])
  expect(parts.at(-1)).toMatchObject({ reason: 'length' })
})
