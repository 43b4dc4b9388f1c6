import {
  checkOptions,
  ParleyError,
  type ChannelId,
  type Clock,
  type IdSource,
  type Logger,
  type Socket,
} from '@parley/spec'
import type { AuthOptions } from './auth/authenticate.ts'
import type { Principal, Right } from './auth/principal.ts'
import type { CallsOptions } from './calls/call-service.ts'
import type { RoomsService } from './rooms-service.ts'

/** Something of the host that answers requests: a page, an API of its own. */
export interface Mount {
  /** What the path begins with, such as `/desk`; `/` takes what nothing else took. */
  path: string
  /** `null` passes the request on to the next mount. */
  fetch(request: Request, context: MountContext): Response | null | Promise<Response | null>
}

/** What the server does for a mount while it answers one request. Errors that a mount throws become problems as on `/v1`. */
export interface MountContext {
  /**
   * Who asks, by the keys, tokens and rate limits of `/v1`.
   * @param anyOf - One of these rights is needed, of a key: the token of a participant does not do. @default any credential
   * @throws {ParleyError} `auth_required` without any, `auth_invalid`, `forbidden`, `rate_limited`
   */
  authenticate(anyOf?: readonly Right[]): Promise<Principal>
}

/** A WebSocket address of the host, such as the media of calls. */
export interface SocketRoute {
  /** `:name` stands for one part of the path. */
  path: string
  /** Offered protocols that are accepted. @default any, none is chosen */
  protocol?: string
  /** Whether somebody must be known before the upgrade. @default true */
  requiresPrincipal?: boolean
  /** Asked before the upgrade; a status of 4xx or 5xx refuses it with an empty body. @default nobody is refused */
  authorize?(
    request: Request,
    principal: Principal | undefined,
    known: { address: string; params: Record<string, string> },
  ): Promise<{ status: number; headers?: Record<string, string> } | null>
  /** Gets the open socket; the connection counts as open until its promise settles. */
  connect(connection: SocketConnection): Promise<void>
}

/** An accepted WebSocket. */
export interface SocketConnection {
  socket: Socket
  params: Record<string, string>
  request: Request
  principal: Principal | undefined
  /** Aborted when the server drains. */
  signal: AbortSignal
}

/** Limits of a server. Durations are milliseconds, sizes bytes. */
export interface ServerLimits {
  /** A JSON body. @default 1 048 576 */
  bodyBytes: number
  /** A frame on a room's socket; larger ones are answered with an error. @default 65 536 */
  frameBytes: number
  /** A frame that ends the connection (1009). @default 262 144 */
  frameHardBytes: number
  /** Sent and not yet taken by a peer; beyond, it gets nothing more until it has caught up. @default 1 048 576 */
  bufferedBytes: number
  /** How long a peer may stay over `bufferedBytes` before it is closed with 4008. @default 30 000 */
  slowPeerMs: number
  /** Time for the first frame that says who connects. @default 5 000 */
  helloTimeoutMs: number
  /** @default 25 000 */
  pingIntervalMs: number
  /** Silence after which a socket counts as lost. @default 60 000 */
  deadAfterMs: number
  /** Frames of one connection. @default 30 per second, bursts of 60 */
  framesPerSecond: number
  frameBurst: number
  /** Requests per key and minute. @default 600, bursts of 100 */
  requestsPerMinute: number
  requestBurst: number
  /** Requests per address and minute without a key. @default 60 */
  anonymousPerMinute: number
  /** Sockets and streams of the process. @default 10 000 */
  connections: number
  /** Sockets and streams per address. @default 50 */
  connectionsPerAddress: number
  /** Between two summaries of one room on `/v1/live`. @default 500 */
  liveIntervalMs: number
}

export const defaultServerLimits: ServerLimits = {
  bodyBytes: 1_048_576,
  frameBytes: 65_536,
  frameHardBytes: 262_144,
  bufferedBytes: 1_048_576,
  slowPeerMs: 30_000,
  helloTimeoutMs: 5_000,
  pingIntervalMs: 25_000,
  deadAfterMs: 60_000,
  framesPerSecond: 30,
  frameBurst: 60,
  requestsPerMinute: 600,
  requestBurst: 100,
  anonymousPerMinute: 60,
  connections: 10_000,
  connectionsPerAddress: 50,
  liveIntervalMs: 500,
}

/** Options of `createServer`. */
export interface ServerOptions {
  /** The rooms to serve: a `Kit`. */
  kit: RoomsService
  /** @default none: everybody is allowed everything, and only loopback hosts are listened on */
  auth?: AuthOptions & {
    /** Signs room tokens: at least 32 bytes; the first signs, the others still verify. @default one per process */
    secrets?: readonly string[]
  }
  /** Pages of other origins that may call and connect, exact (`https://app.example`). @default none */
  origins?: readonly string[]
  /** The address people see, when a proxy stands before the server. */
  publicUrl?: string
  /** Whether `x-forwarded-for` is believed. @default false */
  trustProxy?: boolean
  /** Whether `/docs` and `/openapi.json` need no key on a public host. @default false */
  publicDocs?: boolean
  /** The channel that people of the web are connected by. @default 'web' */
  webChannelId?: ChannelId
  /** Takes calls of browsers. @default none */
  calls?: CallsOptions
  mounts?: readonly Mount[]
  sockets?: readonly SocketRoute[]
  limits?: Partial<ServerLimits>
  clock?: Clock
  ids?: IdSource
  logger?: Logger
}

const known = [
  'kit',
  'auth',
  'origins',
  'publicUrl',
  'trustProxy',
  'publicDocs',
  'webChannelId',
  'calls',
  'mounts',
  'sockets',
  'limits',
  'clock',
  'ids',
  'logger',
]

/**
 * Checks options and fills in the limits.
 * @throws {ParleyError} `invalid_options`
 */
export function resolveServerLimits(options: ServerOptions): ServerLimits {
  checkOptions('createServer', options, known)
  checkOptions('limits', options.limits ?? {}, Object.keys(defaultServerLimits))
  for (const origin of options.origins ?? []) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `${origin} is not an origin. Write scheme, host and port alone, such as https://app.example.`,
      details: { path: 'origins', expected: 'scheme://host[:port]' },
    })
  }
  return { ...defaultServerLimits, ...options.limits }
}
