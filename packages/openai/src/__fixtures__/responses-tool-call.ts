import type { ResponseStreamEvent } from 'openai/resources/responses/responses'

const response = {
  id: 'resp_67ca09c5efe0819096d0511c92b8c890',
  object: 'response',
  created_at: 1_741_294_021,
  model: 'gpt-5-mini-2025-08-07',
  output: [],
  parallel_tool_calls: true,
}
const call = { id: 'fc_67ca09c6bedc8190a7abfec07b1a1332', type: 'function_call', call_id: 'call_unLAR8MvFNptuiZK6K6HCy5k', name: 'get_weather' }
const second = { id: 'fc_67ca09c6f0a08190b5b1d8cdbdb0ed9e', type: 'function_call', call_id: 'call_9NhJ2kq', name: 'get_time' }
const reasoning = { id: 'rs_67ca09c5f2bc8190', type: 'reasoning', summary: [], encrypted_content: 'gAAAAABn' }

/** A stream of the Responses API as the vendor's documentation shows it: reasoning, then two calls, split oddly. */
export const responsesToolCall = [
  { type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress' } },
  { type: 'response.in_progress', sequence_number: 1, response: { ...response, status: 'in_progress' } },
  { type: 'response.output_item.added', sequence_number: 2, output_index: 0, item: { ...reasoning, encrypted_content: '' } },
  { type: 'response.output_item.done', sequence_number: 3, output_index: 0, item: reasoning },
  { type: 'response.output_item.added', sequence_number: 4, output_index: 1, item: { ...call, arguments: '', status: 'in_progress' } },
  { type: 'response.function_call_arguments.delta', sequence_number: 5, item_id: call.id, output_index: 1, delta: '{"' },
  { type: 'response.function_call_arguments.delta', sequence_number: 6, item_id: call.id, output_index: 1, delta: 'location":"Paris"}' },
  { type: 'response.function_call_arguments.done', sequence_number: 7, item_id: call.id, output_index: 1, arguments: '{"location":"Paris"}' },
  {
    type: 'response.output_item.done',
    sequence_number: 8,
    output_index: 1,
    item: { ...call, arguments: '{"location":"Paris"}', status: 'completed' },
  },
  { type: 'response.output_item.added', sequence_number: 9, output_index: 2, item: { ...second, arguments: '', status: 'in_progress' } },
  { type: 'response.output_item.done', sequence_number: 10, output_index: 2, item: { ...second, arguments: '{}', status: 'completed' } },
  {
    type: 'response.completed',
    sequence_number: 11,
    response: {
      ...response,
      status: 'completed',
      output: [
        reasoning,
        { ...call, arguments: '{"location":"Paris"}', status: 'completed' },
        { ...second, arguments: '{}', status: 'completed' },
      ],
      usage: {
        input_tokens: 328,
        input_tokens_details: { cached_tokens: 256 },
        output_tokens: 52,
        output_tokens_details: { reasoning_tokens: 16 },
        total_tokens: 380,
      },
    },
  },
  // Fields that the codec does not read are left out of the recording.
] as unknown as ResponseStreamEvent[]
