import { callCloseCodes, callWireVersion, noLogger, type ClientCallMessage, type Socket } from '@parley/spec'
import { createCallMedia, type CallMedia, type WebSocketMediaEndpoint } from './call-media.ts'
import { createMediaConnection } from './media-connection.ts'
import { resolveMediaLimits, type CallGrant, type WebSocketMediaOptions } from './media-options.ts'

type Hello = Extract<ClientCallMessage, { type: 'hello' }>

/** What became of a socket. */
export type ConnectOutcome =
  /** A call begins: start its endpoint. */
  | { outcome: 'started'; endpoint: WebSocketMediaEndpoint; ended: Promise<void> }
  /** A call that is there goes on over this socket, or is only read along. */
  | { outcome: 'resumed' | 'takenOver' | 'reading'; endpoint: WebSocketMediaEndpoint; ended: Promise<void> }
  | { outcome: 'refused'; closeCode: number; ended: Promise<void> }

/** What is known of a socket before its first message. */
export interface ConnectOptions {
  callId: string
  request?: Request
  principal?: unknown
}

/** Browser calls of one process. */
export interface WebSocketMedia {
  /** Serves a socket; resolves when its `hello` was accepted or refused, `ended` when the socket is gone. */
  connect(socket: Socket, options: ConnectOptions): Promise<ConnectOutcome>
  /** The endpoint of a call that lives or waits for its person. */
  find(callId: string): WebSocketMediaEndpoint | undefined
  /** The server goes down: sockets are closed with 4503, and new ones too. `url` says where to go. */
  drain(url?: string): void
  /** Ends all calls. */
  close(): Promise<void>
  /** Calls that live or wait. */
  readonly size: number
}

const maxHeldMessages = 64

/**
 * Makes the media endpoint of browser calls (`voice.md` 21).
 * @throws {ParleyError} `invalid_options`
 */
