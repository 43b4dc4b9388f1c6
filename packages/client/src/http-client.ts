import {
  errorCodes,
  fromWire,
  ParleyError,
  toWire,
  toWireName,
  type Clock,
  type ErrorCode,
  type Json,
} from '@parley/spec'

/** Gives the key or token to use; asked before every request and connection, so that it may be renewed. */
export type TokenSource = () => string | undefined | Promise<string | undefined>

/** What requests are made with. */
export interface HttpClientOptions {
  baseUrl: string
  getToken: TokenSource
  fetch: typeof fetch
  clock: Clock
  timeoutMs: number
}

/** One request, with the names of code. */
export interface HttpRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | undefined>
  body?: object
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Makes requests and turns problems into errors. */
export interface HttpClient {
  /**
   * The answer, with the names of code.
   * @throws {ParleyError} the server's code, with its request id; `connection_lost` when there is no answer in time
   */
  request(request: HttpRequest): Promise<Json>
  /** The answer as it comes, for streams. */
  open(request: HttpRequest): Promise<Response>
}

/** Makes a client of one server's JSON. */
export function createHttpClient({ baseUrl, getToken, fetch, clock, timeoutMs }: HttpClientOptions): HttpClient {
  const send = async ({
    method = 'GET',
    path,
    query = {},
    body,
    headers = {},
    signal,
  }: HttpRequest): Promise<Response> => {
    const url = new URL(`${baseUrl.replace(/\/+$/, '')}${path}`)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(toWireName(name), String(value))
    const token = await getToken()
    signal?.throwIfAborted()
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(toWire(body)) }),
      ...(signal === undefined ? {} : { signal }),
    })
    if (response.ok) return response
    throw await toError(response)
  }
  return {
    async request(request) {
      const abort = new AbortController()
      const forward = (): void => abort.abort(request.signal?.reason)
      if (request.signal?.aborted === true) forward()
      request.signal?.addEventListener('abort', forward, { once: true })
      const cancel = clock.setTimer(timeoutMs, () => abort.abort(lost(`no answer within ${timeoutMs} ms`)))
      try {
        const response = await send({ ...request, signal: abort.signal })
        return fromWire(await response.json())
      } catch (error) {
        throw translated(error, request.signal)
      } finally {
        cancel()
        request.signal?.removeEventListener('abort', forward)
      }
    },
    async open(request) {
      try {
        return await send(request)
      } catch (error) {
        throw translated(error, request.signal)
      }
    },
  }
}

/** A connection that failed, as an error that may pass. */
export function lost(why: string, cause?: unknown): ParleyError {
  return new ParleyError({ code: 'connection_lost', message: `The server was not reached: ${why}. Try again.`, cause })
}

function translated(error: unknown, signal: AbortSignal | undefined): unknown {
  if (ParleyError.isInstance(error)) return error
  if (signal?.aborted === true) return signal.reason
  return lost('the connection failed', error)
}

async function toError(response: Response): Promise<ParleyError> {
  const body: unknown = await response.json().catch(() => null) // a proxy's page is no problem of ours
  const { error, request_id: requestId } = isObject(body) ? body : {}
  const { code, message, retryable, details } = isObject(error) ? error : {}
  return new ParleyError({
    code: isErrorCode(code) ? code : codeOfStatus(response.status),
    message:
      typeof message === 'string'
        ? message
        : `The server answered ${response.status} and gave no reason. Check the address, and what stands before the server.`,
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    details: {
      ...detailsOf(details),
      ...(typeof requestId === 'string' ? { requestId } : {}),
    },
  })
}

/** Details of an error from the wire. */
export function detailsOf(details: unknown): { [key: string]: Json } {
  const read = fromWire(details ?? {})
  return typeof read === 'object' && read !== null && !Array.isArray(read) ? read : {}
}

/** Whether a text is a code this client knows. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code)
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'auth_required'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'not_found'
  if (status === 429) return 'rate_limited'
  return status >= 500 ? 'connection_lost' : 'invalid_options'
}

/** Whether a value is an object with fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
