import type { FetchLike } from '@modelcontextprotocol/client'
import { ParleyError, type Clock, type UrlGuard } from '@parley/spec'
import { unavailable } from './to-mcp-error.ts'

/** Of one answer, or of one event of a stream. */
const MAX_BYTES = 10 * 1024 * 1024

/** What a server over HTTP is reached by. */
export interface GuardedFetchOptions {
  id: string
  url: string
  fetch: typeof fetch
  guard: UrlGuard
  clock: Clock
}

/** A fetch that asks the guard first, follows no redirect and reads no answer without end. */
export function guardedFetch({ id, fetch, guard }: GuardedFetchOptions): FetchLike {
  return async (url, init) => {
    await guard.check(String(url), 'tool')
    let response: Response
    try {
      response = await fetch(url, { ...init, redirect: 'error' })
    } catch (error) {
      init?.signal?.throwIfAborted()
      throw unavailable(id, 'cannot be reached', error)
    }
    if (response.body === null) return response
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    return new Response(response.body.pipeThrough(limited(id, isStream)), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    })
  }
}

/** Passes bytes on until there are too many: of the whole, or of one event where blank lines end events. */
function limited(id: string, isStream: boolean): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      const end = isStream ? endOfEvent(chunk) : 0
      bytes = end === 0 ? bytes + chunk.length : chunk.length - end
      if (bytes <= MAX_BYTES) return controller.enqueue(chunk)
      controller.error(
        new ParleyError({
          code: 'tool_result_invalid',
          message: `The answer of the MCP server "${id}" is larger than ${MAX_BYTES} bytes.`,
          details: { server: id, maxBytes: MAX_BYTES },
        }),
      )
    },
  })
}

/** Where the last event of a chunk ends; 0 when none does. */
function endOfEvent(chunk: Uint8Array): number {
  const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const ends = ['\n\n', '\r\n\r\n'].map((blank) => {
    const at = text.lastIndexOf(blank)
    return at < 0 ? 0 : at + blank.length
  })
  return Math.max(...ends)
}
