import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { decodePcmu } from '@parley/audio'
import { createSystemClock, type Clock, type Disposer, type IdSource, type Json } from '@parley/spec'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { createSeededIds } from '../../seeded-ids.ts'
import { controlMessage, listenQuery, toQueryObject, turnQuery } from './client-schemas.ts'
import { createFaultList, type DeepgramFault } from './faults.ts'
import { createListenSession, type SessionParts, type VendorSession } from './listen-session.ts'
import { createOutbox, type ServerMessage } from './outbox.ts'
import { createTurnSession } from './turn-session.ts'

/** What a double of a Deepgram-like recognizer may be given. */
export interface DeepgramDoubleOptions {
  /** What the n-th utterance says, over all sessions. @default what the tones of the audio say */
  script?: readonly (string | undefined)[]
  /** Messages to be sent instead, each at its time after the upgrade: a recording of the field, for instance. */
  recorded?: readonly { atMs: number; text: string }[]
  /** @default 'test-key' */
  apiKey?: string
  faults?: readonly DeepgramFault[]
  /** What a `Finalize` with nothing to flush is answered with. @default 'empty' */
  emptyFinalize?: 'empty' | 'nothing'
  clock?: Clock
  ids?: IdSource
}

/** What the double noted of a message; never its credentials. */
export interface DeepgramReceived {
  /** Of a text its `type`; `audio`; `open` with the query. */
  type: string
  session: number
  atMs: number
  /** Length of audio. */
  bytes?: number
  body?: Json
}

/** A running double. */
export interface DeepgramDouble extends AsyncDisposable {
  /** The address for HTTP, without path. */
  readonly url: string
  /** What goes into the adapter's `baseUrl`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Version of the interface that is followed. */
  readonly info: { vendor: 'deepgram'; interface: string }
  /** Environment variables for a child process. */
  env(): Record<string, string>
  received(filter?: { type?: string; session?: number }): readonly DeepgramReceived[]
  /** Sessions opened so far, and whether each is still open. */
  readonly sessions: readonly { id: number; path: string; isOpen: boolean }[]
  /** Resolves with the next or an earlier message of a type. */
  waitFor(type: string, options?: { timeoutMs?: number }): Promise<DeepgramReceived>
  /** Sends a message as if the vendor had said it. @default the newest session */
  inject(message: ServerMessage, options?: { session?: number }): void
  setScript(script: readonly (string | undefined)[]): void
  fault(fault: DeepgramFault): void
  /** What the vendor would not have accepted. Taking them claims them. */
  readonly violations: string[]
  /** Resolves when all that is under way on open sockets, in both directions, has arrived. */
  settle(): Promise<void>
  close(): Promise<void>
}

