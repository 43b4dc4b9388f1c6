import type { ContentPart, ToolResultPart } from '@parley/spec'

/** A tool's answer as the vendor gets it: a failed one begins with `Error: `, since the wire has no flag for it. */
export function markError({ content, isError = false }: ToolResultPart): string | ContentPart[] {
  if (!isError) return content
  return typeof content === 'string' ? `Error: ${content}` : [{ type: 'text', text: 'Error: ' }, ...content]
}
