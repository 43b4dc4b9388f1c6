import { decodePcma, decodePcmu } from '@parley/audio'
import {
  createEventEmitter,
  ParleyError,
  toParleyError,
  type CallFrame,
  type CallRate,
  type Clock,
  type Disposer,
  type IdSource,
  type ServerCallMessage,
  type SocketFactory,
} from '@parley/spec'
import { isErrorCode } from '../http-client.ts'
import { connectCall, type CallConnection } from './call-connection.ts'
import type { CallCapture, CallDevices, CallPlayout } from './call-devices.ts'
import { createPlayoutTracker, type PlayoutTracker } from './call-playout.ts'
import { createCaptureUplink, uplinkRate } from './capture-uplink.ts'
import { dtmfDigits, type CallCaption, type CallState, type CallUpdate, type ClientCall } from './client-call.ts'
import { createStatsReporter } from './stats-reporter.ts'

/** Words that the page recognized itself. */
export interface CallRecognizer {
  start(
    listener: (transcript: {
      id: string
      text: string
      final: boolean
      confidence?: number
      language?: string
    }) => void,
  ): void
  stop(): void
}

/** What a call is made with, once the server has opened it. */
export interface StartCallOptions {
  url: string
  callId: string
  getToken(): string | undefined | Promise<string | undefined>
  devices: CallDevices
  hasMicrophone: boolean
  hasSpeaker: boolean
  microphoneId: string | undefined
  speakerId: string | undefined
  recognizer: CallRecognizer | undefined
  language: string | undefined
  takeover: boolean
  signal: AbortSignal | undefined
  openSocket: SocketFactory
  clock: Clock
  ids: IdSource
  /** Adds listeners before anything happens. */
  listen(updates: Pick<ClientCall, 'on'>): void
}

/** The rate asked for; the one of `welcome` counts. */
const downRate = 24_000
const toneMs = 100

