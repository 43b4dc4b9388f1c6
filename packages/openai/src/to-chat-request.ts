import type { ChatMessage, ChatRequest, ContentPart, ModelCard } from '@parley/spec'
import { cardObjection, checkContentParts, toAddress, toBase64, vendorOptions } from '@parley/spec'
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import { markError } from './mark-error.ts'
import { toReasoningEffort } from './reasoning-effort.ts'
import { isStrictSchema } from './strict-schema.ts'

const reserved = ['model', 'messages', 'stream', 'stream_options', 'tools']

/**
 * Maps a request to the body of `POST /chat/completions`.
 * @throws `model_request_invalid` for a part the model or the API cannot take
 */
export function toChatCompletionsRequest(
  request: ChatRequest,
  {
    model,
    card,
    maxTokensField,
  }: { model: string; card: ModelCard; maxTokensField: 'max_tokens' | 'max_completion_tokens' },
): ChatCompletionCreateParamsStreaming {
  checkContentParts(request, card.id, (part, place) => cardObjection(card, part) ?? apiObjection(part, place))
  const { output, toolChoice } = request
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      ...(request.system ? [{ role: 'system' as const, content: request.system }] : []),
      ...request.messages.flatMap(toMessages),
    ],
    ...(request.tools?.length
      ? {
          tools: request.tools.map(({ name, description, parameters }) => ({
            type: 'function' as const,
            function: { name, description, parameters },
          })),
        }
      : {}),
    ...(toolChoice === undefined || !request.tools?.length
      ? {}
      : {
          tool_choice:
            typeof toolChoice === 'string' ? toolChoice : { type: 'function', function: { name: toolChoice.name } },
        }),
    ...(output === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: {
              name: output.name,
              schema: output.schema,
              strict: output.strict ?? isStrictSchema(output.schema),
            },
          },
        }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.maxOutputTokens === undefined ? {} : { [maxTokensField]: request.maxOutputTokens }),
    ...(request.stop?.length ? { stop: request.stop } : {}),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.cacheKey === undefined ? {} : { prompt_cache_key: request.cacheKey }),
    ...(card.reasoning && request.reasoning ? { reasoning_effort: toReasoningEffort(model, request.reasoning) } : {}),
    ...vendorOptions(request, 'openai', reserved),
  }
}

function apiObjection(part: ContentPart, place: 'user' | 'tool'): string | undefined {
  if (part.type === 'text') return undefined
  if (place === 'tool')
    return 'the Chat Completions API takes text alone as the result of a tool; use the Responses API'
  if (part.type === 'audio') {
    if (toBase64(part) === undefined) return 'the Chat Completions API takes audio as data, not by address'
    if (audioFormat(part.mimeType) === undefined) return 'the Chat Completions API takes audio as wav or mp3'
  }
  if (part.type === 'file' && toBase64(part) === undefined) {
    return 'the Chat Completions API takes files as data, not by address'
  }
  return undefined
}

function toMessages(message: ChatMessage): ChatCompletionMessageParam[] {
  switch (message.role) {
    case 'user': {
      const content = typeof message.content === 'string' ? message.content : message.content.map(toContentPart)
      // The vendor takes a name only without spaces and brackets.
      const hasName = message.name !== undefined && /^[\w.-]{1,64}$/.test(message.name)
      return [{ role: 'user', content, ...(hasName ? { name: message.name } : {}) }]
    }
    case 'tool':
      return message.results.map((result) => {
        const content = markError(result)
        return {
          role: 'tool',
          tool_call_id: result.callId,
          content: typeof content === 'string' ? content : content.map(textOf).join(''),
        }
      })
    case 'assistant': {
      const calls = message.toolCalls ?? []
      const assistant: ChatCompletionAssistantMessageParam = {
        role: 'assistant',
        content: message.content || (calls.length > 0 ? null : ''),
        ...(calls.length > 0
          ? {
              tool_calls: calls.map((call) => ({
                id: call.callId,
                type: 'function' as const,
                function: { name: call.name, arguments: call.arguments },
              })),
            }
          : {}),
      }
      return [assistant]
    }
  }
}

/** Other parts of a tool's result were refused before. */
function textOf(part: ContentPart): string {
  return part.type === 'text' ? part.text : ''
}

function toContentPart(part: ContentPart): ChatCompletionContentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: toAddress(part) } }
    case 'audio':
      return {
        type: 'input_audio',
        input_audio: { data: toBase64(part) ?? '', format: audioFormat(part.mimeType) ?? 'wav' },
      }
    case 'file':
      return { type: 'file', file: { filename: part.name ?? 'file', file_data: toAddress(part) } }
  }
}

function audioFormat(mimeType: string): 'wav' | 'mp3' | undefined {
  if (/^audio\/(x-|vnd\.)?wave?\b/.test(mimeType)) return 'wav'
  return /^audio\/(mpeg|mp3)\b/.test(mimeType) ? 'mp3' : undefined
}
