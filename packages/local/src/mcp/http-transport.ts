import { ParleyError, type UrlGuard } from '@parley/spec'
import { parseMcpMessage } from './mcp-message.ts'
import type { McpTransport } from './mcp-transport.ts'

/** Of one answer. */
const MAX_BYTES = 10 * 1024 * 1024

/** What a server over HTTP is reached by. */
export interface HttpTransportOptions {
  id: string
  url: string
  protocolVersion: string
  fetch: typeof fetch
  guard: UrlGuard
}

/**
 * A server over streamable HTTP: each message is a POST, answered by JSON or by a stream of events.
 * @see https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
 */
export function httpTransport({ id, url, protocolVersion, fetch, guard }: HttpTransportOptions): McpTransport {
  let session: string | undefined
  let end = (_end: { error?: ParleyError }): void => {}
  const closed = new Promise<{ error?: ParleyError }>((resolve) => (end = resolve))
  const leaving = new AbortController()
  const headers = (): Record<string, string> => ({
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': protocolVersion,
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  })
  const transport: McpTransport = {
    onMessage: () => {},
    closed,
    async send(message, { signal }) {
      await guard.check(url, 'tool')
      const stop = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal])
      let response: Response
      try {
        const init: RequestInit = {
          method: 'POST',
          headers: headers(),
          body: JSON.stringify(message),
          redirect: 'error',
        }
        response = await fetch(url, { ...init, signal: stop })
      } catch {
        signal?.throwIfAborted()
        throw unavailable(id, 'cannot be reached')
      }
      session = response.headers.get('mcp-session-id') ?? session
      if (!response.ok) {
        await response.body?.cancel()
        // The server has forgotten the session: a new connection gets another one.
        const error = unavailable(id, `answered with status ${response.status}`)
        if (response.status === 404 && session !== undefined) end({ error })
        throw error
      }
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
      for await (const text of isStream ? eventTexts(response) : [await textOf(response)]) {
        const read = parseMcpMessage(text)
        if (read !== undefined) transport.onMessage(read)
      }
    },
    async close() {
      leaving.abort()
      end({})
    },
  }
  return transport
}

async function textOf(response: Response): Promise<string> {
  let text = ''
  for await (const piece of piecesOf(response)) text += piece
  return text
}

/** The data of each event of a stream. */
async function* eventTexts(response: Response): AsyncIterable<string> {
  let rest = ''
  for await (const piece of piecesOf(response)) {
    rest += piece
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield dataOf(block)
  }
  if (rest !== '') yield dataOf(rest)
}

function dataOf(block: string): string {
  return block
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []))
    .join('\n')
}

async function* piecesOf(response: Response): AsyncIterable<string> {
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES)
      throw new ParleyError({ code: 'tool_result_invalid', message: `The answer has more than ${MAX_BYTES} bytes.` })
    yield decoder.decode(chunk, { stream: true })
  }
}

function unavailable(id: string, why: string): ParleyError {
  return new ParleyError({
    code: 'tool_unavailable',
    message: `The MCP server "${id}" ${why}.`,
    details: { server: id },
    retryable: true,
  })
}