/** Opens devices and the socket; resolves when the call is live. */
export async function startCall(options: StartCallOptions): Promise<ClientCall> {
  const { clock, ids, devices } = options
  const emitter = createEventEmitter<CallUpdate>({
    onError: (error) =>
      // A listener's own failure is the application's; it is told where uncaught ones are.
      queueMicrotask(() => {
        throw error
      }),
  })
  options.listen(emitter)
  const ended = Promise.withResolvers<{ reason: string; error?: ParleyError }>()
  const live = Promise.withResolvers<void>()
  const captions = new Map<string, CallCaption>()
  const disposers: Disposer[] = []
  let capture: CallCapture | undefined
  let playout: CallPlayout | undefined
  let tracker: PlayoutTracker | undefined
  let down: { codec: string; rate: CallRate } = { codec: 'pcm16', rate: downRate }
  let state: CallState | undefined
  let agent: ClientCall['agent'] = null
  let room = { roomId: '', participantId: '' }
  let epoch = 0
  let isMuted = false
  let isOver = false
  let connection: CallConnection | undefined
  let deviceChange: Promise<void> = Promise.resolve()

  const send: CallConnection['send'] = (message, how) => connection?.send(message, how)
  const tell = (error: unknown): void =>
    emitter.emit({
      type: 'error',
      error: toParleyError(error, {
        code: 'media_device_failed',
        message: 'A device of the call failed. Choose another one.',
      }),
      fatal: false,
    })
  const uplink = createCaptureUplink((frame) => connection?.sendAudio(frame) ?? false)
  const stats = createStatsReporter({
    clock,
    rttMs: () => connection?.rttMs,
    underruns: () => tracker?.underruns ?? 0,
    outputLatencyMs: () => playout?.outputLatencyMs ?? 0,
    send: (message) => send({ type: 'stats', ...message }, { droppable: true }),
  })

  const openMicrophone = async (deviceId: string | undefined): Promise<void> => {
    const next = await devices.openCapture(deviceId === undefined ? {} : { deviceId })
    if (isOver) return next.close()
    capture = next
    next.onEnded(() => {
      if (capture !== next || isOver) return
      emitter.emit({ type: 'audio', state: 'microphoneLost' })
      // What was chosen is gone: the system's own choice is next.
      change(() => openMicrophone(undefined)).catch(tell)
    })
    await uplink.use(next)
  }
  const openSpeaker = async (rate: CallRate, deviceId: string | undefined): Promise<void> => {
    const before = playout
    const next = await devices.openPlayout({ rate, ...(deviceId === undefined ? {} : { deviceId }) })
    if (isOver) return next.close()
    playout = next
    next.onState((audio) => emitter.emit({ type: 'audio', state: audio }))
    tracker = createPlayoutTracker({
      device: next,
      rate,
      epoch,
      decode: (frame) => (frame.codec === down.codec ? decode(frame) : undefined),
      send: (report) => send(report, { droppable: report.type === 'played' }),
    })
    await before?.close()
  }
  /** One change of devices at a time. */
  const change = (run: () => Promise<void>): Promise<void> => {
    const next = deviceChange.then(run)
    deviceChange = next.catch(() => {})
    return next
  }

  const onMessage = (message: ServerCallMessage): void => {
    switch (message.type) {
      case 'segment': {
        tracker?.segment(message)
        const { utteranceId, segmentId, agentId, kind, phase } = message
        return emitter.emit({ type: 'segment', utteranceId, segmentId, agentId, kind, phase })
      }
      case 'clear':
        epoch = message.epoch
        return tracker?.clear(message.epoch)
      case 'pause':
        return tracker?.pause(message.epoch)
      case 'continue':
        return tracker?.resume()
      case 'error':
        return emitter.emit({ type: 'error', error: toError(message), fatal: message.fatal })
      case 'welcome':
      case 'ack':
      case 'pong':
      case 'bye':
        return undefined
      default: {
        const { v: _v, seq: _seq, ...view } = message
        // Optional fields that are absent were left out by the parser.
        const update = view as CallUpdate
        if (update.type === 'state') state = update
        if (update.type === 'agent') agent = { id: update.id, name: update.name, voice: update.voice }
        if (update.type === 'caption') captions.set(update.id, update)
        emitter.emit(update)
      }
    }
  }

  const closeDevices = async (): Promise<void> => {
    await uplink.close()
    await playout?.close()
  }
  try {
    if (options.hasMicrophone) await openMicrophone(options.microphoneId)
    if (options.hasSpeaker) await openSpeaker(downRate, options.speakerId)
  } catch (error) {
    isOver = true
    stats.close()
    await closeDevices()
    throw error
  }
  const onAbort = (): void => call.hangup()
  const connected = connectCall({
    url: options.url,
    getToken: options.getToken,
    introduce: {
      audio: {
        up: { codec: 'pcm16', rate: uplinkRate, frameMs: 20 },
        down: { codec: 'pcm16', rate: downRate },
      },
      capabilities: {
        played: options.hasSpeaker,
        pause: options.hasSpeaker,
        aec: capture?.removesEcho ?? true,
        recognition: options.recognizer !== undefined,
        opus: false,
        microphone: options.hasMicrophone,
      },
      client: { name: '@parley/client', version: '1' },
      ...(options.language === undefined ? {} : { language: options.language }),
      ...(options.takeover ? { takeover: true } : {}),
    },
    openSocket: options.openSocket,
    clock,
    ids,
    lastEpoch: () => epoch,
    onWelcome(welcome) {
      room = { roomId: welcome.roomId, participantId: welcome.participantId }
      agent = welcome.agent ?? agent
      uplink.markGap()
      const { rate } = welcome.audio.down
      // Who takes over a call takes it as it is.
      if (playout !== undefined && rate !== down.rate) change(() => openSpeaker(rate, options.speakerId)).catch(tell)
      down = welcome.audio.down
      live.resolve()
    },
    onMessage,
    onFrame(frame) {
      stats.frame(frame)
      tracker?.frame(frame)
    },
    onStatus: (status, error) => emitter.emit({ type: 'status', status, ...(error === undefined ? {} : { error }) }),
    onEnd(reason, error) {
      isOver = true
      options.signal?.removeEventListener('abort', onAbort)
      for (const dispose of disposers) dispose()
      stats.close()
      options.recognizer?.stop()
      emitter.emit({ type: 'ended', reason, ...(error === undefined ? {} : { error }) })
      emitter.close()
      live.reject(error ?? endedEarly(reason))
      const closing = change(closeDevices)
      const outcome = { reason, ...(error === undefined ? {} : { error }) }
      // Devices that cannot be closed are gone already.
      closing.then(
        () => ended.resolve(outcome),
        () => ended.resolve(outcome),
      )
    },
  })

  connection = connected

  const setOpen = (isOpen: boolean): void => {
    isMuted = !isOpen
    uplink.setOpen(isOpen)
    send({ type: 'mute', muted: isMuted })
  }
  const call: ClientCall = {
    callId: options.callId,
    get roomId() {
      return room.roomId
    },
    get participantId() {
      return room.participantId
    },
    get status() {
      return connected.status
    },
    get state() {
      return state
    },
    get captions() {
      return [...captions.values()]
    },
    get agent() {
      return agent
    },
    get isMuted() {
      return isMuted
    },
    events: emitter.events,
    on: emitter.on,
    mute: () => setOpen(false),
    unmute: () => setOpen(true),
    dtmf(digits) {
      const keys = Array.from(digits)
      if (keys.length === 0 || !keys.every((key) => dtmfDigits.test(key))) throw noDigits()
      for (const digit of keys) send({ type: 'dtmf', digit, durationMs: toneMs })
    },
    text(text) {
      const id = ids.uuid()
      send({ type: 'text', id, text })
      return id
    },
    interrupt: () => send({ type: 'interrupt' }),
    talk: (isDown) => send({ type: 'talk', down: isDown }),
    consent: (granted) => send({ type: 'consent', kind: 'recording', granted }),
    setDevice: ({ microphoneId, speakerId }) =>
      change(async () => {
        if (microphoneId !== undefined) await openMicrophone(microphoneId)
        if (speakerId !== undefined) await openSpeaker(down.rate, speakerId)
      }),
    unlock: () => devices.unlock(),
    stats: () => stats.read(),
    hangup: () => connected.hangUp(),
    ended: ended.promise,
    [Symbol.dispose]: () => connected.hangUp(),
  }
  options.signal?.addEventListener('abort', onAbort, { once: true })
  if (options.signal?.aborted === true) onAbort()
  disposers.push(devices.onWake(() => connected.probe()))
  await live.promise
  options.recognizer?.start((transcript) =>
    send({ type: 'transcript', ...transcript }, { droppable: !transcript.final }),
  )
  return call
}

function decode({ codec, payload }: CallFrame): Int16Array | undefined {
  if (codec === 'pcmu') return decodePcmu(payload)
  if (codec === 'pcma') return decodePcma(payload)
  if (codec !== 'pcm16' || payload.length % 2 !== 0) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  return Int16Array.from({ length: payload.length / 2 }, (_, index) => view.getInt16(index * 2, true))
}

function toError({ code, message, retryable, path }: Extract<ServerCallMessage, { type: 'error' }>): ParleyError {
  return new ParleyError({
    code: isErrorCode(code) ? code : 'internal_error',
    message,
    retryable,
    details: path === undefined ? {} : { path },
  })
}

function endedEarly(reason: string): ParleyError {
  return new ParleyError({
    code: 'voice_call_ended',
    message: `The call ended before it began (${reason}). Start a new one.`,
    details: { reason },
  })
}

function noDigits(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'Keys of a phone are 0 to 9, *, # and A to D.',
    details: { path: 'digits', expected: '0-9*#A-D' },
  })
}
