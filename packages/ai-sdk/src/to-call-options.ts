import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4TextPart,
  LanguageModelV4ToolResultOutput,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider'
import type { ChatMessage, ChatRequest, ContentPart, Json, ModelCard, ToolResultPart } from '@parley/spec'
import { cardObjection, checkContentParts } from '@parley/spec'

/**
 * Maps a request to the options of a language model call; `vendor` goes to the provider's options as it is.
 * @throws `model_request_invalid` for a part the model cannot take
 */
export function toCallOptions(
  request: ChatRequest,
  card: ModelCard,
  abortSignal: AbortSignal,
): LanguageModelV4CallOptions {
  checkContentParts(request, card.id, (part) => cardObjection(card, part))
  const { output, tools, toolChoice, vendor, cacheKey } = request
  const providerOptions = toProviderOptions(vendor, cacheKey)
  return {
    prompt: toPrompt(request),
    abortSignal,
    ...(tools?.length
      ? {
          tools: tools.map(({ name, description, parameters }) => ({
            type: 'function' as const,
            name,
            description,
            inputSchema: parameters,
          })),
        }
      : {}),
    ...(toolChoice === undefined || !tools?.length ? {} : { toolChoice: toToolChoice(toolChoice) }),
    ...(output === undefined
      ? {}
      : { responseFormat: { type: 'json' as const, name: output.name, schema: output.schema } }),
    ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { topP: request.topP }),
    ...(request.stop?.length ? { stopSequences: request.stop } : {}),
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.reasoning === undefined ? {} : { reasoning: request.reasoning === 'off' ? 'none' : request.reasoning }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
  }
}

function toPrompt({ system, messages }: ChatRequest): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = system ? [{ role: 'system', content: system }] : []
  for (const message of messages) prompt.push(toMessage(message))
  return prompt
}

function toMessage(message: ChatMessage): LanguageModelV4Message {
  switch (message.role) {
    case 'user':
      return {
        role: 'user',
        content:
          typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content.map(toPart),
      }
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...toReasoning(message.reasoning),
          ...(message.content ? [{ type: 'text' as const, text: message.content }] : []),
          ...(message.toolCalls ?? []).map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.callId,
            toolName: call.name,
            input: parseArguments(call.arguments),
          })),
        ],
      }
    case 'tool':
      return {
        role: 'tool',
        content: message.results.map((result) => ({
          type: 'tool-result',
          toolCallId: result.callId,
          toolName: result.name,
          output: toOutput(result),
        })),
      }
  }
}

type ReasoningPart = { type: 'reasoning'; text: string; providerOptions?: SharedV4ProviderOptions }

/** Reasoning of a former answer, as `from-stream-parts` packed it. */
function toReasoning(reasoning: Json | undefined): ReasoningPart[] {
  if (!isObject(reasoning) || reasoning['vendor'] !== 'ai-sdk' || !Array.isArray(reasoning['parts'])) return []
  return reasoning['parts'].flatMap((part) => {
    if (!isObject(part) || typeof part['text'] !== 'string') return []
    const options = part['providerOptions']
    // What was packed is the provider's own metadata, which it takes back as options.
    return [
      {
        type: 'reasoning' as const,
        text: part['text'],
        ...(isObject(options) ? { providerOptions: options as SharedV4ProviderOptions } : {}),
      },
    ]
  })
}

function toOutput({ content, isError = false }: ToolResultPart): LanguageModelV4ToolResultOutput {
  if (typeof content === 'string') return { type: isError ? 'error-text' : 'text', value: content }
  return { type: 'content', value: content.map(toPart) }
}

function toPart(part: ContentPart): LanguageModelV4TextPart | LanguageModelV4FilePart {
  if (part.type === 'text') return { type: 'text', text: part.text }
  const data: LanguageModelV4FilePart['data'] =
    part.data === undefined ? { type: 'url', url: new URL(part.url ?? '') } : { type: 'data', data: part.data }
  return { type: 'file', mediaType: part.mimeType, data, ...(part.name === undefined ? {} : { filename: part.name }) }
}

function toToolChoice(
  choice: NonNullable<ChatRequest['toolChoice']>,
): NonNullable<LanguageModelV4CallOptions['toolChoice']> {
  return typeof choice === 'string' ? { type: choice } : { type: 'tool', toolName: choice.name }
}

/** Providers take calls back as values; text that is no JSON goes back as it is. */
function parseArguments(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function toProviderOptions(
  vendor: ChatRequest['vendor'],
  cacheKey: string | undefined,
): SharedV4ProviderOptions | undefined {
  const options: SharedV4ProviderOptions = {}
  for (const [provider, value] of Object.entries(vendor ?? {})) {
    // JSON as the caller gave it.
    if (isObject(value)) options[provider] = value as SharedV4ProviderOptions[string]
  }
  if (cacheKey !== undefined) options['openai'] = { promptCacheKey: cacheKey, ...options['openai'] }
  return Object.keys(options).length > 0 ? options : undefined
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
