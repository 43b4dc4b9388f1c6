import type { ChatCompletionChunk } from 'openai/resources/chat/completions'

const head = { id: 'chatcmpl-DrDGLx', object: 'chat.completion.chunk', created: 1_741_294_021, model: 'gpt-4.1-mini' }
const chunk = (delta: object, finish: string | null = null): object => ({
  ...head,
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  usage: null,
  obfuscation: 'aZ3',
})

/** A stream of Chat Completions with two calls whose fragments interleave, padding fields, and usage at the end. */
export const chatInterleavedCalls = [
  chunk({ role: 'assistant', content: null, refusal: null }),
  chunk({ tool_calls: [{ index: 1, id: 'call_b', type: 'function', function: { name: 'get_time', arguments: '' } }] }),
  chunk({ tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name: 'get_weather', arguments: '{"loc' } }] }),
  chunk({ tool_calls: [{ index: 1, function: { arguments: '{"zone":' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: 'ation":"Paris"}' } }] }),
  chunk({ tool_calls: [{ index: 1, function: { arguments: '"UTC"}' } }] }),
  chunk({}, 'tool_calls'),
  {
    ...head,
    choices: [],
    usage: {
      prompt_tokens: 81,
      completion_tokens: 34,
      total_tokens: 115,
      prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
  },
  // Fields that the codec does not read are left out of the recording.
] as unknown as ChatCompletionChunk[]

/** A stream of a compatible server: no ids, no indexes, reasoning under its own name, no usage. */
export const chatCompatible = [
  { choices: [{ delta: { role: 'assistant', reasoning_content: 'Two look-ups.' } }] },
  { choices: [{ delta: { content: 'One moment.' } }] },
  { choices: [{ delta: { tool_calls: [{ function: { name: 'get_weather', arguments: '{}' } }] } }] },
  { choices: [{ delta: { tool_calls: [{ function: { name: 'get_time', arguments: '{"zone":"UTC"}' } }] } }] },
  { choices: [{ delta: {}, finish_reason: 'stop' }] },
  // What such servers really send; the types of the vendor promise more.
] as unknown as ChatCompletionChunk[]
