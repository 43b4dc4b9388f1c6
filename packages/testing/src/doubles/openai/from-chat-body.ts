import type { ChatMessage, ChatRequest, ContentPart, JsonSchema } from '@parley/spec'
import type { ChatBody } from './chat-body.ts'
import { fromAddress, fromBase64, simplify, toToolResult } from '../http/from-vendor-content.ts'

/** Reads a body of the Chat Completions API back as a request of the port. */
export function fromChatBody(body: ChatBody): ChatRequest {
  const messages: ChatMessage[] = []
  const system: string[] = []
  const names = new Map<string, string>()
  for (const message of body.messages) {
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(toText(message.content))
        break
      case 'user':
        messages.push({
          role: 'user',
          content: typeof message.content === 'string' ? message.content : simplify(message.content.map(toPart)),
          ...(message.name === undefined ? {} : { name: message.name }),
        })
        break
      case 'assistant': {
        const calls = message.tool_calls ?? []
        for (const call of calls) names.set(call.id, call.function.name)
        messages.push({
          role: 'assistant',
          content: toText(message.content ?? ''),
          ...(calls.length > 0 ? { toolCalls: calls.map((call) => ({ callId: call.id, ...call.function })) } : {}),
        })
        break
      }
      case 'tool': {
        const { tool_call_id: callId } = message
        const result = toToolResult(callId, names.get(callId) ?? '', toText(message.content))
        const last = messages.at(-1)
        if (last?.role === 'tool') last.results.push(result)
        else messages.push({ role: 'tool', results: [result] })
      }
    }
  }
  const { tool_choice: choice, response_format: format, reasoning_effort: effort } = body
  const limit = body.max_completion_tokens ?? body.max_tokens
  return {
    ...(system.length > 0 ? { system: system.join('\n\n') } : {}),
    messages,
    ...(body.tools
      ? {
          tools: body.tools.map((tool) => ({
            name: tool.function.name,
            description: tool.function.description ?? '',
            // What the wire carries is JSON.
            parameters: (tool.function.parameters ?? {}) as JsonSchema,
          })),
        }
      : {}),
    ...(choice === undefined
      ? {}
      : { toolChoice: typeof choice === 'string' ? choice : { name: choice.function.name } }),
    ...(format?.type === 'json_schema'
      ? {
          output: {
            name: format.json_schema.name,
            schema: format.json_schema.schema as JsonSchema,
            strict: format.json_schema.strict ?? false,
          },
        }
      : {}),
    ...(typeof body.temperature === 'number' ? { temperature: body.temperature } : {}),
    ...(typeof body.top_p === 'number' ? { topP: body.top_p } : {}),
    ...(typeof limit === 'number' ? { maxOutputTokens: limit } : {}),
    ...(body.stop ? { stop: typeof body.stop === 'string' ? [body.stop] : body.stop } : {}),
    ...(typeof body.seed === 'number' ? { seed: body.seed } : {}),
    ...(effort === 'low' || effort === 'medium' || effort === 'high' ? { reasoning: effort } : {}),
    ...(body.prompt_cache_key === undefined ? {} : { cacheKey: body.prompt_cache_key }),
  }
}

type UserContent = Exclude<Extract<ChatBody['messages'][number], { role: 'user' }>['content'], string>[number]

function toPart(part: UserContent): ContentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image_url':
      return fromAddress('image', part.image_url.url)
    case 'input_audio':
      return {
        type: 'audio',
        mimeType: part.input_audio.format === 'mp3' ? 'audio/mpeg' : 'audio/wav',
        data: fromBase64(part.input_audio.data),
      }
    case 'file':
      return fromAddress('file', part.file.file_data ?? '', part.file.filename)
  }
}

function toText(content: string | { text: string }[]): string {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('')
}
