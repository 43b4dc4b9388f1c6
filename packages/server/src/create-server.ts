import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { WebSocketChannel } from '@parley/kit'
import { createSystemClock, createSystemIds, noLogger, ParleyError, type Disposer } from '@parley/spec'
import { createAuthenticator } from './auth/authenticate.ts'
import { createRoomTokens, type RoomTokens } from './auth/room-tokens.ts'
import { createApiApp } from './http/api-app.ts'
import { createOriginCheck, isLoopback } from './http/origin-check.ts'
import type { Route } from './http/route.ts'
import { createCallService } from './calls/call-service.ts'
import { createConnectionCount } from './limits/connection-count.ts'
import { callRoutes } from './routes/call-routes.ts'
import { channelRoutes } from './routes/channel-routes.ts'
import { eventRoutes } from './routes/event-routes.ts'
import { healthRoutes } from './routes/health-routes.ts'
import { humanRoutes } from './routes/human-routes.ts'
import { peopleRoutes } from './routes/people-routes.ts'
import { requestRoutes } from './routes/request-routes.ts'
import { roomRoutes } from './routes/room-routes.ts'
import { streamRoutes } from './routes/stream-routes.ts'
import type { RoomsService } from './rooms-service.ts'
import { resolveServerLimits, type ServerOptions, type SocketRoute } from './server-options.ts'
import { createDeskWatch } from './sockets/desk-watch.ts'
import { createRoomPresence } from './sockets/room-presence.ts'
import { serveRoomSocket } from './sockets/room-socket.ts'
import { createUpgradeHandler } from './sockets/upgrade-handler.ts'
import { createLiveSummaries } from './streams/live-summaries.ts'
import { createRoomTails } from './streams/room-tails.ts'
import { roomProtocol } from './streams/client-frames.ts'

const defaultPort = 4310

/** Of the time to drain, what is left for sockets to close once the calls were told, in milliseconds. */
const SOCKETS_MS = 1_000

