import {
  ParleyError,
  type Clock,
  type McpConnection,
  type McpHost,
  type McpServer,
  type ToolDescription,
  type UrlGuard,
} from '@parley/spec'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** Of a remote description, in characters. */
const MAX_DESCRIPTION = 1_024

/** Connections to MCP servers, made when they are first needed. */
export interface McpServers {
  has(id: string): boolean
  /** Tools of servers that are connected. */
  describe(): ToolDescription[]
  /** Connects what is not connected and may be tried; failures leave that server out. */
  connectAll(options: { signal: AbortSignal; clock: Clock }): Promise<void>
  /** @throws {ParleyError} `tool_unavailable` while a server is down */
  get(id: string, options: { signal: AbortSignal; clock: Clock }): Promise<McpConnection>
  close(): Promise<void>
}

interface Slot {
  server: McpServer
  /** Descriptions as they were first seen, by tool. */
  seen: Map<string, string>
  connection?: McpConnection
  connecting?: Promise<McpConnection>
  failures: number
  retryAtMs: number
}

const openGuard: UrlGuard = { check: () => Promise.resolve() }

/** Keeps one connection per server; one that broke is tried again after 1 s, doubling to 30 s. */
export function createMcpServers(
  servers: readonly McpServer[],
  host: McpHost | undefined,
  { env, guard = openGuard }: { env: Record<string, string>; guard?: UrlGuard | undefined },
): McpServers {
  const slots = new Map<string, Slot>(
    servers.map((server) => [server.id, { server, seen: new Map(), failures: 0, retryAtMs: 0 }]),
  )
  const connect = async (
    slot: Slot,
    { signal, clock }: { signal: AbortSignal; clock: Clock },
  ): Promise<McpConnection> => {
    if (slot.connection !== undefined) return slot.connection
    if (host === undefined || clock.monotonicMs() < slot.retryAtMs) throw unavailable(slot.server.id)
    slot.connecting ??= host
      .connect(slot.server, { env, signal, guard, clock })
      .then((connection) => {
        slot.connection = connection
        slot.failures = 0
        // A connection that ends is made anew with the next call.
        void connection.closed.then(() => rest(slot, clock))
        return connection
      })
      .catch(() => {
        rest(slot, clock)
        throw unavailable(slot.server.id)
      })
      .finally(() => {
        delete slot.connecting
      })
    return await slot.connecting
  }
  return {
    has: (id) => slots.has(id),
    describe: () =>
      [...slots.values()].flatMap(({ server, connection, seen }) =>
        (connection?.tools ?? []).map((tool) => {
          const described = JSON.stringify([tool.description, tool.input])
          if (!seen.has(tool.name)) seen.set(tool.name, described)
          return {
            ...tool,
            uri: `mcp://${server.id}.${tool.name}`,
            description: tool.description.slice(0, MAX_DESCRIPTION),
            ...(seen.get(tool.name) === described ? {} : { changed: true }),
          }
        }),
      ),
    async connectAll(options) {
      await Promise.allSettled([...slots.values()].map((slot) => connect(slot, options)))
    },
    async get(id, options) {
      const slot = slots.get(id)
      if (slot === undefined) throw unavailable(id)
      return await connect(slot, options)
    },
    async close() {
      for (const { connection } of [...slots.values()].reverse()) await connection?.close()
      slots.clear()
    },
  }
}

function rest(slot: Slot, clock: Clock): void {
  delete slot.connection
  slot.retryAtMs = clock.monotonicMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** slot.failures)
  slot.failures++
}

function unavailable(id: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The tool server ${id} is not connected at the moment. Try again later.`,
    details: { server: id },
  })
}
