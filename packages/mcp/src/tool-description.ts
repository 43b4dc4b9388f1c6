import type { Tool } from '@modelcontextprotocol/client'
import type { JsonSchema, ToolDescription, ToolEffect } from '@parley/spec'

/** A server's tool as a kernel describes it. */
export function toToolDescription(id: string, tool: Tool): ToolDescription {
  const { name, description = name, inputSchema, outputSchema, annotations } = tool
  return {
    uri: `mcp://${id}.${name}`,
    name,
    description,
    // The client read both from JSON and has checked that they are objects.
    input: inputSchema as JsonSchema,
    ...(outputSchema === undefined ? {} : { output: outputSchema as JsonSchema }),
    effect: effectOf(annotations),
  }
}

/** What a server promises of a tool; without a promise it is taken to change things. */
function effectOf(annotations: Tool['annotations']): ToolEffect {
  if (annotations?.readOnlyHint === true) return 'pure'
  return annotations?.idempotentHint === true ? 'idempotent' : 'effectful'
}
