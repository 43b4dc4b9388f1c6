import { callProtocol, type Socket } from '@parley/spec'
import type { CallAdmission } from './admission.ts'
import type { WebSocketMediaEndpoint } from './call-media.ts'
import type { WebSocketMedia } from './web-socket-media.ts'

/** An accepted WebSocket of a host, as `@parley/server` gives it to its socket routes. */
export interface CallSocketConnection {
  socket: Socket
  params: Record<string, string>
  request: Request
  principal: unknown
  /** Aborted when the server drains. */
  signal: AbortSignal
}

/** A WebSocket address of a host: what `sockets` of `createServer` takes. */
export interface CallMediaRoute {
  path: string
  protocol: string
  requiresPrincipal: false
  /** Asked before the upgrade; a status refuses it. */
  authorize(
    request: Request,
    principal: unknown,
    known: { address: string; params: Record<string, string> },
  ): Promise<{ status: number; headers?: Record<string, string> } | null>
  connect(connection: CallSocketConnection): Promise<void>
}

/** Options of `callMediaRoute`. */
export interface CallMediaRouteOptions {
  media: WebSocketMedia
  /** A call begins: connect its endpoint to the voice channel. What it throws ends the call. */
  onCall(endpoint: WebSocketMediaEndpoint): void | Promise<void>
  /** Limits before the upgrade. @default none */
  admission?: CallAdmission
  /** Whose connection it will be, where the upgrade says so: has it as many calls as it may, it is refused. */
  identityOf?(principal: unknown): string | undefined
}

/** Makes the socket route of browser calls, `/v1/calls/:callId/media`. */
export function callMediaRoute({ media, onCall, admission, identityOf }: CallMediaRouteOptions): CallMediaRoute {
  return {
    path: '/v1/calls/:callId/media',
    protocol: callProtocol,
    // The token comes as subprotocol, or with the first message.
    requiresPrincipal: false,
    async authorize(_request, principal, { address, params }) {
      const connect = admission?.connect(address)
      if (connect?.allowed === false) {
        return { status: 429, headers: { 'retry-after': String(Math.ceil(connect.retryAfterMs / 1_000)) } }
      }
      const identity = identityOf?.(principal)
      const isKnownCall = media.find(params['callId'] ?? '') !== undefined
      if (identity === undefined || isKnownCall || admission?.hasRoom(identity) !== false) return null
      return { status: 429, headers: { 'retry-after': '5' } }
    },
    async connect({ socket, params, request, principal, signal }) {
      const drain = (): void => media.drain()
      signal.addEventListener('abort', drain, { once: true })
      try {
        const connected = await media.connect(socket, {
          callId: params['callId'] ?? '',
          request,
          ...(principal === undefined ? {} : { principal }),
        })
        if (connected.outcome === 'started') await begin(connected.endpoint)
        await connected.ended
      } finally {
        signal.removeEventListener('abort', drain)
      }
    },
  }

  async function begin(endpoint: WebSocketMediaEndpoint): Promise<void> {
    try {
      await onCall(endpoint)
    } catch (error) {
      await endpoint.close('error')
      throw error
    }
  }
}
