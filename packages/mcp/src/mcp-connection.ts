import { Client, SseError, type Transport } from '@modelcontextprotocol/client'
import { ParleyError, type Clock, type McpConnection, type ToolDescription } from '@parley/spec'
import { createOutputChecks } from './output-checks.ts'
import { toMcpError, unavailable } from './to-mcp-error.ts'
import { toToolDescription } from './tool-description.ts'
import { toToolResult } from './to-tool-result.ts'
import { withTimeLimit, type LimitedRequest } from './with-time-limit.ts'

const MAX_PAGES = 100
const MAX_TOOLS = 1_000
/** Until what a server still has to do at its end is no longer waited for. */
const CLOSE_MS = 5_000

/** A transport of the official client, with what is particular to it. */
export interface OpenTransport {
  transport: Transport
  /** Tells the server that nobody comes back. */
  farewell?: () => Promise<void>
  /** Whether a failed request means that the connection is of no use any more. */
  isLost?: (error: unknown) => boolean
  /** Whether a broken stream means so. */
  endsWithStream?: boolean
}

/** What a connection is made with. */
export interface ConnectionWorld {
  id: string
  clientName: string
  callTimeoutMs: number
  connectTimeoutMs: number
  clock: Clock
}

/** Connects and asks for the tools; throws what the official client throws, with nothing left open. */
export async function connectClient(
  open: OpenTransport,
  world: ConnectionWorld,
  limit: LimitedRequest,
): Promise<McpConnection> {
  const { id, clientName, callTimeoutMs, connectTimeoutMs, clock } = world
  const { transport, farewell, isLost = () => false, endsWithStream = false } = open
  const client = new Client({ name: clientName, version: '0.1.0' }, { capabilities: {}, listMaxPages: MAX_PAGES })
  const gone = new AbortController()
  let tools: ToolDescription[] = []
  let listings = 0
  let lost: ParleyError | undefined
  const listeners = new Set<() => void>()
  const closed = new Promise<{ error?: ParleyError }>((resolve) => {
    client.onclose = () => {
      const isWanted = gone.signal.aborted && lost === undefined
      lost ??= unavailable(id, isWanted ? 'is closed' : 'has ended')
      gone.abort(lost)
      resolve(isWanted ? {} : { error: lost })
    }
  })
  const lose = (error: ParleyError): void => {
    lost ??= error
    void client.close()
  }
  const shut = async (): Promise<void> => {
    gone.abort(unavailable(id, 'is closed'))
    const stop = new AbortController()
    const atMost = clock.sleep(CLOSE_MS, { signal: stop.signal }).catch(() => {})
    // A server that is gone needs no farewell.
    await Promise.race([farewell?.().catch(() => {}), atMost])
    await client.close()
    await Promise.race([closed, atMost])
    stop.abort()
  }
  const list = async ({ signal, timeout }: LimitedRequest): Promise<void> => {
    const mine = ++listings
    // The client says so on the console when it is asked for tools of a server without.
    const hasTools = client.getServerCapabilities()?.tools !== undefined
    const listed = hasTools ? (await client.listTools(undefined, { signal, timeout })).tools : []
    // Lists that were asked for earlier may come later.
    if (mine === listings) tools = listed.slice(0, MAX_TOOLS).map((tool) => toToolDescription(id, tool))
  }
  client.setNotificationHandler('notifications/tools/list_changed', async () => {
    const late = (): Error => unavailable(id, 'did not list its tools in time')
    try {
      await withTimeLimit({ signal: gone.signal, clock, limitMs: connectTimeoutMs, late }, list)
    } catch {
      // A server that cannot say its tools keeps those that it had.
      return
    }
    for (const listen of listeners) listen()
  })
  if (endsWithStream) {
    client.onerror = (error) => {
      if (error instanceof SseError) lose(unavailable(id, 'has ended its stream', error))
    }
  }
  // Not all that connecting waits for can be stopped by a signal.
  const stopped = new Promise<never>((_resolve, reject) => {
    limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true })
  })
  try {
    await Promise.race([client.connect(transport, { signal: limit.signal, timeout: limit.timeout }), stopped])
    await list(limit)
  } catch (error) {
    await client.close()
    throw error
  }

  const checkOf = createOutputChecks(id)
  let closing: Promise<void> | undefined
  return {
    get tools() {
      return tools
    },
    async call(name, args, { signal, onProgress }) {
      signal.throwIfAborted()
      if (lost !== undefined) throw lost
      const startedMs = clock.monotonicMs()
      const tool = tools.find((one) => one.name === name)
      // Before anything is sent: what cannot be checked need not happen.
      const fits = tool === undefined ? () => true : checkOf(tool)
      const late = (): Error => slow(id, name, callTimeoutMs)
      return await withTimeLimit({ signal, clock, limitMs: callTimeoutMs, late }, async (call) => {
        const result = await client.request(
          { method: 'tools/call', params: { name, arguments: argumentsOf(args) } },
          {
            signal: call.signal,
            timeout: call.timeout,
            onprogress: ({ message }) => {
              call.restart()
              if (message !== undefined) onProgress?.(message)
            },
          },
        )
        return toToolResult(result, { id, name, fits, durationMs: clock.monotonicMs() - startedMs })
      }).catch((error: unknown) => {
        signal.throwIfAborted()
        const told = lost ?? toMcpError(error, id)
        if (isLost(error)) lose(told)
        throw told
      })
    },
    onToolsChanged(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    closed,
    close: () => (closing ??= shut()),
  }
}

/** Tools take objects; anything else is no argument. */
function argumentsOf(args: unknown): { [name: string]: unknown } {
  return typeof args === 'object' && args !== null && !Array.isArray(args) ? { ...args } : {}
}

function slow(id: string, name: string, limitMs: number): ParleyError {
  return new ParleyError({
    code: 'tool_timeout',
    message: `The tool "${name}" of the MCP server "${id}" said nothing for ${limitMs} ms and was stopped.`,
    details: { server: id, tool: name, limitMs },
  })
}