const idleMs = 10_000
const refusals: Record<number, { err_code: string; err_msg: string }> = {
  400: { err_code: 'Bad Request', err_msg: 'Bad Request: failed to process the query.' },
  401: { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.' },
  402: { err_code: 'ASR_PAYMENT_REQUIRED', err_msg: 'Project does not have enough credits for an ASR request.' },
  403: { err_code: 'INSUFFICIENT_PERMISSIONS', err_msg: 'Project does not have access to the requested model.' },
  404: { err_code: 'NOT_FOUND', err_msg: 'Not found.' },
  429: { err_code: 'TOO_MANY_REQUESTS', err_msg: 'Too many requests.' },
}

/**
 * Starts a server on 127.0.0.1 that recognizes tone-coded speech as Deepgram does: `/v1/listen` with results, `/v2/listen`
 * with turns. It checks key, query and messages, and misbehaves when told to.
 */
export async function createDeepgramDouble(options: DeepgramDoubleOptions = {}): Promise<DeepgramDouble> {
  const {
    apiKey = 'test-key',
    clock = createSystemClock(),
    ids = createSeededIds(1),
    emptyFinalize = 'empty',
  } = options
  const faults = createFaultList(options.faults)
  const received: DeepgramReceived[] = []
  const violations: string[] = []
  const sessions: { id: number; path: string; isOpen: boolean; ws: WebSocket }[] = []
  const waiting: { type: string; resolve: (entry: DeepgramReceived) => void }[] = []
  const tcp = new Set<Socket>()
  const timers = new Set<Disposer>()
  let script = [...(options.script ?? [])]

  const note = (entry: Omit<DeepgramReceived, 'atMs'>): void => {
    const noted = { ...entry, atMs: clock.monotonicMs() }
    received.push(noted)
    for (let n = waiting.length - 1; n >= 0; n--) {
      if (waiting[n]?.type === noted.type) waiting.splice(n, 1)[0]?.resolve(noted)
    }
  }
  const server = createServer((_, response) => {
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...refusals[404], request_id: ids.uuid() }))
  })
  server.on('connection', (socket) => {
    tcp.add(socket)
    socket.on('close', () => tcp.delete(socket))
  })
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true, maxPayload: 4 * 1024 * 1024 })

  const refuse = (socket: Duplex, status: number, headers: Record<string, string> = {}): void => {
    const body = JSON.stringify({
      ...(refusals[status] ?? { err_code: 'ERROR', err_msg: 'Server error.' }),
      request_id: ids.uuid(),
    })
    const lines = Object.entries({ ...headers, 'content-type': 'application/json', connection: 'close' })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.end(`HTTP/1.1 ${status} Refused\r\n${head}content-length: ${body.length}\r\n\r\n${body}`)
  }
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const slow = faults.take('slowConnect')
    if (slow !== undefined) await clock.sleep(slow.ms)
    if (faults.take('refuseConnection') !== undefined) return void socket.destroy()
    const refused = faults.take('refuse')
    if (refused !== undefined) {
      const seconds = String(Math.ceil((refused.retryAfterMs ?? 1_000) / 1000))
      return refuse(socket, refused.status, [429, 503].includes(refused.status) ? { 'retry-after': seconds } : {})
    }
    if (!['/v1/listen', '/v2/listen'].includes(url.pathname)) return refuse(socket, 404)
    if (
      !/^(token|bearer) /i.test(request.headers.authorization ?? '') ||
      request.headers.authorization?.split(' ')[1] !== apiKey
    ) {
      return refuse(socket, 401)
    }
    const schema = url.pathname === '/v1/listen' ? listenQuery : turnQuery
    const query = schema.safeParse(toQueryObject(url.searchParams))
    if (!query.success) {
      violations.push(
        `query: ${query.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
      )
      return refuse(socket, 400)
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      serve(ws, url, (parts) => {
        if (url.pathname === '/v1/listen')
          return createListenSession(listenQuery.parse(toQueryObject(url.searchParams)), parts)
        return createTurnSession(turnQuery.parse(toQueryObject(url.searchParams)), parts)
      })
    })
  }
  server.on('upgrade', (request, socket, head) => void accept(request, socket, head))

  const serve = (ws: WebSocket, url: URL, create: (parts: SessionParts) => VendorSession): void => {
    const entry = { id: sessions.length, path: url.pathname, isOpen: true, ws }
    sessions.push(entry)
    note({ type: 'open', session: entry.id, body: toQueryObject(url.searchParams) })
    const outbox = createOutbox({ ws, clock, faults })
    const parts: SessionParts = { outbox, faults, ids, emptyFinalize, nextText: () => script.shift() }
    let idle: Disposer | undefined
    const restartIdle = (): void => {
      idle?.()
      idle = clock.setTimer(idleMs, () => {
        const reason = 'NET-0001: Deepgram did not receive audio data or a text message within the timeout window.'
        ws.close(1011, reason.slice(0, 123))
      })
    }
    ws.on('close', () => {
      entry.isOpen = false
      idle?.()
      outbox.close()
    })
    ws.on('error', () => ws.terminate())
    restartIdle()
    const isMulaw = url.searchParams.get('encoding') === 'mulaw'
    const session = options.recorded === undefined ? create(parts) : undefined
    for (const { atMs, text } of options.recorded ?? []) {
      const dispose = clock.setTimer(atMs, () => {
        timers.delete(dispose)
        if (ws.readyState === ws.OPEN) ws.send(text)
      })
      timers.add(dispose)
    }
    const slowReader = faults.take('slowReader')
    if (slowReader !== undefined) {
      ws.pause()
      timers.add(clock.setTimer(slowReader.ms, () => ws.resume()))
    }
    ws.on('message', (data: RawData, isBinary: boolean) => {
      // The library gives buffers unless it is told otherwise.
      const bytes = data as Buffer
      restartIdle()
      if (isBinary) {
        note({ type: 'audio', session: entry.id, bytes: bytes.length })
        if (bytes.length === 0) return session?.control({ type: 'CloseStream' })
        if (!isMulaw && bytes.length % 2 !== 0) {
          violations.push(`session ${entry.id}: ${bytes.length} bytes are no whole samples`)
          return outbox.end(1008, 'DATA-0000: The payload cannot be decoded as audio.')
        }
        return session?.audio(isMulaw ? decodePcmu(bytes) : toSamples(bytes))
      }
      const message = controlMessage.safeParse(toJson(bytes.toString('utf8')))
      if (!message.success) {
        violations.push(`session ${entry.id}: a text message that is none of KeepAlive, Finalize, CloseStream`)
        note({ type: 'invalid', session: entry.id })
        return outbox.end(1008, 'DATA-0000: The payload cannot be decoded as audio.')
      }
      note({ type: message.data.type, session: entry.id })
      session?.control(message.data)
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // A server that listens on a port has one.
  const url = `http://127.0.0.1:${port}`
  const baseUrl = `ws://127.0.0.1:${port}`
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      for (const dispose of timers) dispose()
      for (const { ws } of sessions) ws.terminate()
      for (const socket of tcp) socket.destroy()
      sockets.close()
      server.close(() => resolve())
    })
    return closing
  }
  return {
    url,
    baseUrl,
    apiKey,
    info: { vendor: 'deepgram', interface: 'listen v1 and v2 (2026-01)' },
    env: () => ({ DEEPGRAM_BASE_URL: baseUrl, DEEPGRAM_API_KEY: apiKey }),
    received: ({ type, session } = {}) =>
      received.filter(
        (entry) => (type === undefined || entry.type === type) && (session === undefined || entry.session === session),
      ),
    get sessions() {
      return sessions.map(({ id, path, isOpen }) => ({ id, path, isOpen }))
    },
    waitFor(type, { timeoutMs = 5_000 } = {}) {
      const known = received.find((entry) => entry.type === type)
      if (known !== undefined) return Promise.resolve(known)
      return new Promise((resolve, reject) => {
        const dispose = clock.setTimer(timeoutMs, () => reject(new Error(`No ${type} came within ${timeoutMs} ms.`)))
        waiting.push({
          type,
          resolve(entry) {
            dispose()
            resolve(entry)
          },
        })
      })
    },
    inject(message, { session = sessions.length - 1 } = {}) {
      sessions[session]?.ws.send(JSON.stringify(message))
    },
    setScript: (next) => void (script = [...next]),
    fault: (fault) => faults.add(fault),
    violations,
    async settle() {
      // The first brings what the client has sent, the second takes the answers to it.
      for (let trip = 0; trip < 2; trip++) {
        await Promise.all(sessions.filter(({ isOpen }) => isOpen).map(({ ws }) => roundTrip(ws)))
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** A ping is answered after all that came before it, both ways. */
function roundTrip(ws: WebSocket): Promise<void> {
  if (ws.readyState !== ws.OPEN || ws.isPaused) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      ws.off('pong', done)
      ws.off('close', done)
      resolve()
    }
    ws.once('pong', done)
    ws.once('close', done)
    ws.ping()
  })
}

function toSamples(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int16Array.from({ length: bytes.length / 2 }, (_, n) => view.getInt16(n * 2, true))
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
