import type { Socket } from '@parley/spec'
import { recordWire } from './record-wire.ts'
import { twimlConnect } from './twiml.ts'
import { createTwilioMedia, type TwilioMedia, type TwilioMediaFeed } from './twilio-media.ts'
import { readTwilioMessage } from './twilio-message.ts'
import { resolveTwilioOptions, type TwilioOptions } from './twilio-options.ts'
import { createTwilioRest, type TwilioRest } from './twilio-rest.ts'
import { isSignedByTwilio } from './verify-signature.ts'

/** An accepted WebSocket of a host, as `@parley/server` gives it to its socket routes. */
export interface TwilioSocketConnection {
  socket: Socket
  /** Aborted when the server drains. */
  signal: AbortSignal
}

/** A WebSocket address of a host: what `sockets` of `createServer` takes. */
export interface TwilioSocketRoute {
  path: string
  requiresPrincipal: false
  authorize(request: Request): Promise<{ status: number } | null>
  connect(connection: TwilioSocketConnection): Promise<void>
}

/** A page of a host: what `mounts` of `createServer` takes. */
export interface TwilioMount {
  path: string
  fetch(request: Request): Promise<Response | null>
}

/** What the answer to a call gives along; names are the fields of Twilio's question (`From`, `To`, `CallSid` ...). */
export type TwilioParameters = (
  call: Readonly<Record<string, string>>,
) => Record<string, string> | Promise<Record<string, string>>

/** Phone calls of one Twilio account. */
export interface TwilioEndpoint extends TwilioRest {
  /** The `wss://` address of the media. */
  readonly streamUrl: string
  /** Whether an upgrade is Twilio's: `null`, or the status that refuses it. */
  authorize(request: Request): Promise<{ status: number } | null>
  /** Reads an accepted socket until the call starts; `null` when it does not within 5 s. */
  connect(socket: Socket): Promise<TwilioMedia | null>
  /** Answers Twilio's question what to do with a call: connect it here. */
  answer(request: Request, parameters?: TwilioParameters): Promise<Response>
  /** The media socket as a route of a host. What `onCall` throws ends the call. */
  socketRoute(options: { onCall(media: TwilioMedia): void | Promise<void> }): TwilioSocketRoute
  /** The question's address as a mount of a host. */
  mount(options?: { parameters?: TwilioParameters }): TwilioMount
}

const startTimeoutMs = 5_000
const maxQuestionLength = 65_536
/** Close code of a peer that does not begin in time (`voice.md` W-1 uses the same). */
const notBegun = 4408

/**
 * Makes the phone side of calls over Twilio Media Streams. Signatures are checked against `publicUrl`; with
 * `verify: false` they are not, which is logged as a warning.
 * @example
 * const twilio = createTwilioEndpoint({ authToken, publicUrl: 'https://calls.example.com', clock })
 * createServer({ kit, sockets: [twilio.socketRoute({ onCall: answer })], mounts: [twilio.mount()] })
 * @throws {ParleyError} `invalid_options`
 */
export function createTwilioEndpoint(options: TwilioOptions): TwilioEndpoint {
  const settings = resolveTwilioOptions(options)
  const { authToken, publicUrl, streamPath, voicePath, verify, clock, logger } = settings
  const rest = createTwilioRest(settings)
  const streamUrl = `${publicUrl.replace(/^http/, 'ws')}${streamPath}`
  if (!verify) logger.warn('Signatures of Twilio are not checked: anybody can place calls.')

  const isSigned = (request: Request, path: string, params?: [string, string][], body?: string): boolean => {
    if (!verify) return true
    const signature = request.headers.get('x-twilio-signature')
    if (signature === null) return false
    const query = new URL(request.url).search
    const signed = { authToken, address: `${publicUrl}${path}`, query, signature }
    return isSignedByTwilio({ ...signed, ...(params && { params }), ...(body !== undefined && { body }) })
  }

  const connect = async (accepted: Socket): Promise<TwilioMedia | null> => {
    const socket = recordWire(accepted, settings)
    const begun = Promise.withResolvers<TwilioMedia | null>()
    let feed: TwilioMediaFeed | undefined
    const stopWaiting = clock.setTimer(startTimeoutMs, () => refuse(notBegun, 'no start'))
    const refuse = (code: number, reason: string): void => {
      stopWaiting()
      socket.close(code, reason)
      begun.resolve(null)
    }
    const take = (frame: string | Uint8Array): void => {
      const message = readTwilioMessage(frame)
      if (feed !== undefined) return feed.take(message)
      if (typeof message === 'string' || message.event !== 'start') return
      const { start } = message
      const { encoding, sampleRate, channels } = start.mediaFormat
      if (encoding !== 'audio/x-mulaw' || sampleRate !== 8_000 || channels !== 1)
        return refuse(1003, 'unknown media format')
      if (settings.accountSid !== undefined && start.accountSid !== settings.accountSid)
        return refuse(1008, 'other account')
      stopWaiting()
      feed = createTwilioMedia({ settings, rest, socket, start })
      begun.resolve(feed.endpoint)
    }
    const read = async (): Promise<void> => {
      for await (const frame of socket.frames) take(frame)
      stopWaiting()
      begun.resolve(null)
      feed?.gone()
    }
    read().catch((error: unknown) => {
      logger.error('A phone call ended by an error of its own.', {
        error: error instanceof Error ? error.message : 'unknown',
      })
      socket.close(1011)
      stopWaiting()
      begun.resolve(null)
      feed?.gone()
    })
    return begun.promise
  }

  const authorize = async (request: Request): Promise<{ status: number } | null> =>
    isSigned(request, streamPath) ? null : { status: 403 }

  const answer = async (request: Request, parameters?: TwilioParameters): Promise<Response> => {
    const body = await request.text()
    if (body.length > maxQuestionLength) return new Response(null, { status: 413 })
    const isJson = request.headers.get('content-type')?.startsWith('application/json') === true
    const fields = isJson ? [] : Array.from(new URLSearchParams(body))
    if (!isSigned(request, voicePath, fields, isJson ? body : undefined)) return new Response(null, { status: 403 })
    const call = Object.fromEntries(fields)
    const known = { ...(call['From'] && { from: call['From'] }), ...(call['To'] && { to: call['To'] }) }
    const twiml = twimlConnect(streamUrl, { ...known, ...(await parameters?.(call)) })
    return new Response(twiml, { headers: { 'content-type': 'text/xml; charset=utf-8' } })
  }

  return Object.freeze({
    streamUrl,
    authorize,
    connect,
    answer,
    hangup: rest.hangup,
    redirect: rest.redirect,
    socketRoute: ({ onCall }) => ({
      path: streamPath,
      requiresPrincipal: false,
      authorize,
      async connect({ socket, signal }) {
        const media = await connect(socket)
        if (media === null) return
        const drain = (): void => void media.close('shutdown')
        signal.addEventListener('abort', drain, { once: true })
        try {
          await onCall(media)
          await media.ended
        } catch (error) {
          await media.close('error')
          throw error
        } finally {
          signal.removeEventListener('abort', drain)
        }
      },
    }),
    mount: ({ parameters } = {}) => ({
      path: voicePath,
      async fetch(request) {
        if (new URL(request.url).pathname !== voicePath) return null
        return request.method === 'POST' ? answer(request, parameters) : new Response(null, { status: 405 })
      },
    }),
  } satisfies TwilioEndpoint)
}
