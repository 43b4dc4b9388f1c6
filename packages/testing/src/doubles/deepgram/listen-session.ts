import type { IdSource, SampleRate } from '@parley/spec'
import { createUtteranceReader, type ReadUtterance } from '../../voice/utterance-reader.ts'
import type { ControlMessage, ListenQuery } from './client-schemas.ts'
import type { FaultList } from './faults.ts'
import type { Outbox } from './outbox.ts'

/** One stream of the double, of either interface. */
export interface VendorSession {
  audio(samples: Int16Array): void
  control(message: ControlMessage): void
}

/** What sessions are made of. */
export interface SessionParts {
  outbox: Outbox
  faults: FaultList
  ids: IdSource
  /** Text of the next utterance; `undefined` is what the tones say. */
  nextText(): string | undefined
  /** Answer to a `Finalize` with nothing to flush: an empty result, or nothing at all. */
  emptyFinalize: 'empty' | 'nothing'
}

interface TimedWord {
  text: string
  startMs: number
  endMs: number
}

/** Words after which a part of an utterance is made final. */
const wordsPerFinal = 4
/** Quiet after which an interim has the last word, too. */
const pauseMs = 100
/** How often quiet audio is answered by an empty result. */
const emptyEveryMs = 1_000

/** A stream of `/v1/listen`: positions count audio received. */
export function createListenSession(
  query: ListenQuery,
  { outbox, faults, ids, nextText, emptyFinalize }: SessionParts,
): VendorSession {
  const requestId = ids.uuid()
  const rate = query.sample_rate as SampleRate // The schema lets only sample rates through.
  let receivedMs = 0
  let finalWords = 0
  let resultEndMs = 0
  let lastWordEndMs = -1
  let hasToldEnd = true
  let emptyAtMs = emptyEveryMs
  let isOpen = false
  let text: string | undefined
  let toldWords = 0
  let isFinalizing = false
  let skewMs = 0
  let language: string | undefined
  let hasTimes = true

  const seconds = (ms: number): number => Math.round(ms + skewMs) / 1000
  const result = (words: readonly TimedWord[], flags: { final: boolean; speechFinal: boolean }, endMs: number) => ({
    type: 'Results',
    channel_index: [0, 1],
    start: seconds(resultEndMs),
    duration: Math.max(0, Math.round(endMs - resultEndMs)) / 1000,
    is_final: flags.final,
    speech_final: flags.speechFinal,
    ...(flags.final && isFinalizing && { from_finalize: true }),
    channel: {
      alternatives: [
        {
          transcript: words.map((word) => word.text).join(' '),
          confidence: words.length === 0 ? 0 : 0.98,
          words: words.map((word) => ({
            word: word.text.toLowerCase().replaceAll(/[.,!?]/g, ''),
            ...(hasTimes && { start: seconds(word.startMs), end: seconds(word.endMs) }),
            confidence: 0.98,
            ...(query.punctuate === 'true' && { punctuated_word: word.text }),
            ...(query.diarize === 'true' && { speaker: 0 }),
          })),
        },
      ],
      ...(language !== undefined && { detected_language: language }),
    },
    metadata: { request_id: requestId, model_info: { name: query.model, version: '2026-01-01', arch: 'double' } },
  })
  const wordsOf = (utterance: ReadUtterance): TimedWord[] =>
    text === undefined ? utterance.words : utterance.spread(text)

  const begin = (utterance: ReadUtterance): void => {
    isOpen = true
    text = nextText()
    finalWords = 0
    toldWords = 0
    hasToldEnd = false
    skewMs = faults.take('clockSkew')?.ms ?? 0
    language = faults.take('otherLanguage')?.language
    hasTimes = faults.take('wordsWithoutTimes') === undefined
    if (query.vad_events !== 'true' || faults.take('noSpeechStart') !== undefined) return
    const future = faults.take('startInFuture') === undefined ? 0 : 5_000
    const started = { type: 'SpeechStarted', channel: [0, 1], timestamp: seconds(utterance.startMs + future) }
    outbox.send(started)
    if (faults.take('doubleSpeechStart') !== undefined) outbox.send(started)
  }
  const grow = (utterance: ReadUtterance): void => {
    if (!isOpen) begin(utterance)
    const words = wordsOf(utterance)
    const whole = text === undefined ? utterance.wholeWords : words.length
    if (whole <= toldWords) return
    toldWords = whole
    lastWordEndMs = words[whole - 1]?.endMs ?? lastWordEndMs
    const open = words.slice(finalWords, whole)
    if (open.length >= wordsPerFinal || faults.take('finalEarly') !== undefined) {
      const speechFinal = open.length < wordsPerFinal
      outbox.send(result(open, { final: true, speechFinal }, lastWordEndMs), { endsUtterance: speechFinal })
      finalWords = whole
      resultEndMs = lastWordEndMs
      return
    }
    if (query.interim_results !== 'true') return
    outbox.send(result(open, { final: false, speechFinal: false }, utterance.endMs))
    if (open.length > 1 && faults.take('interimShrinks') !== undefined) {
      outbox.send(result(open.slice(0, -1), { final: false, speechFinal: false }, utterance.endMs))
    }
  }
  const finish = (utterance: ReadUtterance): void => {
    if (!isOpen) begin(utterance)
    isOpen = false
    const words = wordsOf(utterance)
    lastWordEndMs = words.at(-1)?.endMs ?? lastWordEndMs
    const speechFinal = faults.take('noSpeechFinal') === undefined
    const message = result(words.slice(finalWords), { final: true, speechFinal }, receivedMs)
    resultEndMs = receivedMs
    if (faults.take('finalNever') !== undefined) return void (hasToldEnd = true)
    const delayMs = faults.take('finalLate')?.ms ?? 0
    if (delayMs > 0) hasToldEnd = true
    outbox.send(message, { endsUtterance: true, delayMs })
    if (faults.take('finalTwice') !== undefined) outbox.send(message, { delayMs })
  }
  const reader = createUtteranceReader({
    clock: { monotonicMs: () => receivedMs },
    sampleRateHz: rate,
    endSilenceMs: query.endpointing ?? Number.POSITIVE_INFINITY,
    eagerSilenceMs: pauseMs,
    onGrow: grow,
    onPause(utterance) {
      if (!isOpen || query.interim_results !== 'true') return
      const words = wordsOf(utterance).slice(finalWords)
      if (words.length > 0) outbox.send(result(words, { final: false, speechFinal: false }, utterance.endMs))
    },
    onEnd: finish,
  })
  const tellUtteranceEnd = (): void => {
    if (query.utterance_end_ms === undefined || hasToldEnd || isOpen) return
    if (lastWordEndMs < 0 || receivedMs - lastWordEndMs < query.utterance_end_ms) return
    hasToldEnd = true
    outbox.send({ type: 'UtteranceEnd', channel: [0, 1], last_word_end: seconds(lastWordEndMs) })
  }
  const flush = (): void => {
    isFinalizing = true
    if (!reader.end() && emptyFinalize === 'empty') {
      outbox.send(result([], { final: true, speechFinal: false }, receivedMs), { endsUtterance: true })
    }
    isFinalizing = false
  }

  return {
    audio(samples) {
      receivedMs += (samples.length * 1000) / rate
      reader.push({ samples, sampleRateHz: rate, channels: 1, position: 0 })
      tellUtteranceEnd()
      if (receivedMs < emptyAtMs) return
      emptyAtMs = receivedMs + emptyEveryMs
      if (isOpen || query.interim_results !== 'true') return
      outbox.send(result([], { final: false, speechFinal: false }, receivedMs))
    },
    control({ type }) {
      if (type === 'Finalize') return flush()
      if (type !== 'CloseStream') return
      reader.end()
      const duration = Math.round(receivedMs) / 1000
      outbox.send({ type: 'Metadata', request_id: requestId, duration, channels: 1, models: [query.model] })
      outbox.end(1000)
    },
  }
}
