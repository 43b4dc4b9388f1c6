import { createSystemClock, type AudioChunk, type Clock, type IdSource, type Socket } from '@parley/spec'
import { createSeededIds } from '../../seeded-ids.ts'
import type { HeardPiece } from '../../voice/heard-recorder.ts'
import { dial } from './dial.ts'
import type { TwilioFault } from './faults.ts'
import { ourMessageSchema, type OurMessage } from './our-message.ts'
import { createPhonePlayout } from './phone-playout.ts'
import { createPhoneUplink } from './phone-uplink.ts'
import { createTwilioRestServer, type TwilioRestRequest } from './rest-server.ts'
import { signTwilioRequest } from './sign-request.ts'

/** Options of `createTwilioCallDouble`. */
export interface TwilioCallDoubleOptions {
  /** Media socket that is dialled. One of `url` and `socket` is needed. */
  url?: string
  /** An open connection, such as one end of `createSocketPair`, for virtual time. */
  socket?: Socket
  /** The public address that is signed. @default `url` */
  signedUrl?: string
  /** @default 'test-key' */
  authToken?: string
  /** What the person says first: mono, 8 kHz. */
  audio?: AudioChunk
  /** Audio that may wait to be played; more is a violation. @default 2 020 */
  playoutBufferMs?: number
  /** What comes back with the start. */
  parameters?: Record<string, string>
  faults?: readonly TwilioFault[]
  /** Messages to be sent instead, each at its time after the upgrade: a recording of the field, for instance. */
  recorded?: readonly { atMs: number; text: string }[]
  /** @default the system's */
  clock?: Clock
  ids?: IdSource
}

/** What our side sent, and when. */
export interface ReceivedMessage {
  atMs: number
  message: OurMessage
}

/** A phone call as Twilio carries it. */
export interface TwilioCallDouble extends AsyncDisposable {
  readonly info: { vendor: 'twilio'; interface: string }
  readonly callSid: string
  readonly streamSid: string
  readonly accountSid: string
  /** What goes into `apiBase`; in memory, `fetch` answers for it. */
  readonly apiBase: string
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly sampleRateHz: 8000
  received(filter?: { event?: OurMessage['event'] }): readonly ReceivedMessage[]
  readonly restRequests: readonly TwilioRestRequest[]
  /** Breaches of the protocol by our side. */
  readonly violations: readonly string[]
  /** What the person heard. */
  heard(): readonly HeardPiece[]
  /** The same as one clip from the first sound on, silence where nothing was played. */
  heardAudio(): Int16Array
  /** Marks that were given back. */
  readonly marks: readonly { name: string; atMs: number; isBecauseOfClear: boolean }[]
  /** Audio that waits to be played, ms. */
  readonly bufferedMs: number
  /** TwiML that the call was given later on. */
  readonly redirectedTo: string | undefined
  say(audio: AudioChunk): Promise<void>
  dtmf(digit: string): void
  mute(muted: boolean): void
  noise(dbfs: number | undefined): void
  loss(percent: number): void
  /** Sends a message as it is, for what no fault covers. */
  inject(message: object | string | Uint8Array): void
  /** The next request over HTTP is answered so. */
  refuseRest(status: number, body?: object, headers?: Record<string, string>): void
  /** The person hangs up. */
  hangup(): void
  readonly hasEnded: boolean
  /** How the socket ended. */
  readonly closed: Promise<{ code: number; reason: string; clean: boolean }>
  close(): Promise<void>
}

/**
 * Places a call at our endpoint as Twilio does: signs the upgrade, sends 20 ms of the person each 20 ms, plays what it is
 * sent at real speed, gives marks back, honours clears, and notes what is not as it must be. Rejects when the upgrade is
 * refused.
 */
