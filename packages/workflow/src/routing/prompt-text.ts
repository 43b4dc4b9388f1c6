import type { ChatRequest, ContentPart } from '@parley/spec'

/** The rendered prompt of a request as one text, for its hash and its category; bytes are named by kind and size. */
export function promptText({ system, messages, output }: ChatRequest): string {
  const lines = system === undefined ? [] : [`system: ${system}`]
  for (const message of messages) {
    if (message.role === 'tool') {
      for (const result of message.results) lines.push(`tool ${result.name}: ${contentText(result.content)}`)
    } else {
      lines.push(`${message.role}: ${contentText(message.content)}`)
      if (message.role === 'assistant') {
        for (const call of message.toolCalls ?? []) lines.push(`call ${call.name}: ${call.arguments}`)
      }
    }
  }
  if (output !== undefined) lines.push(`output ${output.name}: ${JSON.stringify(output.schema)}`)
  return lines.join('\n')
}

/** What the person wrote last, which tells best what a request is about. */
export function lastUserText({ messages }: ChatRequest): string {
  const last = messages.findLast(({ role }) => role === 'user')
  return last?.role === 'user' ? contentText(last.content) : ''
}

function contentText(content: string | ContentPart[]): string {
  if (typeof content === 'string') return content
  return content
    .map((part) => (part.type === 'text' ? part.text : `[${part.mimeType} ${part.url ?? part.data?.length ?? 0}]`))
    .join('\n')
}
