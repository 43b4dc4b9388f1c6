import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ParleyError, type Clock } from '@parley/spec'
import { WebSocketServer } from 'ws'
import { bearerOf, type Authenticator } from '../auth/authenticate.ts'
import type { OriginCheck } from '../http/origin-check.ts'
import { toShownError } from '../http/problem.ts'
import { statusOf } from '../http/status-of-code.ts'
import type { ConnectionCount } from '../limits/connection-count.ts'
import type { ServerLimits, SocketRoute } from '../server-options.ts'
import { keepAlive } from './keep-alive.ts'
import { toSocket, type WsSocket } from './ws-socket.ts'

const tokenProtocol = 'parley.token.'

/** What upgrades need. */
export interface UpgradeOptions {
  routes: readonly SocketRoute[]
  authenticator: Authenticator
  originCheck: OriginCheck
  connections: ConnectionCount
  clock: Clock
  limits: ServerLimits
  /** Aborted when the server drains. */
  draining: AbortSignal
  addressOf(message: IncomingMessage): string
  onError(error: unknown): void
}

/** Turns HTTP requests into sockets. */
export interface UpgradeHandler {
  handle(message: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Sockets that are open. */
  readonly open: ReadonlySet<WsSocket>
}

/** Makes the one place where sockets begin: origin, caps, credentials, protocol, then the route's own code. */
export function createUpgradeHandler(options: UpgradeOptions): UpgradeHandler {
  const { routes, limits, connections, clock } = options
  const open = new Set<WsSocket>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameHardBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) =>
      routes.map(({ protocol }) => protocol).find((known) => known !== undefined && offered.has(known)) ?? false,
  })

  const accept = async (message: IncomingMessage, duplex: Duplex, head: Buffer): Promise<void> => {
    const request = toRequest(message)
    const found = findRoute(routes, new URL(request.url).pathname)
    if (options.draining.aborted) throw new ParleyError({ code: 'kit_closed', message: 'The server is going down.' })
    if (found === undefined)
      throw new ParleyError({ code: 'not_found', message: 'There is no socket at this address.' })
    options.originCheck.check(request)
    const { route, params } = found
    const principal = await options.authenticator.check(bearerOf(request) ?? offeredToken(request), request)
    if (principal === undefined && route.requiresPrincipal !== false) {
      throw new ParleyError({ code: 'auth_required', message: 'Say who you are: send a key or token.' })
    }
    const refusal = await route.authorize?.(request, principal, { address: options.addressOf(message), params })
    if (refusal !== undefined && refusal !== null) {
      const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      const reason = STATUS_CODES[refusal.status] ?? 'Refused'
      duplex.end(
        `HTTP/1.1 ${refusal.status} ${reason}\r\n${headers.join('')}connection: close\r\ncontent-length: 0\r\n\r\n`,
      )
      return
    }
    if (duplex.destroyed) return
    const leave = connections.enter(options.addressOf(message))
    if (leave === undefined)
      throw new ParleyError({ code: 'connection_limit', message: 'Too many connections are open.' })
    duplex.once('close', leave)
    server.handleUpgrade(message, duplex, head, (ws) => {
      const socket = toSocket(ws)
      open.add(socket)
      void socket.closed.then(() => open.delete(socket))
      keepAlive(socket, clock, limits)
      route.connect({ socket, params, request, principal, signal: options.draining }).catch((error: unknown) => {
        options.onError(error)
        socket.close(1011, 'failed')
      })
    })
  }

  return {
    open,
    handle(message, duplex, head) {
      // Until `ws` takes over, an error of the connection is nobody's but its own.
      duplex.on('error', () => duplex.destroy())
      accept(message, duplex, head).catch((thrown: unknown) => {
        if (!ParleyError.isInstance(thrown)) options.onError(thrown)
        refuse(duplex, toShownError(thrown))
      })
    },
  }
}

function findRoute(
  routes: readonly SocketRoute[],
  path: string,
): { route: SocketRoute; params: Record<string, string> } | undefined {
  for (const route of routes) {
    const pattern = route.path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')
    const match = new RegExp(`^${pattern}$`).exec(path)
    if (match === null) continue
    const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)] as const)
    return { route, params: Object.fromEntries(params) }
  }
  return undefined
}

/** A token among the offered protocols: browsers cannot send headers with a socket, and an address is written to logs. */
function offeredToken(request: Request): string | undefined {
  const offered = (request.headers.get('sec-websocket-protocol') ?? '').split(/,\s*/)
  return offered.find((protocol) => protocol.startsWith(tokenProtocol))?.slice(tokenProtocol.length)
}

function toRequest(message: IncomingMessage): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  const scheme = 'encrypted' in message.socket ? 'https' : 'http'
  return new Request(new URL(message.url ?? '/', `${scheme}://${message.headers.host ?? 'localhost'}`), { headers })
}

function refuse(duplex: Duplex, { code, message, retryable }: ParleyError): void {
  const status = statusOf(code)
  const body = JSON.stringify({
    type: `urn:parley:error:${code}`,
    title: STATUS_CODES[status],
    status,
    code,
    detail: message,
    error: { code, message, retryable, details: {} },
  })
  duplex.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
