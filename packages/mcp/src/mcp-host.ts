import { checkOptions, type McpConnection, type McpHost, type McpServer } from '@parley/spec'
import { isOlderServer, sseTransport, streamableTransport } from './http-transport.ts'
import { connectClient } from './mcp-connection.ts'
import { stdioTransport } from './stdio-transport.ts'
import { toMcpError, unavailable } from './to-mcp-error.ts'
import { withTimeLimit } from './with-time-limit.ts'

const CONNECT_MS = 10_000
const CALL_MS = 60_000

/** Options of `createMcpHost`. */
export interface McpHostOptions {
  /** What servers are told of who calls. @default 'parley' */
  clientName?: string
  /** How long a call may go without an answer or a word of progress, in milliseconds. @default 60_000 */
  callTimeoutMs?: number
  /** @default the platform's */
  fetch?: typeof fetch
}

/**
 * Connects MCP servers for a tool kernel: child processes on stdio, and servers over streamable HTTP or the older SSE.
 * Connecting takes at most 10 s.
 * @throws {ParleyError} `invalid_options` for options that it does not have
 * @example new FunctionKernel({ mcp: servers, mcpHost: createMcpHost() })
 */
export function createMcpHost(options: McpHostOptions = {}): McpHost {
  checkOptions('createMcpHost', options, ['clientName', 'callTimeoutMs', 'fetch'])
  const { clientName = 'parley', callTimeoutMs = CALL_MS, fetch = globalThis.fetch } = options
  return {
    async connect({ id, transport: how }: McpServer, { signal, guard, clock }): Promise<McpConnection> {
      const world = { id, clientName, callTimeoutMs, connectTimeoutMs: CONNECT_MS, clock }
      const late = (): Error => unavailable(id, `did not answer within ${CONNECT_MS} ms`)
      return await withTimeLimit({ signal, clock, limitMs: CONNECT_MS, late }, async (limit) => {
        if (how.kind === 'stdio') {
          return await connectClient(stdioTransport(how), world, limit).catch((error: unknown) => {
            throw hasNotStarted(error)
              ? unavailable(id, `could not be started: is "${how.command}" installed?`, error)
              : toMcpError(error, id)
          })
        }
        const web = { id, url: how.url, fetch, guard, clock }
        try {
          return await connectClient(streamableTransport(web), world, limit)
        } catch (error) {
          if (!isOlderServer(error)) throw toMcpError(error, id)
          // The answer to the older transport may be as little use; then the first one says more.
          return await connectClient(sseTransport(web), world, limit).catch(() => {
            throw toMcpError(error, id)
          })
        }
      })
    },
  }
}

/** Whether the operating system could not start the command. */
function hasNotStarted(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn')
}
