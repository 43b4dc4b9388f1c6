import {
  createEventQueue,
  ParleyError,
  sampleRates,
  type AudioFrame,
  type Disposer,
  type SampleRate,
  type SpeechContext,
  type TextToSpeech,
  type TtsEvent,
  type TtsInfo,
  type TtsOpen,
  type TtsStream,
  type Word,
} from '@parley/spec'
import { fakeVoices } from './fake-voices.ts'
import { TONE_MIN_MS, TONE_VOICES, toneText } from './tone-code.ts'

/** What goes wrong with a segment. `at` is its number from 0; `text` must be part of what is spoken. */
export interface FakeTtsFailure {
  at?: number
  text?: string
  /** Only for that voice. */
  voice?: string
  /**
   * `silent`: nothing comes, no error; `slow`: audio at half of real time; `wrongRate`: frames of another rate than asked
   * for; `error`: an error event instead of audio; `dead`: this and all later segments of the stream give nothing.
   */
  kind: 'silent' | 'slow' | 'wrongRate' | 'error' | 'dead'
}

/** Options of `createFakeTts`. */
export interface FakeTtsOptions {
  /** @default 'fake-tts' */
  id?: string
  /** Length of each character, at least 30. @default 60 */
  msPerChar?: number
  /** From the first text of a segment to its first audio, in milliseconds. @default 0 */
  firstAudioMs?: number
  /** Audio made per second of time, in seconds; infinite is all at once. @default infinite */
  speed?: number
  /** At most 8; the order is what tones carry. @default `fakeVoices` */
  voices?: readonly string[]
  /** The only rate it speaks at. @default any */
  sampleRateHz?: SampleRate
  /** @default 'native' */
  wordTimings?: TtsInfo['wordTimings']
  /** Takes text in pieces. @default true */
  streamingInput?: boolean
  /** @default true */
  deterministic?: boolean
  maxContexts?: number
  failures?: readonly FakeTtsFailure[]
}

/** A voice without a model: text becomes tones that `listen` reads back. */
export interface FakeTts extends TextToSpeech {
  /** All text asked for so far, by segment, in order. */
  readonly spoken: readonly { voice: string; segmentId: string; text: string; cancelled: boolean }[]
  readonly openStreams: number
}

interface Segment {
  record: { voice: string; segmentId: string; text: string; cancelled: boolean }
  number: number
  failure: FakeTtsFailure['kind'] | undefined
  samples: number
  characters: number
  rest: Int16Array
  word: Word | undefined
  /** Audio and what follows it, in order, waiting for its time. */
  waiting: { audioMs: number; event: TtsEvent }[]
  madeMs: number
  startsAtMs: number
  timer: Disposer | undefined
}

