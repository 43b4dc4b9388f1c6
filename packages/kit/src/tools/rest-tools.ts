import {
  ParleyError,
  type Clock,
  type Json,
  type JsonSchema,
  type RestOperation,
  type RestServer,
  type ToolDescription,
  type ToolEffect,
  type ToolResult,
  type UrlGuard,
} from '@parley/spec'
import { readLimited } from './read-limited.ts'

const MAX_REDIRECTS = 3
const MAX_RESPONSE_BYTES = 10 * 1024 * 1024
const TIMEOUT_MS = 60_000
const anyObject: JsonSchema = { type: 'object', additionalProperties: true }

/** What REST tools reach the world by. */
export interface RestWorld {
  env: Readonly<Record<string, string | undefined>>
  fetch: typeof fetch
  guard: UrlGuard | undefined
}

/** The tools of one REST server. */
export interface RestTools {
  describe(): ToolDescription[]
  /** Undefined when the server has no such tool. */
  find(tool: string): RestOperation | undefined
  call(
    operation: RestOperation,
    args: { [name: string]: Json },
    options: { signal: AbortSignal; clock: Clock; idempotencyKey: string },
  ): Promise<ToolResult>
}

/**
 * Tools of a REST server: GET, HEAD and DELETE send a query, POST, PUT and PATCH send JSON.
 * @throws {ParleyError} `invalid_options` for a server without exactly one URL or with half of its credentials
 */
export function createRestTools(server: RestServer, world: RestWorld): RestTools {
  checkServer(server)
  const { name, operations } = server
  return {
    describe: () =>
      (operations ?? []).map((operation) => ({
        uri: `rest://${name}.${operation.tool}`,
        name: operation.tool,
        description: (
          operation.description ?? `${methodOf(operation)} ${operation.path ?? operation.tool} of ${name}`
        ).slice(0, 1_024),
        input: operation.input ?? anyObject,
        effect: effectOf(operation),
      })),
    find: (tool) => (operations === undefined ? { tool } : operations.find((operation) => operation.tool === tool)),
    async call(operation, args, { signal, clock, idempotencyKey }) {
      const startedMs = clock.monotonicMs()
      const late = new AbortController()
      const cancel = clock.setTimer(TIMEOUT_MS, () =>
        late.abort(failure('tool_timeout', `${name} did not answer within ${TIMEOUT_MS} ms.`)),
      )
      try {
        const request = toRequest(server, world, operation, args)
        request.headers.set('idempotency-key', idempotencyKey)
        const response = await send(request, { ...world, signal: AbortSignal.any([signal, late.signal]) })
        const value = await readValue(response, name)
        return { ok: true, value, durationMs: clock.monotonicMs() - startedMs }
      } catch (thrown) {
        signal.throwIfAborted()
        const error = ParleyError.isInstance(thrown)
          ? thrown
          : late.signal.aborted
            ? failureOf(late.signal.reason)
            : unreachable(name)
        const { code, message, retryable } = error
        return { ok: false, error: { code, message, retryable }, durationMs: clock.monotonicMs() - startedMs }
      } finally {
        cancel()
      }
    },
  }
}

interface RestRequest {
  url: URL
  method: string
  headers: Headers
  body?: string
}

function toRequest(
  server: RestServer,
  { env }: RestWorld,
  operation: RestOperation,
  args: { [name: string]: Json },
): RestRequest {
  const base = server.url ?? env[server.urlEnv ?? '']
  if (base === undefined || base === '')
    throw failure('tool_unavailable', `The server ${server.name} has no URL in this environment.`)
  const rest = { ...args }
  const path = (operation.path ?? operation.tool).replaceAll(/\{(\w+)\}/g, (_whole, key: string) => {
    const value = rest[key]
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw failure('tool_arguments_invalid', `The path of ${operation.tool} needs "${key}" as text or number.`)
    }
    delete rest[key]
    return encodeURIComponent(value)
  })
  const url = new URL(`${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`)
  const method = methodOf(operation)
  const headers = new Headers({ accept: 'application/json, text/*;q=0.8', ...credentials(server, env) })
  if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
    headers.set('content-type', 'application/json')
    return { url, method, headers, body: JSON.stringify(rest) }
  }
  for (const [key, value] of Object.entries(rest)) {
    if (value !== null) url.searchParams.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  return { url, method, headers }
}

/** Follows redirects itself: each address passes the guard, and credentials never leave their origin. */
async function send(
  request: RestRequest,
  { fetch, guard, signal }: RestWorld & { signal: AbortSignal },
): Promise<Response> {
  let { url, method, body } = request
  const { headers } = request
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    await guard?.check(url.href, 'tool')
    const response = await fetch(url, {
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) return response
    await response.body?.cancel()
    const next = new URL(location, url)
    if (next.origin !== url.origin) headers.delete('authorization')
    if (response.status === 303 || (response.status < 303 && method === 'POST')) {
      method = 'GET'
      body = undefined
      headers.delete('content-type')
    }
    url = next
  }
  throw failure('tool_http', `The server redirected more than ${MAX_REDIRECTS} times.`)
}

async function readValue(response: Response, server: string): Promise<Json> {
  if (!response.ok) {
    await response.body?.cancel()
    throw new ParleyError({
      code: 'tool_http',
      message: `${server} answered with status ${response.status}.`,
      retryable: response.status >= 500 || response.status === 429,
      details: { status: response.status },
    })
  }
  const text = await readLimited(response.body, MAX_RESPONSE_BYTES)
  if (text === undefined)
    throw failure('tool_result_invalid', `The answer of ${server} is larger than ${MAX_RESPONSE_BYTES} bytes.`)
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return text
  try {
    // JSON.parse gives JSON and nothing else.
    return JSON.parse(text) as Json
  } catch {
    throw failure('tool_result_invalid', `The answer of ${server} says it is JSON and is not.`)
  }
}

function credentials({ usernameEnv, passwordEnv }: RestServer, env: RestWorld['env']): Record<string, string> {
  if (usernameEnv === undefined || passwordEnv === undefined) return {}
  const bytes = new TextEncoder().encode(`${env[usernameEnv] ?? ''}:${env[passwordEnv] ?? ''}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

function methodOf({ method = 'GET' }: RestOperation): string {
  return method
}

function effectOf({ method = 'GET', effect }: RestOperation): ToolEffect {
  if (effect !== undefined) return effect
  if (method === 'GET' || method === 'HEAD') return 'pure'
  return method === 'PUT' || method === 'DELETE' ? 'idempotent' : 'effectful'
}

function checkServer({ name, url, urlEnv, usernameEnv, passwordEnv }: RestServer): void {
  const isFine = typeof name === 'string' && name !== '' && (url === undefined) !== (urlEnv === undefined)
  if (isFine && (usernameEnv === undefined) === (passwordEnv === undefined)) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `REST server "${String(name)}" needs a name, exactly one of url and urlEnv, and both credentials or neither.`,
    details: { path: 'rest', expected: 'name, url or urlEnv' },
  })
}

function failure(
  code: 'tool_timeout' | 'tool_unavailable' | 'tool_http' | 'tool_result_invalid' | 'tool_arguments_invalid',
  message: string,
): ParleyError {
  return new ParleyError({ code, message })
}

function failureOf(reason: unknown): ParleyError {
  return ParleyError.isInstance(reason) ? reason : failure('tool_timeout', 'The server did not answer in time.')
}

function unreachable(name: string): ParleyError {
  return failure('tool_unavailable', `The server ${name} cannot be reached.`)
}
