import type { ChatMessage, ChatRequest, ContentPart, JsonSchema, ToolCallPart } from '@parley/spec'
import { fromAddress, simplify, toToolResult } from '../http/from-vendor-content.ts'
import type { ResponsesBody, ResponsesItem } from './responses-body.ts'

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>

/** Reads a body of the Responses API back as a request of the port. */
export function fromResponsesBody(body: ResponsesBody, items: readonly ResponsesItem[]): ChatRequest {
  const messages: ChatMessage[] = []
  const system: string[] = body.instructions ? [body.instructions] : []
  const names = new Map<string, string>()
  const assistant = (): AssistantMessage => {
    const last = messages.at(-1)
    if (last?.role === 'assistant') return last
    const message: AssistantMessage = { role: 'assistant', content: '' }
    messages.push(message)
    return message
  }
  for (const item of items) {
    if (item.type === 'reasoning') continue
    if (item.type === 'function_call') {
      const call: ToolCallPart = { callId: item.call_id, name: item.name, arguments: item.arguments }
      names.set(item.call_id, item.name)
      const message = assistant()
      message.toolCalls = [...(message.toolCalls ?? []), call]
    } else if (item.type === 'function_call_output') {
      const result = toToolResult(item.call_id, names.get(item.call_id) ?? '', toContent(item.output))
      const last = messages.at(-1)
      if (last?.role === 'tool') last.results.push(result)
      else messages.push({ role: 'tool', results: [result] })
    } else if (item.role === 'assistant') {
      assistant().content += toText(item.content)
    } else if (item.role === 'user') {
      messages.push({ role: 'user', content: toContent(item.content) })
    } else {
      system.push(toText(item.content))
    }
  }
  const { tool_choice: choice, text } = body
  const format = text?.format
  const effort = body.reasoning?.effort
  return {
    ...(system.length > 0 ? { system: system.join('\n\n') } : {}),
    messages,
    ...(body.tools
      ? {
          tools: body.tools.map((tool) => ({
            name: tool.name,
            description: tool.description ?? '',
            // What the wire carries is JSON.
            parameters: (tool.parameters ?? {}) as JsonSchema,
          })),
        }
      : {}),
    ...(choice === undefined ? {} : { toolChoice: typeof choice === 'string' ? choice : { name: choice.name } }),
    ...(format?.type === 'json_schema'
      ? { output: { name: format.name, schema: format.schema as JsonSchema, strict: format.strict ?? false } }
      : {}),
    ...(typeof body.temperature === 'number' ? { temperature: body.temperature } : {}),
    ...(typeof body.top_p === 'number' ? { topP: body.top_p } : {}),
    ...(typeof body.max_output_tokens === 'number' ? { maxOutputTokens: body.max_output_tokens } : {}),
    ...(effort === 'low' || effort === 'medium' || effort === 'high' ? { reasoning: effort } : {}),
    ...(body.prompt_cache_key === undefined ? {} : { cacheKey: body.prompt_cache_key }),
  }
}

type MessageContent = Exclude<Extract<ResponsesItem, { role: unknown }>['content'], string>

function toContent(content: string | MessageContent): string | ContentPart[] {
  return typeof content === 'string' ? content : simplify(content.map(toPart))
}

function toPart(part: MessageContent[number]): ContentPart {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'text', text: part.refusal }
    case 'input_image':
      return fromAddress('image', part.image_url ?? '')
    case 'input_file':
      return fromAddress('file', part.file_data ?? part.file_url ?? '', part.filename)
  }
}

function toText(content: string | MessageContent): string {
  const simple = toContent(content)
  return typeof simple === 'string' ? simple : simple.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