export function createWebSocketMedia(options: WebSocketMediaOptions): WebSocketMedia {
  const limits = resolveMediaLimits(options)
  const { clock, ids, authorize, enter, logger = noLogger } = options
  const calls = new Map<string, CallMedia>()
  let draining: { url?: string } | undefined

  const begin = (callId: string, grant: CallGrant, hello: Hello): CallMedia | undefined => {
    const leave = enter?.(grant.identity)
    if (enter !== undefined && leave === undefined) return undefined
    const call = createCallMedia({
      callId,
      grant,
      hello,
      clock,
      ids,
      limits,
      logger,
      onEnded() {
        calls.delete(callId)
        leave?.()
      },
    })
    calls.set(callId, call)
    return call
  }

  const connect = (socket: Socket, { callId, request, principal }: ConnectOptions): Promise<ConnectOutcome> => {
    const connection = createMediaConnection(socket, clock, limits)
    const decided = Promise.withResolvers<ConnectOutcome>()
    /** What came between `hello` and `welcome`. */
    const held: ClientCallMessage[] = []
    let phase: 'waiting' | 'deciding' | 'person' | 'reader' | 'refused' = 'waiting'
    let call: CallMedia | undefined
    let earlyAudio = 0

    const ended = Promise.withResolvers<void>()
    const refuse = (closeCode: number, code: string, message: string): void => {
      phase = 'refused'
      connection.tell({ type: 'error', code, message, retryable: false, fatal: true })
      connection.close(closeCode, code)
      logger.info('call media refused', { callId, code, closeCode })
      decided.resolve({ outcome: 'refused', closeCode, ended: ended.promise })
    }
    const settle = (outcome: 'started' | 'resumed' | 'takenOver' | 'reading', to: CallMedia): void => {
      call = to
      phase = outcome === 'reading' ? 'reader' : 'person'
      to.counts.earlyAudio += earlyAudio
      decided.resolve({ outcome, endpoint: to.endpoint, ended: ended.promise })
      for (const message of held.splice(0)) onMessage(message)
    }

    const decide = async (hello: Hello): Promise<void> => {
      phase = 'deciding'
      if (!hello.versions.includes(callWireVersion)) return refuse(callCloseCodes.version, ...refusals.version)
      const grant = await authorize({
        callId,
        ...(hello.token === undefined ? {} : { token: hello.token }),
        ...(principal === undefined ? {} : { principal }),
        ...(request === undefined ? {} : { request }),
      })
      // The socket may have ended meanwhile.
      if (phase !== 'deciding') return
      if (grant === 'unauthorized') return refuse(callCloseCodes.unauthorized, ...refusals.unauthorized)
      if (grant === 'forbidden') return refuse(callCloseCodes.forbidden, ...refusals.forbidden)
      const known = calls.get(callId)
      const isOwner = known?.identity === grant.identity
      if (hello.resume !== undefined) {
        const { resumeToken, lastSeq } = hello.resume
        if (known === undefined || !isOwner || !known.redeem(resumeToken, lastSeq)) {
          return refuse(callCloseCodes.resumeRefused, ...refusals.resume)
        }
        known.attach(connection, { resumeAfter: lastSeq })
        return settle('resumed', known)
      }
      if (known === undefined) {
        const fresh = begin(callId, grant, hello)
        if (fresh === undefined) return refuse(callCloseCodes.forbidden, ...refusals.limit)
        fresh.attach(connection, {})
        return settle('started', fresh)
      }
      if (!isOwner) return refuse(callCloseCodes.forbidden, ...refusals.forbidden)
      if (known.isLive && hello.takeover !== true) {
        known.addReader(connection)
        return settle('reading', known)
      }
      known.attach(connection, {})
      return settle('takenOver', known)
    }
    const hear = (hello: Hello): void => {
      decide(hello).catch((error: unknown) => {
        logger.error('call media failed', { callId, error: String(error) })
        if (phase === 'deciding') refuse(callCloseCodes.failed, ...refusals.failed)
      })
    }

    const onMessage = (message: ClientCallMessage): void => {
      if (phase === 'person') return call?.onMessage(message)
      if (phase === 'reader') {
        if (message.type === 'hello' && message.takeover === true) {
          phase = 'person'
          call?.attach(connection, {})
        } else if (message.type === 'ping') connection.tell({ type: 'pong', t: message.t })
        return
      }
      if (phase === 'waiting' && message.type === 'hello') return hear(message)
      if (phase === 'deciding' && held.length < maxHeldMessages) held.push(message)
      else if (phase !== 'refused') refuse(callCloseCodes.flooded, ...refusals.order)
    }

    const helloTimer = clock.setTimer(limits.helloTimeoutMs, () => {
      if (phase === 'waiting') refuse(callCloseCodes.helloTimeout, ...refusals.timeout)
    })
    const read = async (): Promise<void> => {
      await connection.read({
        onMessage,
        onFrame(frame) {
          if (phase === 'person') call?.onFrame(frame)
          else if (call === undefined) earlyAudio += 1
          else call.counts.earlyAudio += 1
        },
        onUnknown(seq) {
          if (phase === 'person') call?.onUnknown(seq)
        },
        onFault(path, seq) {
          if (phase === 'person') call?.onFault(path, seq)
          else if (phase !== 'refused' && phase !== 'reader' && path !== 'audio') {
            // A client of another version writes another `v` in all it says.
            if (path === 'v') refuse(callCloseCodes.version, ...refusals.version)
            else connection.tell({ type: 'error', ...faultOf(path) })
          }
        },
      })
    }
    const serve = async (): Promise<void> => {
      try {
        await read()
      } finally {
        helloTimer()
        if (phase === 'waiting' || phase === 'deciding') {
          phase = 'refused'
          decided.resolve({ outcome: 'refused', closeCode: callCloseCodes.lost, ended: ended.promise })
        }
        call?.removeReader(connection)
        call?.detach(connection)
        ended.resolve()
      }
    }
    if (draining !== undefined) {
      const { url } = draining
      connection.tell({ type: 'bye', reason: 'moved', code: callCloseCodes.draining, ...(url ? { url } : {}) })
      refuse(callCloseCodes.draining, ...refusals.draining)
    }
    serve().catch((error: unknown) => {
      // What the socket itself threw; the call waits for its person as after any loss.
      logger.warn('call socket failed', { callId, error: String(error) })
    })
    return decided.promise
  }

  return {
    connect,
    find: (callId) => calls.get(callId)?.endpoint,
    drain(url) {
      draining = url === undefined ? {} : { url }
      for (const call of calls.values()) call.drain(url)
    },
    async close() {
      draining ??= {}
      await Promise.all([...calls.values()].map(({ endpoint }) => endpoint.close('shutdown')))
    },
    get size() {
      return calls.size
    },
  }
}

function faultOf(path: string): { code: string; message: string; retryable: boolean; fatal: boolean; path: string } {
  return {
    code: 'media_protocol_error',
    message: 'A message of the call could not be read; it was ignored.',
    retryable: false,
    fatal: false,
    path,
  }
}

const refusals = {
  version: ['media_protocol_error', 'The server speaks version 1 of calls alone.'],
  unauthorized: ['media_auth_failed', 'The token is not valid, or not any more. Start the call again.'],
  forbidden: ['forbidden', 'The token does not open this call.'],
  limit: ['connection_limit', 'Too many calls at a time. End one of them first.'],
  resume: ['media_resume_rejected', 'The call cannot be taken up again. Start a new one.'],
  order: ['media_protocol_error', 'The first message of a call is hello, and little may follow before welcome.'],
  timeout: ['media_auth_failed', 'Nothing said who is calling. Send hello within 5 seconds.'],
  draining: ['kit_closed', 'The server is going down. Resume the call elsewhere.'],
  failed: ['internal_error', 'The call could not be opened.'],
} as const
