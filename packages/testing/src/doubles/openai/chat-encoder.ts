import type { Clock, IdSource, Usage } from '@parley/spec'
import type { ChatBody } from './chat-body.ts'
import type { AnswerPart, Frame, WireEncoder } from '../http/wire-encoder.ts'

/** What the encoder of one answer of the Chat Completions API is made of. */
export interface ChatEncoderOptions {
  body: ChatBody
  clock: Clock
  ids: IdSource
  omitsUsage: boolean
  omitsFinish: boolean
  callIdOf: (callId: string) => string | undefined
}

/** Writes an answer as chunks of the Chat Completions API. */
export function createChatEncoder(options: ChatEncoderOptions): WireEncoder {
  const { body, clock, ids, callIdOf } = options
  const head = {
    id: ids.next('chatcmpl'),
    object: 'chat.completion.chunk',
    created: Math.floor(clock.now() / 1000),
    model: body.model,
    service_tier: 'default',
    system_fingerprint: null,
  }
  const includesUsage = body.stream_options?.include_usage === true
  const indexes = new Map<string, number>()
  const message = {
    role: 'assistant',
    content: '',
    refusal: '',
    calls: new Map<string, { name: string; arguments: string }>(),
  }
  let result: object | undefined

  const chunk = (delta: object, finishReason: string | null = null): Frame => ({
    data: JSON.stringify({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(includesUsage ? { usage: null } : {}),
    }),
  })
  const openCall = (callId: string, name: string): Frame[] => {
    if (indexes.has(callId)) return []
    const index = indexes.size
    indexes.set(callId, index)
    message.calls.set(callId, { name, arguments: '' })
    const shown = callIdOf(callId)
    const id = shown === undefined ? {} : { id: shown }
    return [chunk({ tool_calls: [{ index, ...id, type: 'function', function: { name, arguments: '' } }] })]
  }
  const growCall = (callId: string, delta: string): Frame[] => {
    const call = message.calls.get(callId)
    if (!call || delta === '') return []
    call.arguments += delta
    return [chunk({ tool_calls: [{ index: indexes.get(callId), function: { arguments: delta } }] })]
  }

  return {
    start: () => [chunk({ role: 'assistant', content: '', refusal: null })],
    push(part: AnswerPart) {
      switch (part.type) {
        case 'textDelta':
          message.content += part.text
          return [chunk({ content: part.text })]
        case 'refusalDelta':
          message.refusal += part.text
          return [chunk({ refusal: part.text })]
        case 'thinkingDelta':
          // The vendor keeps reasoning to itself on this API.
          return []
        case 'toolCallDelta':
          return [...openCall(part.callId, part.name ?? ''), ...growCall(part.callId, part.argumentsDelta)]
        case 'toolCall': {
          const opening = openCall(part.call.callId, part.call.name)
          const written = message.calls.get(part.call.callId)?.arguments.length ?? 0
          return [...opening, ...growCall(part.call.callId, part.call.arguments.slice(written))]
        }
        case 'usage':
          return []
        case 'end': {
          const reason = finishReasonOf(part.reason)
          const usage = toWireUsage(part.usage)
          result = toCompletion(head, message, callIdOf, reason, usage)
          const frames = options.omitsFinish ? [] : [chunk({}, reason)]
          if (includesUsage && !options.omitsUsage)
            frames.push({ data: JSON.stringify({ ...head, choices: [], usage }) })
          frames.push({ data: '[DONE]' })
          return frames
        }
      }
    },
    fail: ({ message: text, code }) => [
      { data: JSON.stringify({ error: { message: text, type: 'server_error', param: null, code } }) },
    ],
    get result() {
      return result
    },
  }
}

function finishReasonOf(reason: string): string {
  if (reason === 'toolCalls') return 'tool_calls'
  if (reason === 'contentFilter') return 'content_filter'
  return reason === 'length' ? 'length' : 'stop'
}

function toCompletion(
  head: { id: string },
  message: { content: string; refusal: string; calls: Map<string, { name: string; arguments: string }> },
  callIdOf: (callId: string) => string | undefined,
  finishReason: string,
  usage: object,
): object {
  const calls = [...message.calls].map(([callId, call]) => ({ id: callIdOf(callId), type: 'function', function: call }))
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: message.content || null,
          refusal: message.refusal || null,
          annotations: [],
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage,
  }
}

function toWireUsage(usage: Usage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens ?? 0, audio_tokens: usage.audioInputTokens ?? 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens ?? 0,
      audio_tokens: usage.audioOutputTokens ?? 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