/** Makes a fake voice engine: deterministic, and without delay unless told otherwise. */
export function createFakeTts({
  id = 'fake-tts',
  msPerChar = 60,
  firstAudioMs = 0,
  speed = Number.POSITIVE_INFINITY,
  voices = fakeVoices,
  sampleRateHz,
  wordTimings = 'native',
  streamingInput = true,
  deterministic = true,
  maxContexts,
  failures = [],
}: FakeTtsOptions = {}): FakeTts {
  if (msPerChar < TONE_MIN_MS || voices.length > TONE_VOICES) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `A fake voice needs at least ${TONE_MIN_MS} ms per character and at most ${TONE_VOICES} voices.`,
      details: { msPerChar, voices: voices.length },
    })
  }
  const spoken: Segment['record'][] = []
  let openStreams = 0
  const rates = sampleRateHz === undefined ? sampleRates : [sampleRateHz]

  const failureOf = (number: number, voice: string, text: string): FakeTtsFailure['kind'] | undefined =>
    failures.find(
      (failure) =>
        (failure.at === undefined || failure.at === number) &&
        (failure.voice === undefined || failure.voice === voice) &&
        (failure.text === undefined || text.includes(failure.text)),
    )?.kind

  const open = ({ voice, format }: TtsOpen, { clock, signal }: SpeechContext): TtsStream => {
    const queue = createEventQueue<TtsEvent>({ capacity: 100_000 })
    const segments = new Map<string, Segment>()
    let isDead = false

    const release = (segment: Segment): void => {
      segment.timer?.()
      segment.timer = undefined
      for (let next = segment.waiting[0]; next !== undefined; next = segment.waiting[0]) {
        const rate = segment.failure === 'slow' ? 0.5 : speed
        const dueMs = segment.startsAtMs + (rate === Number.POSITIVE_INFINITY ? 0 : segment.madeMs / rate)
        const waitMs = dueMs - clock.monotonicMs()
        if (waitMs > 0) {
          segment.timer = clock.setTimer(waitMs, () => release(segment))
          return
        }
        segment.waiting.shift()
        segment.madeMs += next.audioMs
        queue.push(next.event)
      }
    }
    const addFrames = (segment: Segment, samples: Int16Array, rate: SampleRate, isLast: boolean): void => {
      const all = new Int16Array(segment.rest.length + samples.length)
      all.set(segment.rest)
      all.set(samples, segment.rest.length)
      const size = Math.round(rate / 50)
      let at = 0
      for (; all.length - at >= size || (isLast && at < all.length); at += size) {
        const piece = all.slice(at, at + size)
        const frame: AudioFrame = { samples: piece, sampleRateHz: rate, channels: 1, position: segment.samples }
        segment.samples += piece.length
        const audioMs = (piece.length * 1000) / rate
        segment.waiting.push({ audioMs, event: { type: 'audio', segmentId: segment.record.segmentId, frame } })
      }
      segment.rest = all.slice(at)
    }
    const addWords = (segment: Segment, text: string, isLast: boolean): void => {
      const done: Word[] = []
      const end = (): void => {
        if (segment.word !== undefined) done.push(segment.word)
        segment.word = undefined
      }
      for (let n = 0; n < text.length; n++) {
        const startMs = (segment.characters + n) * msPerChar
        const character = text.charAt(n)
        if (/\s/.test(character)) {
          end()
          continue
        }
        const before: Word = segment.word ?? { text: '', startMs, endMs: startMs, source: timingSource }
        segment.word = { ...before, text: before.text + character, endMs: startMs + msPerChar }
      }
      if (isLast) end()
      if (done.length === 0 || wordTimings === 'none') return
      segment.waiting.push({ audioMs: 0, event: { type: 'words', segmentId: segment.record.segmentId, words: done } })
    }
    const timingSource = wordTimings === 'char' ? 'char' : 'native'

    const close = (): void => {
      if (queue.hasEnded) return
      openStreams -= 1
      for (const segment of segments.values()) segment.timer?.()
      segments.clear()
      queue.end()
      signal.removeEventListener('abort', close)
    }
    openStreams += 1
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()

    const start = (segmentId: string, text: string): Segment => {
      const record = { voice, segmentId, text: '', cancelled: false }
      const number = spoken.push(record) - 1
      const segment: Segment = {
        record,
        number,
        failure: failureOf(number, voice, text),
        samples: 0,
        characters: 0,
        rest: new Int16Array(0),
        word: undefined,
        waiting: [],
        madeMs: 0,
        startsAtMs: clock.monotonicMs() + firstAudioMs,
        timer: undefined,
      }
      segments.set(segmentId, segment)
      return segment
    }

    return {
      speak(text, { segmentId, last }) {
        if (queue.hasEnded) return
        const segment = segments.get(segmentId) ?? start(segmentId, text)
        if (segment.record.cancelled) return
        segment.record.text += text
        if (segment.failure === 'dead') isDead = true
        if (isDead || segment.failure === 'silent') return
        if (segment.failure === 'error') {
          segments.delete(segmentId)
          queue.push({ type: 'error', segmentId, error: failed() })
          return
        }
        const rate = segment.failure === 'wrongRate' ? otherRate(format.sampleRateHz) : format.sampleRateHz
        const said = toneText(text, {
          voice: voices.indexOf(voice),
          msPerChar,
          sampleRateHz: rate,
          from: segment.characters,
        })
        addWords(segment, text, last)
        addFrames(segment, said, rate, last)
        segment.characters += text.length
        if (last) {
          segment.waiting.push({ audioMs: 0, event: { type: 'usage', characters: segment.characters } })
          segment.waiting.push({ audioMs: 0, event: { type: 'done', segmentId } })
        }
        release(segment)
        if (last && segment.waiting.length === 0) segments.delete(segmentId)
      },
      cancel(segmentId) {
        const segment = segments.get(segmentId)
        if (segment === undefined) return
        segment.record.cancelled = true
        segment.waiting = []
        segment.timer?.()
        segment.timer = undefined
      },
      events: queue.events,
      close() {
        close()
        return Promise.resolve()
      },
    }
  }

  const info: TtsInfo = {
    id,
    streamingInput,
    wordTimings,
    voices: () => Promise.resolve(voices.map((name) => ({ id: name, name, languages: ['en'] }))),
    formats: rates.map((rate) => ({ encoding: 'pcm16', sampleRateHz: rate, channels: 1 })),
    ...(maxContexts !== undefined && { maxContexts }),
    firstAudioMs: { p50: firstAudioMs, p99: firstAudioMs },
    deterministic,
  }
  return {
    info,
    async open(options, context) {
      if (!voices.includes(options.voice)) {
        throw new ParleyError({
          code: 'voice_unknown',
          message: `The fake voice engine has no voice "${options.voice}": it has ${voices.join(', ')}.`,
          details: { voice: options.voice },
        })
      }
      const { encoding, sampleRateHz: rate, channels } = options.format
      if (encoding !== 'pcm16' || channels !== 1 || !rates.includes(rate)) {
        throw new ParleyError({
          code: 'audio_format_unsupported',
          message: `The fake voice engine speaks mono pcm16 at ${rates.join(', ')} Hz, not ${encoding} at ${rate} Hz.`,
          details: { encoding, sampleRateHz: rate, channels },
        })
      }
      return open(options, context)
    },
    spoken,
    get openStreams() {
      return openStreams
    },
  }
}

function otherRate(rate: SampleRate): SampleRate {
  return rate === 8_000 ? 16_000 : 8_000
}

function failed(): ParleyError {
  return new ParleyError({ code: 'voice_tts_failed', message: 'The fake voice engine failed, as its script says.' })
}
