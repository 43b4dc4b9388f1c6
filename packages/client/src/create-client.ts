import {
  checkOptions,
  createSystemClock,
  createSystemIds,
  ParleyError,
  type Clock,
  type IdSource,
  type ParticipantId,
  type RoomId,
  type SocketFactory,
} from '@parley/spec'
import { createCallsClient, type CallsClient } from './calls/calls-client.ts'
import { createDeskClient, createRequestsClient, type DeskClient, type RequestsClient } from './desk-client.ts'
import { createHttpClient, type TokenSource } from './http-client.ts'
import { connectRoom, type RoomConnection } from './room-connection.ts'
import { createRoomsClient, type RoomsClient } from './rooms-client.ts'
import { createWebSocketFactory } from './web-socket.ts'

/** Options of `createClient`. */
export interface ClientOptions {
  /** Where the server is, such as `https://talk.example`. @default the page's own origin */
  baseUrl?: string
  /** An API key or room token that does not change. */
  token?: string
  /** Gives the key or token before each request and connection; instead of `token`. */
  getToken?: TokenSource
  /** Per request, milliseconds. @default 60 000 */
  timeoutMs?: number
  /** @default the platform's */
  fetch?: typeof fetch
  /** @default the platform's `WebSocket` */
  openSocket?: SocketFactory
  clock?: Clock
  ids?: IdSource
}

/** How a room is joined. */
export interface JoinOptions {
  /** The room's token. @default the client's own key or token */
  token?: string
  /** Renews the token when the connection is made again. */
  getToken?: TokenSource
  /** The index after which events come. @default -1, everything */
  after?: number
  /** As whom, when the client's key may act for several people. */
  participantId?: ParticipantId
}

/** A client of one Parley server. */
export interface Client {
  readonly rooms: RoomsClient
  readonly desk: DeskClient
  readonly requests: RequestsClient
  readonly calls: CallsClient
  /** Connects to a room; it connects again by itself until closed. */
  joinRoom(roomId: RoomId, options?: JoinOptions): RoomConnection
}

const known = ['baseUrl', 'token', 'getToken', 'timeoutMs', 'fetch', 'openSocket', 'clock', 'ids']

/**
 * Makes a client for browsers and Node.
 * @throws {ParleyError} `invalid_options` for an unknown option, a bad address, or a key that would travel unencrypted
 */
export function createClient(options: ClientOptions = {}): Client {
  checkOptions('createClient', options, known)
  const baseUrl = checkedBase(options)
  const { timeoutMs = 60_000, clock = createSystemClock(), ids = createSystemIds() } = options
  const getToken = sourceOf(options, () => undefined)
  const send = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const openSocket: SocketFactory = options.openSocket ?? ((url, o) => createWebSocketFactory()(url, o))
  const http = createHttpClient({ baseUrl, getToken, fetch: send, clock, timeoutMs })
  const rooms = createRoomsClient(http)
  return {
    rooms,
    desk: createDeskClient(http),
    requests: createRequestsClient(http),
    calls: createCallsClient({ http, baseUrl, openSocket, clock, ids }),
    joinRoom(roomId, join = {}) {
      checkOptions('joinRoom', join, ['token', 'getToken', 'after', 'participantId'])
      const source = sourceOf(join, getToken)
      const ownHttp = createHttpClient({ baseUrl, getToken: source, fetch: send, clock, timeoutMs })
      return connectRoom({
        roomId,
        url: `${baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/rooms/${encodeURIComponent(roomId)}/ws`,
        getToken: source,
        after: join.after ?? -1,
        participantId: join.participantId,
        rooms: createRoomsClient(ownHttp),
        openSocket,
        clock,
        ids,
      })
    },
  }
}

function sourceOf({ token, getToken }: Pick<ClientOptions, 'token' | 'getToken'>, fallback: TokenSource): TokenSource {
  if (getToken !== undefined) return getToken
  return token === undefined ? fallback : () => token
}

function checkedBase({ baseUrl = globalThis.location?.origin, token, getToken }: ClientOptions): string {
  const url = baseUrl !== undefined && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'baseUrl must be the http(s) address of a Parley server.',
      details: { path: 'baseUrl', expected: 'http(s) address' },
    })
  }
  const hasKey = token !== undefined || getToken !== undefined
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (hasKey && url.protocol === 'http:' && !isLocal) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'Keys and tokens travel over https alone, except to this machine.',
      details: { path: 'baseUrl', expected: 'https' },
    })
  }
  return url.href.replace(/\/+$/, '')
}