export async function createTwilioCallDouble(options: TwilioCallDoubleOptions): Promise<TwilioCallDouble> {
  const { url = 'ws://127.0.0.1', authToken = 'test-key', faults = [], parameters = {} } = options
  const { clock = createSystemClock(), ids = createSeededIds(1), playoutBufferMs = 2_020 } = options
  const hexSid = (prefix: string): string =>
    prefix + Array.from({ length: 32 }, () => Math.floor(ids.random() * 16).toString(16)).join('')
  const [accountSid, callSid, ownSid] = [hexSid('AC'), hexSid('CA'), hexSid('MZ')]
  // A recorded call has a name of its own.
  const recordedSid = /"streamSid":"(MZ[0-9a-f]{32})"/.exec(options.recorded?.map(({ text }) => text).join() ?? '')?.[1]
  const streamSid = recordedSid ?? ownSid
  const has = (kind: TwilioFault['kind']): boolean => faults.some((fault) => fault.kind === kind)
  const violations: string[] = []
  const received: ReceivedMessage[] = []
  const marks: { name: string; atMs: number; isBecauseOfClear: boolean }[] = []
  let sequence = 0
  let isOver = false
  let isClearing = false
  let redirectedTo: string | undefined

  const rest = createTwilioRestServer({
    clock,
    accountSid,
    callSid,
    authToken,
    isOver: () => isOver,
    onUpdate({ Twiml }) {
      redirectedTo = Twiml
      stop()
    },
  })
  const apiBase = options.socket === undefined ? await rest.listen() : 'http://127.0.0.1'
  const socket = options.socket ?? (await connect())
  async function connect(): Promise<Socket> {
    const secret = has('badSignature') ? `${authToken}-of-another` : authToken
    const signature = await signTwilioRequest(secret, options.signedUrl ?? url)
    try {
      return await dial(url, has('noSignature') ? {} : { 'x-twilio-signature': signature }, has('drip'))
    } catch (error) {
      await rest.close()
      throw error
    }
  }

  const say = (event: string, more: object): void => {
    if (isOver) return
    socket.send(JSON.stringify({ event, sequenceNumber: String(++sequence), streamSid, ...more }))
  }
  const speed = faults.find((fault) => fault.kind === 'playoutSpeed')?.speed ?? 1
  const lateMs = faults.find((fault) => fault.kind === 'marksLate')?.ms ?? 0
  const deadAtMs = faults.find((fault) => fault.kind === 'silentDeath')?.atMs ?? Infinity
  const playout = createPhonePlayout({
    clock,
    speed,
    onMark(name) {
      if (options.recorded !== undefined || has('marksNever') || uplink.elapsedMs >= deadAtMs) return
      const isBecauseOfClear = isClearing
      const give = (): void => {
        marks.push({ name, atMs: clock.monotonicMs(), isBecauseOfClear })
        say('mark', { mark: { name } })
      }
      if (lateMs === 0) give()
      else clock.setTimer(lateMs, give)
    },
    onHeard(heardMs) {
      const fault = faults.find((each) => each.kind === 'stop' && each.duringPlayout !== undefined)
      if (fault?.kind === 'stop' && heardMs >= (fault.duringPlayout ?? Infinity)) stop()
    },
  })
  const uplink = createPhoneUplink({
    clock,
    random: () => ids.random(),
    faults,
    send(payload, timestampMs, chunk) {
      if (isOver) return
      if (has('malformed')) sendNonsense(chunk)
      say('media', { media: { track: 'inbound', chunk: String(chunk), timestamp: String(timestampMs), payload } })
      sendFaultsOf(timestampMs)
    },
  })
  const startMessage = {
    start: {
      streamSid,
      accountSid,
      callSid,
      tracks: ['inbound'],
      customParameters: parameters,
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    },
  }
  const sendNonsense = (chunk: number): void => {
    const kinds = ['{"event":"media",', '{"event":"media","media":{}}', '[]', '', new Uint8Array([1, 2, 3])]
    socket.send(kinds[chunk % kinds.length] ?? '')
    say('somethingNew', { somethingNew: { value: 1 } })
    say('media', { media: { track: 'inbound', chunk: '0', timestamp: '0', payload: '***' } })
  }
  const done = new Set<TwilioFault>()
  const sendFaultsOf = (timestampMs: number): void => {
    for (const fault of faults) {
      if (!('atMs' in fault) || fault.atMs === undefined || timestampMs < fault.atMs || done.has(fault)) continue
      done.add(fault)
      if (fault.kind === 'duplicateStart') say('start', startMessage)
      else if (fault.kind === 'stop') stop()
      else if (fault.kind === 'oversize') say('media', { media: { payload: 'A'.repeat(fault.bytes) } })
      else if (fault.kind === 'drop') end(1006)
    }
  }
  const end = (code: number, reason = ''): void => {
    if (isOver) return
    isOver = true
    uplink.close()
    playout.close()
    // A line that breaks says no code.
    if (code === 1006 && 'break' in socket && typeof socket.break === 'function') socket.break()
    else socket.close(code, reason)
  }
  const stop = (): void => {
    if (isOver) return
    say('stop', { stop: { accountSid, callSid } })
    end(1000)
  }
  const fail = (what: string): void => {
    violations.push(what)
    end(1003, what)
  }
  const take = (frame: string | Uint8Array): void => {
    if (isOver) return
    if (typeof frame !== 'string') return fail('bytes instead of a text message')
    const read = readOurs(frame)
    if (typeof read === 'string') return fail(read)
    received.push({ atMs: clock.monotonicMs(), message: read })
    if (read.streamSid !== streamSid) return fail('wrong streamSid')
    if (read.event === 'mark') return playout.mark(read.mark.name)
    if (read.event === 'clear') {
      isClearing = true
      playout.clear()
      isClearing = false
      return
    }
    const codes = Buffer.from(read.media.payload, 'base64')
    if (codes.length === 0 || codes.length % 160 !== 0)
      violations.push(`payload of ${codes.length} bytes, not a multiple of 160`)
    playout.push(codes)
    if (playout.bufferedMs > playoutBufferMs) violations.push(`${playout.bufferedMs} ms wait to be played`)
  }
  const read = async (): Promise<void> => {
    for await (const frame of socket.frames) take(frame)
    isOver = true
    uplink.close()
    playout.close()
  }
  void read()

  if (options.recorded !== undefined) void play(options.recorded)
  else socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
  if (!has('noStart') && options.recorded === undefined) {
    say('start', startMessage)
    uplink.start()
  }
  if (options.audio !== undefined) void uplink.say(options.audio)

  async function play(script: readonly { atMs: number; text: string }[]): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    for (const { atMs, text } of script) {
      const waitMs = startedAtMs + atMs - clock.monotonicMs()
      if (waitMs > 0) await clock.sleep(waitMs)
      if (isOver) return
      socket.send(text)
    }
  }
  const close = async (): Promise<void> => {
    stop()
    await rest.close()
  }
  return {
    info: { vendor: 'twilio', interface: 'Media Streams 1.0.0, REST 2010-04-01' },
    callSid,
    streamSid,
    accountSid,
    apiBase,
    fetch: rest.fetch,
    clock,
    sampleRateHz: 8_000,
    received: ({ event } = {}) => received.filter(({ message }) => event === undefined || message.event === event),
    restRequests: rest.requests,
    violations,
    heard: () => playout.pieces,
    heardAudio: () => joined(playout.pieces),
    marks,
    get bufferedMs() {
      return playout.bufferedMs
    },
    get redirectedTo() {
      return redirectedTo
    },
    say: (audio) => uplink.say(audio),
    dtmf: (digit) => say('dtmf', { dtmf: { track: 'inbound_track', digit } }),
    mute: (muted) => uplink.mute(muted),
    noise: (dbfs) => uplink.noise(dbfs),
    loss: (percent) => uplink.loss(percent),
    inject: (message) =>
      socket.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)),
    refuseRest: rest.refuse,
    hangup: stop,
    get hasEnded() {
      return isOver
    },
    closed: socket.closed,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function readOurs(frame: string): OurMessage | string {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return 'no JSON'
  }
  const read = ourMessageSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a message of Twilio'}`
}

function joined(pieces: readonly HeardPiece[]): Int16Array {
  const first = pieces[0]
  const last = pieces.at(-1)
  if (first === undefined || last === undefined) return new Int16Array()
  const place = (atMs: number): number => Math.round((atMs - first.atMs) * 8)
  const all = new Int16Array(place(last.atMs) + last.samples.length)
  for (const { atMs, samples } of pieces) all.set(samples.subarray(0, all.length - place(atMs)), place(atMs))
  return all
}
