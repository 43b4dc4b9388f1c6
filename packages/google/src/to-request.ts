import {
  FunctionCallingConfigMode,
  type Content,
  type FunctionResponse,
  type GenerateContentConfig,
  type Part,
} from '@google/genai/web'
import type { ChatMessage, ChatRequest, ContentPart, Json, ModelCard, ToolResultPart } from '@parley/spec'
import { cardObjection, checkContentParts, toBase64, vendorOptions } from '@parley/spec'
import type { ModelFamily } from './model-family.ts'
import { unpackSignatures } from './signatures.ts'
import { toThinkingConfig } from './thinking-config.ts'

/** What the request says itself, and what the adapter keeps in its hands. */
const reserved = [
  'systemInstruction',
  'tools',
  'toolConfig',
  'responseMimeType',
  'responseJsonSchema',
  'candidateCount',
  'abortSignal',
  'httpOptions',
  'automaticFunctionCalling',
  'automaticContinuation',
]

/** What the vendor takes in place of a signature for a call that another model has made. */
const skipSignature = 'skip_thought_signature_validator'

/** A request of the port as the vendor's client takes it. */
export interface GeminiRequest {
  contents: Content[]
  config: GenerateContentConfig
}

/**
 * Maps a request to `generateContent`: the whole conversation each time, with the signatures of former answers on the
 * parts they came with.
 * @throws {ParleyError} `model_request_invalid` for a part that the model or the API cannot take
 */
export function toGeminiRequest(
  request: ChatRequest,
  { card, family }: { card: ModelCard; family: ModelFamily },
): GeminiRequest {
  checkContentParts(request, card.id, (part, place) => cardObjection(card, part) ?? apiObjection(part, place, family))
  const { output, toolChoice, tools = [] } = request
  const thinkingConfig = card.reasoning ? toThinkingConfig(family, request.reasoning) : undefined
  return {
    contents: toContents(request.messages, family),
    config: {
      ...(request.system ? { systemInstruction: { parts: [{ text: request.system }] } } : {}),
      ...(tools.length > 0
        ? {
            tools: [
              {
                functionDeclarations: tools.map(({ name, description, parameters }) => ({
                  name,
                  description,
                  parametersJsonSchema: parameters,
                })),
              },
            ],
          }
        : {}),
      ...(toolChoice === undefined || tools.length === 0
        ? {}
        : { toolConfig: { functionCallingConfig: toCallingConfig(toolChoice) } }),
      ...(output === undefined ? {} : { responseMimeType: 'application/json', responseJsonSchema: output.schema }),
      ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      ...(request.topP === undefined ? {} : { topP: request.topP }),
      ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
      ...(request.stop?.length ? { stopSequences: request.stop } : {}),
      ...(request.seed === undefined ? {} : { seed: request.seed }),
      ...(thinkingConfig === undefined ? {} : { thinkingConfig }),
      ...vendorOptions(request, 'google', reserved),
    },
  }
}

function apiObjection(part: ContentPart, place: 'user' | 'tool', { isSigning }: ModelFamily): string | undefined {
  if (part.type === 'text' || place === 'user') return undefined
  if (!isSigning) return 'models before Gemini 3 take text alone as the result of a tool'
  return toBase64(part) === undefined ? 'media in the result of a tool has to be data, not an address' : undefined
}

function toCallingConfig(choice: NonNullable<ChatRequest['toolChoice']>): {
  mode: FunctionCallingConfigMode
  allowedFunctionNames?: string[]
} {
  if (typeof choice === 'object') return { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: [choice.name] }
  const modes = {
    auto: FunctionCallingConfigMode.AUTO,
    none: FunctionCallingConfigMode.NONE,
    required: FunctionCallingConfigMode.ANY,
  }
  return { mode: modes[choice] }
}

/** Messages as turns; several answers in a row are one turn, since calls must follow words of the person. */
function toContents(messages: readonly ChatMessage[], family: ModelFamily): Content[] {
  const contents: (Content & { parts: Part[] })[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'model' : 'user'
    const parts = toParts(message, family)
    const last = contents.at(-1)
    // A turn without parts is refused; it says nothing either.
    if (parts.length === 0) continue
    if (role === 'model' && last?.role === 'model') last.parts.push(...parts)
    else contents.push({ role, parts })
  }
  return contents
}

function toParts(message: ChatMessage, family: ModelFamily): Part[] {
  switch (message.role) {
    case 'user':
      return typeof message.content === 'string' ? [{ text: message.content }] : message.content.map(toPart)
    case 'tool':
      return message.results.map((result) => ({ functionResponse: toFunctionResponse(result) }))
    case 'assistant': {
      const { text, calls } = unpackSignatures(message.reasoning)
      const words: Part[] = message.content
        ? [{ text: message.content, ...(text === undefined ? {} : { thoughtSignature: text }) }]
        : []
      return [
        ...words,
        ...(message.toolCalls ?? []).map(({ callId, name, arguments: json }, index): Part => {
          // Of calls that came together only the first is signed.
          const signature = calls[index] ?? (family.isSigning && index === 0 ? skipSignature : undefined)
          return {
            functionCall: { id: callId, name, args: toArguments(json) },
            ...(signature === undefined ? {} : { thoughtSignature: signature }),
          }
        }),
      ]
    }
  }
}

function toPart(part: ContentPart): Part {
  if (part.type === 'text') return { text: part.text }
  const data = toBase64(part)
  if (data !== undefined) return { inlineData: { mimeType: part.mimeType, data } }
  return { fileData: { mimeType: part.mimeType, fileUri: part.url ?? '' } }
}

/** `output` and `error` are the names that the vendor gives to what came of a call. */
function toFunctionResponse({ callId, name, content, isError = false }: ToolResultPart): FunctionResponse {
  const parts = typeof content === 'string' ? [] : content
  const text =
    typeof content === 'string' ? content : parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  const media = parts.flatMap((part) => {
    if (part.type === 'text') return []
    // Parts without data were refused before.
    return [{ inlineData: { mimeType: part.mimeType, data: toBase64(part) ?? '' } }]
  })
  return {
    id: callId,
    name,
    response: isError ? { error: text } : { output: text },
    ...(media.length > 0 ? { parts: media } : {}),
  }
}

/** The vendor takes arguments as an object; a text that is none goes back under a name of its own. */
function toArguments(text: string): { [key: string]: Json } {
  if (text.trim() === '') return {}
  let value: Json
  try {
    // What a JSON parser gives is JSON.
    value = JSON.parse(text) as Json
  } catch {
    // Another model wrote it, and was told that it is no JSON.
    return { text }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value }
}
