import type { ChatMessage, ChatRequest, ContentPart, ModelCard } from '@parley/spec'
import { cardObjection, checkContentParts, toAddress, toBase64, vendorOptions } from '@parley/spec'
import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseFunctionToolCall,
  ResponseInputContent,
  ResponseInputItem,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses'
import { markError } from './mark-error.ts'
import { toReasoningEffort } from './reasoning-effort.ts'
import { unpackReasoning } from './reasoning-items.ts'
import { isStrictSchema } from './strict-schema.ts'

const reserved = ['model', 'input', 'stream', 'instructions', 'tools']

/** A request of the port as the body of `POST /responses`, and what of it the vendor does not offer. */
export interface ResponsesRequest {
  body: ResponseCreateParamsStreaming
  warnings: string[]
}

/**
 * Maps a request to the Responses API. Nothing is kept at the vendor unless `store` asks for it: the whole conversation
 * is sent each time, with the reasoning items of former answers next to their calls.
 * @throws `model_request_invalid` for a part the model or the API cannot take
 */
export function toResponsesRequest(
  request: ChatRequest,
  { model, card, store = false }: { model: string; card: ModelCard; store?: boolean },
): ResponsesRequest {
  checkContentParts(request, card.id, (part) => cardObjection(card, part) ?? apiObjection(part))
  const warnings: string[] = []
  if (request.stop?.length) warnings.push('stop is not offered by the Responses API and was not applied')
  if (request.seed !== undefined) warnings.push('seed is not offered by the Responses API and was not applied')
  const { output } = request
  const body: ResponseCreateParamsStreaming = {
    model,
    stream: true,
    store,
    input: request.messages.flatMap(toItems),
    ...(request.system ? { instructions: request.system } : {}),
    ...(request.tools?.length ? { tools: request.tools.map(toTool) } : {}),
    ...(request.toolChoice === undefined || !request.tools?.length
      ? {}
      : { tool_choice: toToolChoice(request.toolChoice) }),
    ...(output === undefined
      ? {}
      : {
          text: {
            format: {
              type: 'json_schema',
              name: output.name,
              schema: output.schema,
              strict: output.strict ?? isStrictSchema(output.schema),
            },
          },
        }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
    ...(request.cacheKey === undefined ? {} : { prompt_cache_key: request.cacheKey }),
    ...(card.reasoning && request.reasoning
      ? { reasoning: { effort: toReasoningEffort(model, request.reasoning) } }
      : {}),
    // Without storage, reasoning comes back only if it is asked for in its encrypted form.
    ...(card.reasoning && !store ? { include: ['reasoning.encrypted_content'] } : {}),
    ...vendorOptions(request, 'openai', reserved),
  }
  return { body, warnings }
}

function apiObjection(part: ContentPart): string | undefined {
  if (part.type === 'audio') return 'the Responses API takes no audio; use the Chat Completions API'
  return undefined
}

function toItems(message: ChatMessage): ResponseInputItem[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: toContent(message.content) }]
    case 'tool':
      return message.results.map((result) => ({
        type: 'function_call_output',
        call_id: result.callId,
        output: toContent(markError(result)),
      }))
    case 'assistant': {
      const reasoning = unpackReasoning(message.reasoning)
      // What was packed is an item of the vendor as it came from the vendor.
      const items: ResponseInputItem[] = []
      const addReasoning = (before: number): void => {
        for (const entry of reasoning) {
          if (entry.before === before) items.push(entry.item as unknown as ResponseReasoningItem)
        }
      }
      addReasoning(0)
      if (message.content) items.push({ role: 'assistant', content: message.content })
      message.toolCalls?.forEach((call, index) => {
        if (index > 0) addReasoning(index)
        const item: ResponseFunctionToolCall = {
          type: 'function_call',
          call_id: call.callId,
          name: call.name,
          arguments: call.arguments,
        }
        items.push(item)
      })
      return items
    }
  }
}

function toContent(content: string | ContentPart[]): string | ResponseInputContent[] {
  return typeof content === 'string' ? content : content.map(toInputContent)
}

function toInputContent(part: ContentPart): ResponseInputContent {
  if (part.type === 'text') return { type: 'input_text', text: part.text }
  if (part.type === 'image') return { type: 'input_image', detail: 'auto', image_url: toAddress(part) }
  if (part.url !== undefined && toBase64(part) === undefined) return { type: 'input_file', file_url: part.url }
  return { type: 'input_file', filename: part.name ?? 'file', file_data: toAddress(part) }
}

function toTool(tool: NonNullable<ChatRequest['tools']>[number]): FunctionTool {
  // Strict mode would refuse schemas with optional fields; arguments are validated by the caller.
  return {
    type: 'function',
    name: tool.name,
    description: tool.description,
    parameters: tool.parameters,
    strict: false,
  }
}

function toToolChoice(
  choice: NonNullable<ChatRequest['toolChoice']>,
): 'auto' | 'none' | 'required' | { type: 'function'; name: string } {
  return typeof choice === 'string' ? choice : { type: 'function', name: choice.name }
}
