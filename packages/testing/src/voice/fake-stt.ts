import {
  createEventQueue,
  ParleyError,
  type AudioChunk,
  type Disposer,
  type SpeechContext,
  type SpeechToText,
  type SttEvent,
  type SttInfo,
  type SttOpen,
  type SttStream,
  type Transcript,
} from '@parley/spec'
import { createUtteranceReader, readClip, type ReadUtterance } from './utterance-reader.ts'

/** What a fake recognizer does with one utterance. */
export interface FakeUtterance {
  /** What it understands. @default what the audio's tones say */
  text?: string
  /**
   * `fail`: an error instead of the final; `silent`: no text; `late`: the final comes `lateMs` later; `twice`: the final
   * comes twice; `dead`: nothing ever comes again, the stream stays open.
   */
  fault?: 'fail' | 'silent' | 'late' | 'twice' | 'dead'
  /** @default 4 000 */
  lateMs?: number
  confidence?: number
  language?: string
}

/** What each utterance becomes: by number from 0, per call; `undefined` is what the tones say. */
export type FakeSttScript =
  | readonly (string | FakeUtterance)[]
  | ((index: number) => string | FakeUtterance | undefined)

/** Options of `createFakeStt`. */
export interface FakeSttOptions {
  /** @default 'fake-stt' */
  id?: string
  script?: FakeSttScript
  /** From what the recognizer knows to what it tells, in milliseconds. @default 0 */
  latencyMs?: number
  /** @default true */
  interim?: boolean
  /** Whether it tells start and end of speech. @default false */
  endOfSpeech?: boolean
  /** `false`: batch only. @default true */
  streaming?: boolean
  /** @default true */
  wordTimings?: boolean
  /** Quiet audio that ends an utterance, in milliseconds. @default 200 */
  endSilenceMs?: number
  /** Quiet audio after which an `eager` final is told, in milliseconds. @default never */
  eagerSilenceMs?: number
  /** @default 'any' */
  languages?: SttInfo['languages']
  /** What its information says of the final's delay. @default `latencyMs` for both */
  finalLatency?: SttInfo['finalLatency']
}

/** A recognizer without a model: reads tone-coded speech, or says what the script says at each utterance. */
export interface FakeStt extends SpeechToText {
  /** Streams opened so far. */
  readonly opened: readonly { callId: string | undefined; options: SttOpen }[]
  /** Streams open now. */
  readonly openStreams: number
}

