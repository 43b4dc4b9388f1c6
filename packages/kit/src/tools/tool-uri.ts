import { ParleyError } from '@parley/spec'

/** A parsed address of a tool. */
export type ToolUri = { kind: 'function'; name: string } | { kind: 'rest' | 'mcp'; server: string; tool: string }

/**
 * Reads a tool's address: `function://name` (or `python://name`), `rest://server.tool`, `mcp://server.tool`, split at the
 * last dot; a trailing note such as ` [GET]` is ignored.
 * @throws {ParleyError} `tool_uri_invalid`
 */
export function parseToolUri(uri: string): ToolUri {
  const [, protocol, rest = ''] = /^([a-z]+):\/\/(.+?)(?: \[[A-Z]+\])?$/.exec(uri) ?? []
  if (protocol === 'function' || protocol === 'python') {
    if (/^[\w-]+$/.test(rest)) return { kind: 'function', name: rest }
  } else if (protocol === 'rest' || protocol === 'mcp') {
    const dot = rest.lastIndexOf('.')
    if (dot > 0 && dot < rest.length - 1)
      return { kind: protocol, server: rest.slice(0, dot), tool: rest.slice(dot + 1) }
  }
  throw new ParleyError({
    code: 'tool_uri_invalid',
    message: 'A tool is addressed as function://name, rest://server.tool or mcp://server.tool.',
    details: { uri: uri.slice(0, 200) },
  })
}
