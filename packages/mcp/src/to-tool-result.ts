import type { CallToolResult } from '@modelcontextprotocol/client'
import { ParleyError, type ContentPart, type Json, type ToolResult } from '@parley/spec'

/**
 * A server's result as a kernel gives it: structure where there is some, else its texts; images and sounds beside it.
 * @throws {ParleyError} `tool_result_invalid` for structure that is not as the server declared it
 */
export function toToolResult(
  { structuredContent, content, isError }: CallToolResult,
  { id, name, fits, durationMs }: { id: string; name: string; fits: (value: unknown) => boolean; durationMs: number },
): ToolResult {
  // What the server says of its failure may hold anything.
  if (isError === true) {
    const message = `The tool "${name}" of the MCP server "${id}" failed.`
    return { ok: false, error: { code: 'tool_failed', message, retryable: false }, durationMs }
  }
  if (!fits(structuredContent)) {
    throw new ParleyError({
      code: 'tool_result_invalid',
      message: `The result of the tool "${name}" of the MCP server "${id}" does not fit the schema it declares.`,
      details: { server: id, tool: name },
    })
  }
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const media = content.flatMap(mediaOf)
  // The client read it from JSON.
  const value = structuredContent === undefined ? texts.join('\n') : (structuredContent as Json)
  return { ok: true, value, ...(media.length === 0 ? {} : { media }), durationMs }
}

function mediaOf(part: CallToolResult['content'][number]): ContentPart[] {
  if (part.type !== 'image' && part.type !== 'audio') return []
  return [{ type: part.type, mimeType: part.mimeType, data: new Uint8Array(Buffer.from(part.data, 'base64')) }]
}
