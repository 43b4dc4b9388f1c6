import {
  ParleyError,
  type ContentPart,
  type Json,
  type McpConnection,
  type McpHost,
  type ToolDescription,
  type ToolEffect,
  type ToolResult,
} from '@parley/spec'
import { httpTransport } from './http-transport.ts'
import { isObject } from './mcp-message.ts'
import { McpSession } from './mcp-session.ts'
import { stdioTransport } from './stdio-transport.ts'

/** Version of the protocol that is spoken. */
const PROTOCOL_VERSION = '2025-06-18'
const CONNECT_MS = 10_000
const MAX_TOOLS = 1_000
const MAX_PAGES = 100

/** Options of `createMcpHost`. */
export interface McpHostOptions {
  /** What servers are told of who calls. @default 'parley' */
  clientName?: string
  /** @default the platform's */
  fetch?: typeof fetch
}

/**
 * Connects MCP servers for a tool kernel: child processes on stdio, and servers over streamable HTTP.
 * @example new FunctionKernel({ mcp: servers, mcpHost: createMcpHost() })
 */
export function createMcpHost({ clientName = 'parley', fetch = globalThis.fetch }: McpHostOptions = {}): McpHost {
  return {
    async connect({ id, transport: how }, { signal, guard, clock }) {
      const transport =
        how.kind === 'stdio'
          ? stdioTransport({ ...how, id }, clock)
          : httpTransport({ id, url: how.url, protocolVersion: PROTOCOL_VERSION, fetch, guard })
      const late = new AbortController()
      const cancel = clock.setTimer(CONNECT_MS, () => late.abort(slow(id)))
      const stop = AbortSignal.any([signal, late.signal])
      const session = new McpSession(id, transport)
      try {
        await session.request(
          'initialize',
          { protocolVersion: PROTOCOL_VERSION, capabilities: {}, clientInfo: { name: clientName, version: '0.1.0' } },
          { signal: stop },
        )
        await session.notify('notifications/initialized', stop)
        let tools = await listTools(session, id, stop)
        const listeners = new Set<() => void>()
        session.onNotification = (method) => {
          if (method !== 'notifications/tools/list_changed') return
          listTools(session, id, new AbortController().signal).then(
            (changed) => {
              tools = changed
              for (const listen of listeners) listen()
            },
            // A server that cannot say its tools keeps those that it had.
            () => {},
          )
        }
        return {
          get tools() {
            return tools
          },
          async call(name, args, options) {
            const startedMs = clock.monotonicMs()
            const params = { name, arguments: isObject(args) ? args : {} }
            const result = await session.request('tools/call', params, options)
            return toToolResult(result, { name, id, durationMs: clock.monotonicMs() - startedMs })
          },
          onToolsChanged(listener) {
            listeners.add(listener)
            return () => listeners.delete(listener)
          },
          closed: transport.closed,
          close: () => transport.close(),
        } satisfies McpConnection
      } catch (error) {
        await transport.close()
        throw error
      } finally {
        cancel()
      }
    },
  }
}

async function listTools(session: McpSession, id: string, signal: AbortSignal): Promise<ToolDescription[]> {
  const tools: ToolDescription[] = []
  let cursor: Json | undefined
  for (let page = 0; page < MAX_PAGES && tools.length < MAX_TOOLS; page += 1) {
    const result = await session.request('tools/list', cursor === undefined ? {} : { cursor }, { signal })
    for (const tool of Array.isArray(result['tools']) ? result['tools'] : [])
      if (isObject(tool) && typeof tool['name'] === 'string') tools.push(toDescription(id, tool['name'], tool))
    cursor = result['nextCursor']
    if (typeof cursor !== 'string') break
  }
  return tools
}

function toDescription(id: string, name: string, tool: { [key: string]: Json }): ToolDescription {
  const { description, inputSchema, outputSchema, annotations } = tool
  return {
    uri: `mcp://${id}.${name}`,
    name,
    description: typeof description === 'string' ? description : name,
    input: isObject(inputSchema) ? inputSchema : { type: 'object' },
    ...(isObject(outputSchema) ? { output: outputSchema } : {}),
    effect: effectOf(annotations),
  }
}

/** What a server promises of a tool; without a promise it is taken to change things. */
function effectOf(annotations: Json | undefined): ToolEffect {
  if (!isObject(annotations)) return 'effectful'
  if (annotations['readOnlyHint'] === true) return 'pure'
  return annotations['idempotentHint'] === true ? 'idempotent' : 'effectful'
}

function toToolResult(
  { structuredContent, content, isError }: { readonly [key: string]: Json },
  { name, id, durationMs }: { name: string; id: string; durationMs: number },
): ToolResult {
  // What the server says of its failure may hold anything.
  if (isError === true) {
    const message = `The tool "${name}" of the MCP server "${id}" failed.`
    return { ok: false, error: { code: 'tool_failed', message, retryable: false }, durationMs }
  }
  const parts = (Array.isArray(content) ? content : []).filter(isObject)
  const text = parts.flatMap(({ type, text: said }) => (type === 'text' && typeof said === 'string' ? [said] : []))
  const media = parts.flatMap(mediaOf)
  const value: Json = isObject(structuredContent) ? structuredContent : text.join('\n')
  return { ok: true, value, ...(media.length === 0 ? {} : { media }), durationMs }
}

function mediaOf({ type, data, mimeType }: { [key: string]: Json }): ContentPart[] {
  if ((type !== 'image' && type !== 'audio') || typeof data !== 'string' || typeof mimeType !== 'string') return []
  return [{ type, mimeType, data: new Uint8Array(Buffer.from(data, 'base64')) }]
}

function slow(id: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The MCP server "${id}" did not answer within ${CONNECT_MS} ms.`,
    details: { server: id },
    retryable: true,
  })
}
