import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ChatPart, ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { createSystemClock, ParleyError } from '@parley/spec'
import type { Answer } from '../../answer-parts.ts'
import { createSeededIds } from '../../seeded-ids.ts'
import { answerRequest } from './answer-request.ts'
import type { OpenAiFault } from './faults.ts'
import { refusalOf, type VendorRefusal } from './refusal.ts'

/** A request to the double, accepted. */
export interface OpenAiRequest {
  api: 'responses' | 'chat'
  /** As it came over the wire. */
  body: { [key: string]: Json }
  /** Read back as a request of the port. */
  chat: ChatRequest
  /** What came as metadata of the request. */
  metadata: Readonly<Record<string, string>>
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** Which accepted request of this double it is, from 0. */
  call: number
}

/** What the double says: a text, an answer, a refusal in the model's words, the stream of a model, or recorded events. */
export type OpenAiAnswer =
  | string
  | (Answer & { refusal?: string })
  | AsyncIterable<ChatPart>
  | { recorded: readonly { event?: string; data: string }[] }

/** Decides what the double answers. */
export type OpenAiRespond = (request: OpenAiRequest) => OpenAiAnswer | Promise<OpenAiAnswer>

/** What a double of OpenAI's HTTP interface may be given. */
export interface OpenAiDoubleOptions {
  /** Answers in order; the last one repeats. */
  script?: readonly OpenAiAnswer[]
  /** Decides each answer; wins over `script`. */
  respond?: OpenAiRespond
  /** The key that is accepted. @default 'test-key' */
  apiKey?: string
  /** Models that exist; others are 404. @default any */
  models?: readonly string[]
  /** Characters per delta. @default words */
  chunk?: number
  faults?: readonly OpenAiFault[]
  clock?: Clock
  ids?: IdSource
}

/** What the double noted of a request; never its credentials. */
export interface ReceivedRequest {
  path: string
  body: Json
  /** When it came, in ms of the clock's monotonic time. */
  atMs: number
  /** Header names and values but for those that carry keys. */
  headers: Readonly<Record<string, string>>
  /** How it ended: with an answer, with an error status, by the double's fault, or because the client left. */
  ended: Promise<'answered' | 'refused' | 'cut' | 'left'>
}

/** A running double. */
export interface OpenAiDouble extends AsyncDisposable {
  /** The address without path. */
  readonly url: string
  /** What goes into a client's `baseURL`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Version of the interface that is followed. */
  readonly info: { vendor: 'openai'; interface: string }
  /** Environment variables for a child process. */
  env(): Record<string, string>
  received(filter?: { path?: string }): readonly ReceivedRequest[]
  /** Bodies that the vendor would not have accepted, as it would have said so. */
  readonly violations: readonly string[]
  /** Connections that were opened so far. */
  readonly connections: number
  fault(fault: OpenAiFault): void
  setRespond(respond: OpenAiRespond): void
  close(): Promise<void>
}

/**
 * Starts a server on 127.0.0.1 that speaks OpenAI's Responses and Chat Completions as the vendor does: it checks key
 * and body, streams the vendor's events, and misbehaves when told to.
 */