/** Makes a fake recognizer: deterministic, and without delay unless told otherwise. */
export function createFakeStt({
  id = 'fake-stt',
  script = [],
  latencyMs = 0,
  interim = true,
  endOfSpeech = false,
  streaming = true,
  wordTimings = true,
  endSilenceMs = 200,
  eagerSilenceMs,
  languages = 'any',
  finalLatency = { p50Ms: latencyMs, p99Ms: latencyMs },
}: FakeSttOptions = {}): FakeStt {
  const opened: { callId: string | undefined; options: SttOpen }[] = []
  const counts = new Map<string | undefined, number>()
  let openStreams = 0

  const nextPlan = (callId: string | undefined): FakeUtterance => {
    const index = counts.get(callId) ?? 0
    counts.set(callId, index + 1)
    const plan = typeof script === 'function' ? script(index) : script[index]
    return typeof plan === 'string' ? { text: plan } : (plan ?? {})
  }

  const open = (options: SttOpen, { clock, callId, signal }: SpeechContext): SttStream => {
    const queue = createEventQueue<SttEvent>({ capacity: 100_000 })
    const timers = new Set<Disposer>()
    let isDead = false
    let nextId = 0
    let plan: FakeUtterance | undefined
    let currentId = ''
    let toldWords = 0
    let isEager = false
    let language = options.language

    const emit = (event: SttEvent, delayMs = latencyMs): void => {
      if (isDead) return
      if (delayMs === 0) return queue.push(event)
      const dispose = clock.setTimer(delayMs, () => {
        timers.delete(dispose)
        if (!isDead) queue.push(event)
      })
      timers.add(dispose)
    }
    const toText = (type: 'interim' | 'final', utterance: ReadUtterance, eager = false): SttEvent => {
      const words = plan?.text === undefined ? utterance.words : utterance.spread(plan.text)
      const told = plan?.text ?? utterance.text
      return {
        type,
        id: currentId,
        text: type === 'final' ? told : told.split(' ').slice(0, words.length).join(' '),
        ...(wordTimings && { words }),
        confidence: plan?.confidence ?? 0.99,
        ...((plan?.language ?? language) !== undefined && { language: plan?.language ?? language ?? '' }),
        ...(eager && { eager }),
      }
    }
    const begin = (utterance: ReadUtterance): void => {
      plan = nextPlan(callId)
      currentId = `${id}-${nextId++}`
      toldWords = 0
      isEager = false
      if (endOfSpeech) emit({ type: 'speechStart', atMs: utterance.startMs })
    }
    const grow = (utterance: ReadUtterance): void => {
      if (plan === undefined) begin(utterance)
      if (isEager) {
        isEager = false
        emit({ type: 'speechResumed' })
      }
      const words = plan?.text === undefined ? utterance.wholeWords : utterance.spread(plan.text).length
      if (words <= toldWords) return
      toldWords = words
      if (interim && options.interim !== false && plan?.fault !== 'silent') {
        const event = toText('interim', utterance)
        if (event.type === 'interim' && event.text !== '') emit(event)
      }
    }
    const finish = (utterance: ReadUtterance): void => {
      if (plan === undefined) begin(utterance)
      const { fault, lateMs = 4_000 } = plan ?? {}
      if (endOfSpeech) emit({ type: 'speechEnd', atMs: utterance.endMs })
      if (fault === 'dead') isDead = true
      else if (fault === 'fail') emit({ type: 'error', error: failed() })
      else if (fault !== 'silent') emit(toText('final', utterance), latencyMs + (fault === 'late' ? lateMs : 0))
      if (fault === 'twice') emit(toText('final', utterance))
      emit({ type: 'usage', audioMs: utterance.audioMs })
      plan = undefined
    }

    const reader = createUtteranceReader({
      clock,
      sampleRateHz: options.format.sampleRateHz,
      endSilenceMs,
      ...(eagerSilenceMs !== undefined && { eagerSilenceMs }),
      onGrow: grow,
      onPause(utterance) {
        isEager = true
        emit(toText('final', utterance, true))
      },
      onEnd: finish,
    })
    const close = (): void => {
      if (queue.hasEnded) return
      openStreams -= 1
      for (const dispose of timers) dispose()
      timers.clear()
      queue.end()
      signal.removeEventListener('abort', close)
    }
    openStreams += 1
    opened.push({ callId, options })
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()

    return {
      push(frame) {
        if (!queue.hasEnded) reader.push(frame)
      },
      finalize() {
        if (queue.hasEnded || reader.end()) return
        emit({ type: 'final', id: `${id}-${nextId++}`, text: '' })
      },
      silence(ms) {
        if (!queue.hasEnded) reader.silence(ms)
      },
      update(change) {
        language = change.language ?? language
        return Promise.resolve('applied')
      },
      events: queue.events,
      close() {
        close()
        return Promise.resolve()
      },
    }
  }

  return {
    info: {
      id,
      streaming,
      interim: interim && streaming,
      wordTimings,
      endOfSpeech,
      languages,
      formats: [
        { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
        { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 },
      ],
      finalLatency,
    },
    open(options, context) {
      if (streaming) return Promise.resolve(open(options, context))
      return Promise.reject(
        new ParleyError({
          code: 'voice_stt_failed',
          message: `The recognizer "${id}" takes whole clips only: wrap it with createSegmentedStt.`,
          retryable: false,
        }),
      )
    },
    async transcribe(
      audio: AudioChunk,
      options: SttOpen,
      { clock, callId, signal }: SpeechContext,
    ): Promise<Transcript> {
      const plan = nextPlan(callId)
      const delayMs = latencyMs + (plan.fault === 'late' ? (plan.lateMs ?? 4_000) : 0)
      if (plan.fault === 'dead') await aborted(signal)
      if (delayMs > 0) await clock.sleep(delayMs, { signal })
      if (plan.fault === 'fail') throw failed()
      const read = readClip(audio)
      const text = plan.fault === 'silent' ? '' : (plan.text ?? read.text)
      return {
        text,
        ...(wordTimings && { words: plan.text === undefined ? read.words : read.spread(plan.text) }),
        confidence: plan.confidence ?? 0.99,
        ...((plan.language ?? options.language) !== undefined && { language: plan.language ?? options.language ?? '' }),
      }
    },
    opened,
    get openStreams() {
      return openStreams
    },
  }
}

function failed(): ParleyError {
  return new ParleyError({ code: 'voice_stt_failed', message: 'The fake recognizer failed, as its script says.' })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
