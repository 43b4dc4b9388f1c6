import { encodePcmu } from '@parley/audio'
import {
  type AudioFrame,
  type Disposer,
  ParleyError,
  type Socket,
  type SpeechContext,
  type SttEvent,
  type SttOpen,
  type SttStream,
} from '@parley/spec'
import type { DeepgramSettings, RecordedFrame } from './deepgram-options.ts'
import { createEventChannel } from '../../speech/event-channel.ts'
import { listenUrl } from './listen-url.ts'
import { maskWords } from './mask-words.ts'
import { createSentAudioRing } from './sent-audio.ts'
import { parseListenMessage } from './server-messages.ts'
import { createStreamTime } from './stream-time.ts'
import { createTranscriptAssembly } from './transcript-assembly.ts'
import { closeError, connectError, vendorError } from './vendor-errors.ts'

/** Audio kept for a connection that has to be made again. */
const keptMs = 10_000
const firstRetryMs = 250
/** How long a stream waits for the last words when it is closed. */
const closeMs = 1_000
/** Quiet audio that ends a turn, where the server cannot be asked for a final. */
const turnEndMs = 800
/** The turn-based interface wants audio all the time while somebody speaks. */
const turnSilenceMs = 200
const maxMalformed = 5
const malformedWindowMs = 10_000