export async function createOpenAiDouble(options: OpenAiDoubleOptions = {}): Promise<OpenAiDouble> {
  const { apiKey = 'test-key', models, chunk, clock = createSystemClock(), ids = createSeededIds(1) } = options
  let respond = options.respond ?? respondWithScript(options.script ?? [])
  const faults = [...(options.faults ?? [])]
  const received: ReceivedRequest[] = []
  const violations: string[] = []
  const sockets = new Set<Socket>()
  const work = new Set<Promise<void>>()
  const reasoningBefore = new Map<string, string>()
  const stored = new Map<string, Json[]>()
  let accepted = 0
  let connections = 0

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname
    const leaving = new AbortController()
    let end: (how: Awaited<ReceivedRequest['ended']>) => void = () => {}
    const entry: ReceivedRequest = {
      path,
      body: null,
      atMs: clock.monotonicMs(),
      headers: plainHeaders(request),
      ended: new Promise((resolve) => (end = resolve)),
    }
    received.push(entry)
    response.on('close', () => {
      if (!response.writableFinished) end('left')
      leaving.abort(new Error('the client left'))
    })
    const refuse = (refusal: VendorRefusal): void => {
      const headers = { 'content-type': 'application/json', 'x-request-id': ids.next('req'), ...refusal.headers }
      end('refused')
      response.writeHead(refusal.status, headers).end(JSON.stringify({ error: refusal.error }))
    }
    const text = await readBody(request)
    const fault = faults.shift()
    if (fault?.kind === 'refuseConnection') {
      end('cut')
      request.socket.destroy()
      return
    }
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      const refusal = refusalOf(401)
      return refuse(
        request.headers.authorization
          ? refusal
          : { ...refusal, error: { ...refusal.error, message: "You didn't provide an API key.", code: null } },
      )
    }
    if (request.method === 'GET' && path === '/v1/models') {
      end('answered')
      const data = (models ?? []).map((id) => ({ id, object: 'model', created: 0, owned_by: 'openai' }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }))
      return
    }
    const api = path === '/v1/responses' ? 'responses' : path === '/v1/chat/completions' ? 'chat' : undefined
    if (request.method !== 'POST' || api === undefined) {
      const message = `Invalid URL (${request.method} ${path})`
      return refuse({ status: 404, error: { message, type: 'invalid_request_error', param: null, code: null } })
    }
    if (fault?.kind === 'refuse') return refuse(toRefusal(fault))
    end(
      await answerRequest({
        api,
        text,
        response,
        fault,
        chunk,
        clock,
        ids,
        models,
        signal: leaving.signal,
        reasoningBefore,
        stored,
        note: (body) => (entry.body = body),
        violate: (message) => violations.push(message),
        respond: (accept) => respond({ ...accept, call: accepted++ }),
        refuse,
      }),
    )
  }

  const server = createServer((request, response) => {
    const running = handle(request, response).catch((error: unknown) => {
      // A double that fails inside must not look like a vendor that does.
      violations.push(`the double failed: ${error instanceof Error ? error.message : String(error)}`)
      request.socket.destroy()
    })
    work.add(running)
    void running.then(() => work.delete(running))
  })
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A listening TCP server has a port.
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, ...work])
    })()
    return closing
  }
  return {
    url,
    baseUrl: `${url}/v1`,
    apiKey,
    info: { vendor: 'openai', interface: 'Responses and Chat Completions, client 7.x' },
    env: () => ({ OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: `${url}/v1` }),
    received: ({ path } = {}) => received.filter((entry) => path === undefined || entry.path === path),
    violations,
    get connections() {
      return connections
    },
    fault: (fault) => void faults.push(fault),
    setRespond: (next) => void (respond = next),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function respondWithScript(script: readonly OpenAiAnswer[]): OpenAiRespond {
  return ({ call }) => {
    const answer = script[Math.min(call, script.length - 1)]
    if (answer !== undefined) return answer
    throw new ParleyError({
      code: 'invalid_options',
      message: 'The OpenAI double has no answer. Give it a script or respond.',
      details: { path: 'script', expected: 'at least one answer' },
    })
  }
}

function toRefusal(fault: Extract<OpenAiFault, { kind: 'refuse' }>): VendorRefusal {
  const refusal = refusalOf(fault.status, fault.code)
  const message = fault.message ?? refusal.error.message
  const { retryAfterMs } = fault
  const wait: Record<string, string> =
    retryAfterMs === undefined
      ? {}
      : { 'retry-after-ms': String(retryAfterMs), 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
  return { ...refusal, error: { ...refusal.error, message }, headers: wait }
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== 'authorization' && name !== 'api-key' && name !== 'cookie') headers[name] = String(value)
  }
  return headers
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
