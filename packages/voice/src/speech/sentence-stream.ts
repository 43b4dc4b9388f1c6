import {
  ParleyError,
  type AudioFrame,
  type Disposer,
  type SampleRate,
  type SpeechContext,
  type TtsEvent,
  type TtsStream,
} from '@parley/spec'
import { createResampler, type Resampler } from '@parley/audio'

import { baseLanguage, nextBoundary } from '../text/sentence-boundary.ts'
import { createEventChannel } from './event-channel.ts'

/** A voice that speaks sentences for a stream. */
export interface SentenceVoice {
  id: string
  stream: TtsStream
  /** The rate it was opened with; its sound is converted to the stream's. */
  sampleRateHz: SampleRate
  /** Sentences it may have at once. */
  atOnce: number
}

/** What a stream of sentences is made of. */
export interface SentenceStreamOptions {
  context: SpeechContext
  sampleRateHz: SampleRate
  language?: string
  /** A voice to speak with; asked for at the first sentence, after a failure, and when `isStale` says so between segments. */
  nextVoice(failed: { voice: SentenceVoice | null; error: ParleyError } | null): Promise<SentenceVoice | null>
  /** Whether another voice should take over before the next segment. */
  isStale?(voice: SentenceVoice): boolean
  /** How long the first sound of a sentence may take, in milliseconds. @default no limit */
  firstAudioMs?: number
}

interface Sentence {
  segmentId: string
  text: string
  /** Name of the part at the voice; a new one for each try. */
  partId: string | null
  isSpeakable: boolean
  audioMs: number
  waiting: TtsEvent[]
  isDone: boolean
}

interface Segment {
  rest: string
  isClosed: boolean
  samples: number
  audioMs: number
  open: number
  isCached: boolean
}

/**
 * A stream that feeds its voice sentence by sentence, one part each, so that it is known which sentences were made: after a
 * failure the next voice goes on with the first that was not. Events keep the order of the text.
 */
