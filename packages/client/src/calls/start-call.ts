import {
  createEventEmitter,
  ParleyError,
  toParleyError,
  type Clock,
  type Disposer,
  type IdSource,
  type ServerCallMessage,
  type SocketFactory,
} from '@parley/spec'
import { isErrorCode } from '../http-client.ts'
import { connectCall, type CallConnection } from './call-connection.ts'
import type { CallDevices } from './call-devices.ts'
import { createCallSound, type DownFormat } from './call-sound.ts'
import { uplinkRate } from './capture-uplink.ts'
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

/** What is asked for; what `welcome` says counts. */
const wantedDown: DownFormat = { codec: 'pcm16', rate: 24_000 }
/** Captions that are kept to be read. */
const maxCaptions = 500
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
  let state: CallState | undefined
  let agent: ClientCall['agent'] = null
  let room = { roomId: '', participantId: '' }
  let isMuted = false
  let connection: CallConnection | undefined

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
  const sound = createCallSound({
    devices,
    down: wantedDown,
    sendAudio: (frame) => connection?.sendAudio(frame) ?? false,
    report: (report) => send(report, { droppable: report.type === 'played' }),
    onState: (audio) => emitter.emit({ type: 'audio', state: audio }),
    onError: tell,
  })
  const stats = createStatsReporter({
    clock,
    rttMs: () => connection?.rttMs,
    underruns: () => sound.underruns,
    outputLatencyMs: () => sound.outputLatencyMs,
    send: (message) => send({ type: 'stats', ...message }, { droppable: true }),
  })

  const keepCaption = (caption: CallCaption): void => {
    captions.set(caption.id, caption)
    const oldest = captions.keys().next().value
    if (captions.size > maxCaptions && oldest !== undefined) captions.delete(oldest)
  }
  const onMessage = (message: ServerCallMessage): void => {
    switch (message.type) {
      case 'segment': {
        sound.segment(message)
        const { utteranceId, segmentId, agentId, kind, phase } = message
        return emitter.emit({ type: 'segment', utteranceId, segmentId, agentId, kind, phase })
      }
      case 'clear':
        return sound.clear(message.epoch)
      case 'pause':
        return sound.pause(message.epoch)
      case 'continue':
        return sound.resume()
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
        if (update.type === 'caption') keepCaption(update)
        emitter.emit(update)
      }
    }
  }

  try {
    if (options.hasMicrophone) await sound.useMicrophone(options.microphoneId)
    if (options.hasSpeaker) await sound.useSpeaker(options.speakerId)
  } catch (error) {
    stats.close()
    await sound.close()
    throw error
  }
  const onAbort = (): void => call.hangup()
  const connected = connectCall({
    url: options.url,
    getToken: options.getToken,
    introduce: {
      audio: { up: { codec: 'pcm16', rate: uplinkRate, frameMs: 20 }, down: wantedDown },
      capabilities: {
        played: options.hasSpeaker,
        pause: options.hasSpeaker,
        aec: sound.removesEcho,
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
    lastEpoch: () => sound.epoch,
    onWelcome(welcome) {
      room = { roomId: welcome.roomId, participantId: welcome.participantId }
      agent = welcome.agent ?? agent
      sound.connected(welcome.audio.down).catch(tell)
      live.resolve()
    },
    onMessage,
    onFrame(frame) {
      stats.frame(frame)
      sound.frame(frame)
    },
    onStatus: (status, error) => emitter.emit({ type: 'status', status, ...(error === undefined ? {} : { error }) }),
    onEnd(reason, error) {
      options.signal?.removeEventListener('abort', onAbort)
      for (const dispose of disposers) dispose()
      stats.close()
      options.recognizer?.stop()
      emitter.emit({ type: 'ended', reason, ...(error === undefined ? {} : { error }) })
      emitter.close()
      live.reject(error ?? endedEarly(reason))
      const outcome = { reason, ...(error === undefined ? {} : { error }) }
      // Devices that cannot be closed are gone already.
      sound.close().then(
        () => ended.resolve(outcome),
        () => ended.resolve(outcome),
      )
    },
  })

  connection = connected

  const setOpen = (isOpen: boolean): void => {
    isMuted = !isOpen
    sound.setMuted(isMuted)
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
    async setDevice({ microphoneId, speakerId }) {
      if (microphoneId !== undefined) await sound.useMicrophone(microphoneId)
      if (speakerId !== undefined) await sound.useSpeaker(speakerId)
    },
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