/** Opens one stream. @throws {ParleyError} `vendor_*` when the first connection cannot be made */
export async function openDeepgramStream(
  settings: DeepgramSettings,
  options: SttOpen,
  context: SpeechContext,
): Promise<SttStream> {
  const { clock, signal, telemetry } = context
  const openedAtMs = clock.monotonicMs()
  const line = createEventChannel<SttEvent>()
  const ring = createSentAudioRing(keptMs)
  const isTurns = settings.interface === 'turns'
  const bytesPerMs = (options.format.sampleRateHz * (options.format.encoding === 'pcmu' ? 1 : 2)) / 1000
  let time = createStreamTime(clock)
  let socket: Socket | undefined
  let lose: (() => void) | undefined
  let isClosing = false
  let failures = 0
  let unansweredMs = 0
  let audioMs = 0
  let nextId = 0
  let malformedAt: number[] = []
  let alive: Disposer | undefined
  let finalizing: { timer: Disposer; finals: number } | undefined
  let pendingTimer: Disposer | undefined
  let pendingText = ''

  const record = (frame: Omit<RecordedFrame, 'atMs'>): void =>
    settings.record?.({ ...frame, atMs: Math.round(clock.monotonicMs() - openedAtMs) })
  const assembly = createTranscriptAssembly({
    toClock: (positionMs) => time.toClock(positionMs),
    nextId: () => `${context.callId ?? 'stt'}-${openedAtMs}-${nextId++}`,
    emit: (event) => line.push(event),
    onUtterance() {
      if (audioMs > 0) line.push({ type: 'usage', audioMs: Math.round(audioMs) })
      audioMs = 0
    },
  })

  const connect = async (): Promise<Socket> => {
    const key = typeof settings.apiKey === 'function' ? await settings.apiKey() : settings.apiKey
    const timeout = new AbortController()
    const onAbort = (): void => timeout.abort(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    const dispose = clock.setTimer(settings.connectTimeoutMs, () => timeout.abort(vendorError('vendor_timeout')))
    const headers: Record<string, string> = key === null ? {} : { authorization: `Token ${key}` }
    // A factory may not look at the signal: the wait has its bound here, too.
    const aborted = new Promise<never>((_, reject) => {
      timeout.signal.addEventListener('abort', () => reject(timeout.signal.reason), { once: true })
    })
    const opening = context.sockets(listenUrl(settings, options), { headers, signal: timeout.signal })
    opening.then(
      (late) => timeout.signal.aborted && late.close(),
      () => {},
    )
    try {
      return await Promise.race([opening, aborted])
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const isOurs = ParleyError.isInstance(error) && error.code === 'vendor_timeout'
      throw isOurs ? error : connectError(error)
    } finally {
      dispose()
      signal.removeEventListener('abort', onAbort)
    }
  }

  const sendText = (type: 'KeepAlive' | 'Finalize' | 'CloseStream'): void => {
    const text = JSON.stringify({ type })
    record({ direction: 'out', text })
    socket?.send(text)
    keepAlive()
  }
  const sendBytes = (bytes: Uint8Array, durationMs: number, atMs: number, isKept: boolean): void => {
    time.sent(durationMs, atMs)
    if (isKept) ring.add({ bytes, durationMs, endMs: time.positionMs, atMs })
    if (socket === undefined) return
    record({ direction: 'out', bytes: bytes.length })
    socket.send(bytes)
    keepAlive()
  }
  const sendSilence = (ms: number): void => {
    for (let leftMs = ms; leftMs > 0; leftMs -= 1_000) {
      const pieceMs = Math.min(1_000, leftMs)
      const bytes = new Uint8Array(Math.round(pieceMs * bytesPerMs))
      if (options.format.encoding === 'pcmu') bytes.fill(0xff)
      else if (bytes.length % 2 !== 0) continue
      sendBytes(bytes, bytes.length / bytesPerMs, clock.monotonicMs(), false)
    }
  }
  /** Something is said at least that often. */
  const keepAlive = (): void => {
    alive?.()
    alive = undefined
    if (line.isClosed || socket === undefined) return
    const isOpenTurn = isTurns && assembly.isSpeaking
    alive = clock.setTimer(isOpenTurn ? turnSilenceMs : settings.keepAliveMs, () => {
      if (isTurns) sendSilence(turnSilenceMs)
      else sendText('KeepAlive')
    })
  }
  const endFinalizing = (): void => {
    finalizing?.timer()
    finalizing = undefined
  }
  /** Words whose final does not come are final after a while. */
  const watchPending = (): void => {
    const text = assembly.pendingText
    if (text === pendingText && !line.isClosed) return
    pendingText = text
    pendingTimer?.()
    pendingTimer = undefined
    if (text === '' || line.isClosed) return
    pendingTimer = clock.setTimer(settings.stallMs, () => {
      pendingText = ''
      telemetry.count('voice.stt.finalMissing')
      // Who says nothing at all is not there: the audio is recognized again, whole.
      if (unansweredMs > settings.stallMs / 2) lose?.()
      else assembly.flush({ evenIfEmpty: false })
    })
  }
  const takeFrame = (frame: string | Uint8Array): void => {
    record(
      typeof frame === 'string'
        ? { direction: 'in', text: settings.recordText ? frame : maskWords(frame) }
        : { direction: 'in', bytes: frame.length },
    )
    unansweredMs = 0
    const message = parseListenMessage(frame)
    if (message === 'unknown') return telemetry.count('voice.stt.unknownMessage')
    if (message === 'malformed') {
      const nowMs = clock.monotonicMs()
      malformedAt = [...malformedAt.filter((atMs) => nowMs - atMs < malformedWindowMs), nowMs]
      telemetry.count('voice.stt.malformedMessage')
      if (malformedAt.length >= maxMalformed) lose?.()
      return
    }
    if (message.type === 'Error') return lose?.()
    failures = 0
    const { finals } = assembly
    const isAsked = finalizing !== undefined && finalizing.finals === finals
    // The answer to a finalize after which a final came already says nothing new.
    const isEcho = message.type === 'Results' && message.from_finalize && !isAsked && assembly.pendingText === ''
    if (!isEcho) assembly.take(message)
    if (assembly.finals > finals || isEcho) endFinalizing()
    ring.forgetUntil(assembly.settledMs)
    watchPending()
  }

  const fail = (error: ParleyError): void => {
    assembly.flush({ evenIfEmpty: false })
    line.push({ type: 'error', error })
    end()
  }
  const end = (): void => {
    if (line.isClosed) return
    endFinalizing()
    pendingTimer?.()
    alive?.()
    signal.removeEventListener('abort', end)
    if (audioMs > 0) line.push({ type: 'usage', audioMs: Math.round(audioMs) })
    line.close()
    socket?.close(1000)
    socket = undefined
    lose?.()
  }
  /** Takes frames until the socket ends, or is given up. */
  const read = async (current: Socket): Promise<ParleyError | undefined> => {
    const lost = new Promise<'lost'>((resolve) => (lose = () => resolve('lost')))
    const frames = current.frames[Symbol.asyncIterator]()
    for (;;) {
      const step = await Promise.race([frames.next(), lost])
      if (step === 'lost') break
      if (step.done === true) {
        const closed = await Promise.race([current.closed, lost])
        return closed === 'lost' ? undefined : closeError(closed.code)
      }
      takeFrame(step.value)
    }
    current.close(1000)
    return undefined
  }
  const reconnect = async (): Promise<Socket | undefined> => {
    let error = vendorError('vendor_unavailable')
    while (failures < settings.maxReconnects) {
      failures += 1
      telemetry.count('voice.stt.reconnect')
      await clock.sleep(firstRetryMs * 2 ** (failures - 1), { signal })
      try {
        return await connect()
      } catch (thrown) {
        if (!ParleyError.isInstance(thrown)) throw thrown
        error = thrown
        if (!error.retryable) break
      }
    }
    fail(error)
    return undefined
  }
  /** The new stream hears again what the old one had not settled. */
  const resume = (next: Socket): void => {
    const rest = ring.takeAfter(assembly.settledMs)
    time = createStreamTime(clock)
    assembly.restart()
    socket = next
    unansweredMs = 0
    for (const { bytes, durationMs, atMs } of rest) sendBytes(bytes, durationMs, atMs, true)
    if (finalizing !== undefined && !isTurns) sendText('Finalize')
  }
  const run = async (first: Socket): Promise<void> => {
    for (let current: Socket | undefined = first; current !== undefined;) {
      const error = await read(current)
      socket = undefined
      alive?.()
      pendingTimer?.()
      pendingText = ''
      if (line.isClosed) return
      if (isClosing) {
        assembly.flush({ evenIfEmpty: false })
        return end()
      }
      if (error !== undefined) return fail(error)
      current = await reconnect()
      if (line.isClosed) return current?.close(1000)
      if (current !== undefined) resume(current)
    }
  }

  socket = await connect()
  const ended = run(socket).catch((error: unknown) => {
    // An abort of the call ends the stream; it is no failure of the server.
    if (!signal.aborted && !line.isClosed) fail(connectError(error))
  })
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  keepAlive()

  return {
    push(frame: AudioFrame) {
      if (line.isClosed || isClosing) return
      const durationMs = (frame.samples.length * 1000) / frame.sampleRateHz
      audioMs += durationMs
      if (socket !== undefined && socket.bufferedAmount > settings.maxBufferedBytes) {
        return telemetry.count('voice.stt.droppedFrame')
      }
      sendBytes(toBytes(frame, options), durationMs, clock.monotonicMs(), true)
      unansweredMs += durationMs
      if (socket === undefined || unansweredMs < settings.stallMs) return
      unansweredMs = 0
      telemetry.count('voice.stt.silentConnection')
      lose?.()
    },
    finalize() {
      if (line.isClosed || isClosing) return
      endFinalizing()
      const timer = clock.setTimer(settings.finalizeTimeoutMs, () => {
        finalizing = undefined
        const wasPending = assembly.pendingText !== ''
        assembly.flush({ evenIfEmpty: true })
        watchPending()
        // Who does not answer with words at hand is not there any more.
        if (wasPending) lose?.()
      })
      finalizing = { timer, finals: assembly.finals }
      if (isTurns) sendSilence(turnEndMs)
      else sendText('Finalize')
    },
    silence(ms) {
      if (!line.isClosed && !isClosing) sendSilence(ms)
    },
    update({ language, keyTerms }) {
      const isNew = (language !== undefined && language !== options.language) || keyTerms !== undefined
      return Promise.resolve(isNew ? 'reopen' : 'applied')
    },
    events: line.events,
    async close() {
      if (line.isClosed) return
      if (!isClosing) {
        isClosing = true
        sendText('CloseStream')
        alive?.()
        const dispose = clock.setTimer(closeMs, () => {
          assembly.flush({ evenIfEmpty: false })
          end()
        })
        void ended.finally(dispose)
        if (socket === undefined) end()
      }
      await ended
    },
  }
}

function toBytes({ samples }: AudioFrame, { format }: SttOpen): Uint8Array {
  if (format.encoding === 'pcmu') return encodePcmu(samples).slice()
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (let n = 0; n < samples.length; n++) view.setInt16(n * 2, samples[n] ?? 0, true)
  return bytes
}