/** A server of rooms. */
export interface Server {
  /** Answers one request without a port: for tests and other runtimes. Sockets need `listen`. */
  fetch(request: Request): Promise<Response>
  /**
   * Starts to listen. Port 0 takes a free one.
   * @default host `127.0.0.1`, port 4310
   * @throws {ParleyError} `auth_required` for a public host without keys, `port_unavailable`
   */
  listen(options?: { host?: string; port?: number }): Promise<{ host: string; port: number; url: string }>
  /**
   * Takes no new calls and lets live ones hear that the line closes, lets running requests end, tells streams and sockets
   * to come back, then closes: all within `drainMs`.
   * @param options.drainMs - @default 10 000
   */
  close(options?: { drainMs?: number }): Promise<void>
  /** Room tokens of this server, for hosts that let people in by their own routes. */
  readonly tokens: RoomTokens
  /** All routes, for documents and tests. */
  readonly routes: readonly Route[]
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Serves a kit over HTTP, server-sent events and WebSocket. The kit stays the host's: closing the server leaves it open.
 * @throws {ParleyError} `invalid_options`, `config_invalid`
 */
export function createServer(options: ServerOptions): Server {
  const limits = resolveServerLimits(options)
  const { kit, auth, clock = createSystemClock(), ids = createSystemIds(), logger = noLogger } = options
  const { webChannelId = 'web', origins = [], publicUrl, trustProxy = false, mounts = [], publicDocs = false } = options
  const tokens = createRoomTokens({ secrets: auth?.secrets ?? [randomBytes(32).toString('hex')], clock })
  const authenticator = createAuthenticator(auth, tokens, clock)
  const originCheck = createOriginCheck({ origins, publicUrl, isAuthRequired: authenticator.isRequired })
  const draining = new AbortController()
  const connections = createConnectionCount({ max: limits.connections, maxPerAddress: limits.connectionsPerAddress })
  const onError = (error: unknown, roomId?: string): void => {
    logger.error('A stream failed.', { pii: String(error), ...(roomId === undefined ? {} : { roomId }) })
  }
  const tails = createRoomTails(kit, onError)
  const live = createLiveSummaries({
    getRoom: (id) => kit.getRoom(id),
    clock,
    intervalMs: limits.liveIntervalMs,
    onError,
  })
  const onGrown = (roomId: string): void => {
    tails.nudge(roomId)
    live.changed(roomId)
  }
  const webChannel = webChannelOf(kit, webChannelId, limits.bufferedBytes)
  // Messages are told as soon as they are committed, whoever they still have to be delivered to; the rest when done.
  const disposers: Disposer[] = [
    kit.observe('beforeBroadcast', ({ event }) => onGrown(event.roomId)),
    kit.on('eventProcessed', ({ roomId }) => roomId !== undefined && onGrown(roomId)),
    () => live.close(),
  ]
  const desk = createDeskWatch({ rooms: kit, clock, channelId: webChannelId, onError })
  const publish: RoomsService['publish'] = (roomId, event) => kit.publish(roomId, event)
  const presence = createRoomPresence({ publish, clock, channelId: webChannelId, desk })

  const addresses = new WeakMap<Request, string>()
  const addressOf = (request: Request): string => addresses.get(request) ?? 'local'
  const enter = (request: Request): Disposer => {
    const leave = connections.enter(addressOf(request))
    if (leave !== undefined) return leave
    throw new ParleyError({
      code: 'connection_limit',
      message: 'Too many streams are open. Close one or try again later.',
    })
  }
  const calls = options.calls === undefined ? undefined : createCallService(options.calls, { clock, ids, logger })
  const routes = [
    ...healthRoutes(() => closing === undefined),
    ...roomRoutes(kit),
    ...eventRoutes({ rooms: kit, webChannelId, onSent: onGrown }),
    ...streamRoutes({ rooms: kit, tails, live, clock, webChannelId, draining: draining.signal, enter, onError }),
    ...peopleRoutes({ rooms: kit, tokens, webChannelId, newParticipantId: () => ids.next('person') }),
    ...channelRoutes(kit),
    ...humanRoutes(kit),
    ...requestRoutes(kit),
    ...(calls === undefined ? [] : callRoutes(kit, calls)),
  ]
  const app = createApiApp({
    routes,
    mounts,
    authenticator,
    originCheck,
    limits,
    publicDocs: publicDocs || !authenticator.isRequired,
    isTls: publicUrl?.startsWith('https:') === true,
    clock,
    ids,
    logger,
    addressOf,
  })
  const roomSocket: SocketRoute = {
    path: '/v1/rooms/:id/ws',
    protocol: roomProtocol,
    requiresPrincipal: false, // a token may come with the first frame
    connect: (connection) =>
      serveRoomSocket(
        { rooms: kit, webChannel, tails, presence, authenticator, clock, limits, onSent: onGrown, onError },
        connection,
      ),
  }
  const upgrades = createUpgradeHandler({
    routes: [roomSocket, ...(calls === undefined ? [] : [calls.route]), ...(options.sockets ?? [])],
    authenticator,
    originCheck,
    connections,
    clock,
    limits,
    draining: draining.signal,
    addressOf: remoteAddress,
    onError,
  })

  const http = createHttpServer(
    getRequestListener(
      (request, env) => {
        if ('incoming' in env && 'socket' in env.incoming)
          addresses.set(request, remoteAddress(env.incoming as IncomingMessage))
        return app.fetch(request)
      },
      { overrideGlobalObjects: false },
    ),
  )
  http.on('upgrade', (message, socket, head) => upgrades.handle(message, socket, head))

  function remoteAddress(message: IncomingMessage): string {
    const forwarded = message.headers['x-forwarded-for']
    const first = trustProxy && typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined
    return first ?? message.socket.remoteAddress ?? 'unknown'
  }

  let closing: Promise<void> | undefined
  const close = async (drainMs: number): Promise<void> => {
    const endMs = clock.monotonicMs() + drainMs
    if (calls !== undefined) await calls.drain(drainMs - Math.min(SOCKETS_MS, drainMs / 2))
    draining.abort()
    for (const dispose of disposers) dispose()
    if (!http.listening) return desk.close()
    const closed = new Promise<void>((resolve) => http.close(() => resolve()))
    http.closeIdleConnections()
    const cancel = clock.setTimer(Math.max(0, endMs - clock.monotonicMs()), () => {
      for (const socket of upgrades.open) socket.terminate()
      http.closeAllConnections()
    })
    await Promise.all([closed, ...[...upgrades.open].map((socket) => socket.closed)])
    cancel()
    desk.close() // after the sockets, whose end would set its timers anew
  }

  return {
    tokens,
    routes,
    fetch: (request) => app.fetch(request),
    async listen({ host = '127.0.0.1', port = defaultPort } = {}) {
      if (!isLoopback(host) && !(authenticator.isRequired && auth?.secrets !== undefined)) {
        throw new ParleyError({
          code: 'auth_required',
          message: `${host} can be reached from elsewhere: set PARLEY_AUTH_SECRET and an API key, or listen on 127.0.0.1.`,
          details: { host },
        })
      }
      if (!authenticator.isRequired) logger.warn('No keys are set: everybody on this machine may do everything.')
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject)
        http.listen(port, host, () => {
          http.off('error', reject)
          resolve()
        })
      }).catch((cause: unknown) => {
        throw new ParleyError({
          code: 'port_unavailable',
          message: `Port ${port} cannot be listened on. Choose another one.`,
          details: { port },
          cause,
        })
      })
      const address = http.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      return { host, port: taken, url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}` }
    },
    close: ({ drainMs = 10_000 } = {}) => (closing ??= close(drainMs)),
    [Symbol.asyncDispose]: () => (closing ??= close(10_000)),
  }
}

/** The channel of people on the web: the host's own if it registered one, else a new one. */
function webChannelOf(kit: RoomsService, channelId: string, maxBufferedBytes: number): WebSocketChannel {
  const known = kit.channels().find((channel) => channel.channelId === channelId)
  if (known instanceof WebSocketChannel) return known
  if (known !== undefined) {
    throw new ParleyError({
      code: 'channel_mismatch',
      message: `Channel ${channelId} is not a WebSocketChannel. Give another webChannelId.`,
      details: { channelId },
    })
  }
  const channel = new WebSocketChannel({ channelId, maxBufferedBytes })
  kit.register(channel)
  return channel
}