export function createSentenceStream(options: SentenceStreamOptions): TtsStream {
  const { context, sampleRateHz, firstAudioMs } = options
  const language = baseLanguage(options.language)
  const channel = createEventChannel<TtsEvent>()
  const segments = new Map<string, Segment>()
  let sentences: Sentence[] = []
  let voice: SentenceVoice | null = null
  let isSwitching = false
  let parts = 0
  let stopTimer: Disposer | null = null
  let resampler: Resampler | null = null

  function addSentences(segmentId: string, segment: Segment): void {
    for (let from = 0; ;) {
      const boundary = nextBoundary(segment.rest, from, language)
      if (boundary === null || (boundary.end >= segment.rest.length && !segment.isClosed)) break
      from = boundary.end
      if (boundary.kind === 'clause') continue
      add(segmentId, segment, segment.rest.slice(0, boundary.end))
      segment.rest = segment.rest.slice(boundary.end)
      from = 0
    }
    if (!segment.isClosed) return
    if (segment.rest !== '') add(segmentId, segment, segment.rest)
    segment.rest = ''
    if (segment.open === 0) endSegment(segmentId, segment)
  }

  function add(segmentId: string, segment: Segment, text: string): void {
    const isSpeakable = /[\p{L}\p{N}]/u.test(text)
    if (!isSpeakable && text.trim() === '') return
    segment.open += 1
    sentences.push({ segmentId, text, partId: null, isSpeakable, audioMs: 0, waiting: [], isDone: false })
  }

  function endSegment(segmentId: string, segment: Segment): void {
    segments.delete(segmentId)
    channel.push({ type: 'done', segmentId, ...(segment.isCached && segment.samples > 0 && { cached: true }) })
  }

  /** Hands the voice as many sentences as it may have at once. */
  function feed(): void {
    if (isSwitching || channel.isClosed || sentences.length === 0) return
    if (voice === null || (sentences.every(({ partId }) => partId === null) && options.isStale?.(voice) === true)) {
      void change(null)
      return
    }
    for (const sentence of sentences.slice(0, voice.atOnce)) {
      if (sentence.partId !== null) continue
      sentence.partId = `${sentence.segmentId}.${parts++}`
      voice.stream.speak(sentence.text, { segmentId: sentence.partId, last: true })
    }
    watch()
  }

  /** The first sentence has to sound in time. */
  function watch(): void {
    stopTimer?.()
    stopTimer = null
    const first = sentences[0]
    if (firstAudioMs === undefined || first === undefined || first.audioMs > 0 || !first.isSpeakable) return
    stopTimer = context.clock.setTimer(firstAudioMs, () => void change(silent(`no sound within ${firstAudioMs} ms`)))
  }

  function silent(what: string): ParleyError {
    const message = `The voice engine ${voice?.id ?? ''} gave ${what}. Another voice is tried if there is one.`
    return new ParleyError({ code: 'voice_tts_silent', message })
  }

  async function change(error: ParleyError | null): Promise<void> {
    if (isSwitching || channel.isClosed) return
    isSwitching = true
    stopTimer?.()
    stopTimer = null
    const failed = voice
    voice = null
    for (const sentence of sentences) {
      sentence.partId = null
      sentence.waiting = []
      sentence.isDone = false
    }
    await failed?.stream.close()
    const next = await options.nextVoice(error === null ? null : { voice: failed, error })
    resampler?.close()
    resampler = null
    if (next !== null && next.sampleRateHz !== sampleRateHz)
      resampler = await createResampler(next.sampleRateHz, sampleRateHz)
    isSwitching = false
    if (channel.isClosed) {
      await next?.stream.close()
      resampler?.close()
      return
    }
    if (next === null) {
      const message = 'No voice engine could speak the text. Captions go on.'
      giveUp(error ?? new ParleyError({ code: 'voice_tts_failed', message }))
      return
    }
    voice = next
    void listen(next)
    feed()
  }

  function giveUp(error: ParleyError): void {
    const told = new Set(sentences.map(({ segmentId }) => segmentId))
    sentences = []
    for (const segmentId of told) {
      segments.delete(segmentId)
      channel.push({ type: 'error', segmentId, error })
    }
  }

  async function listen(from: SentenceVoice): Promise<void> {
    try {
      for await (const event of from.stream.events) {
        if (voice !== from) return
        take(event)
        await channel.room()
      }
    } catch (cause) {
      const message = `The voice engine ${from.id} failed.`
      if (voice === from)
        void change(
          ParleyError.isInstance(cause) ? cause : new ParleyError({ code: 'voice_tts_failed', message, cause }),
        )
    }
  }

  function take(event: TtsEvent): void {
    if (event.type === 'usage') return channel.push(event)
    if (event.type === 'error' && event.segmentId === undefined) return void change(event.error)
    const sentence = sentences.find(({ partId }) => partId !== null && partId === event.segmentId)
    if (sentence === undefined) return
    if (event.type === 'error') return void change(event.error)
    if (sentence !== sentences[0]) {
      sentence.waiting.push(event)
      return
    }
    forward(sentence, event)
    for (let first = sentences[0]; first !== undefined && first.waiting.length > 0; first = sentences[0]) {
      const next = first.waiting.shift()
      if (next !== undefined) forward(first, next)
    }
  }

  function forward(sentence: Sentence, event: TtsEvent): void {
    const { segmentId } = sentence
    const segment = segments.get(segmentId)
    if (segment === undefined) return
    if (event.type === 'audio') {
      if (sentence.audioMs === 0) stopTimer?.()
      sentence.audioMs += (event.frame.samples.length / event.frame.channels / event.frame.sampleRateHz) * 1_000
      sendAudio(
        segmentId,
        segment,
        resampler === null ? event.frame.samples : resampler.push(event.frame.samples),
        event.frame,
      )
    } else if (event.type === 'words') {
      const { audioMs } = segment
      const words = event.words.map((word) => ({
        ...word,
        startMs: word.startMs + audioMs,
        endMs: word.endMs + audioMs,
      }))
      channel.push({ type: 'words', segmentId, words })
    } else if (event.type === 'done') {
      if (sentence.isSpeakable && sentence.audioMs === 0)
        return void change(silent('no sound for text that can be spoken'))
      if (resampler !== null) sendAudio(segmentId, segment, resampler.flush(), null)
      sentences.shift()
      segment.open -= 1
      segment.audioMs = (segment.samples / sampleRateHz) * 1_000
      segment.isCached &&= event.cached === true
      if (segment.isClosed && segment.open === 0) endSegment(segmentId, segment)
      feed()
    }
  }

  function sendAudio(segmentId: string, segment: Segment, samples: Int16Array, from: AudioFrame | null): void {
    if (samples.length === 0) return
    const channels = from?.channels ?? 1
    // What a resampler gives is used again by it.
    const own = resampler === null ? samples : samples.slice()
    channel.push({
      type: 'audio',
      segmentId,
      frame: { samples: own, sampleRateHz, channels, position: segment.samples },
    })
    segment.samples += samples.length / channels
  }

  async function close(): Promise<void> {
    if (channel.isClosed) return
    channel.close()
    context.signal.removeEventListener('abort', onAbort)
    stopTimer?.()
    const open = voice
    voice = null
    sentences = []
    segments.clear()
    if (!isSwitching) resampler?.close()
    await open?.stream.close()
  }
  const onAbort = (): void => void close()
  context.signal.addEventListener('abort', onAbort, { once: true })

  return {
    speak(text, { segmentId, last }) {
      if (channel.isClosed) return
      const segment = segments.get(segmentId) ?? {
        rest: '',
        isClosed: false,
        samples: 0,
        audioMs: 0,
        open: 0,
        isCached: true,
      }
      segments.set(segmentId, segment)
      if (segment.isClosed) return
      segment.rest += text
      segment.isClosed = last
      addSentences(segmentId, segment)
      feed()
    },
    cancel(segmentId) {
      segments.delete(segmentId)
      for (const { partId } of sentences.filter((sentence) => sentence.segmentId === segmentId)) {
        if (partId !== null) voice?.stream.cancel(partId)
      }
      sentences = sentences.filter((sentence) => sentence.segmentId !== segmentId)
      resampler?.reset()
      feed()
    },
    events: channel.events,
    close,
  }
}
