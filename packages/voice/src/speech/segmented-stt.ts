import {
  checkOptions,
  ParleyError,
  toParleyError,
  type SpeechContext,
  type SpeechToText,
  type SttEvent,
  type SttOpen,
  type SttStream,
  type Transcript,
  type VoiceActivityDetector,
} from '@parley/spec'

import { createEventChannel } from './event-channel.ts'
import { createSpeechGate, type SpeechGateOptions } from './speech-gate.ts'
import { createSpeechTape } from './speech-tape.ts'
import { joinClips, wordsOnClock, type SpeechClip } from './speech-clip.ts'

/** Options of `createSegmentedStt`. */
export interface SegmentedSttOptions {
  /** Audio before the start of speech that goes with it, in milliseconds. @default 300 */
  preRollMs?: number
  /** A segment is closed at this length, in milliseconds. @default 15 000 */
  maxSegmentMs?: number
  /** Segments that may wait; more and the two oldest that wait are joined. @default 4 */
  maxWaiting?: number
  /** When sound counts as speech. */
  gate?: SpeechGateOptions
}

/** The defaults of `createSegmentedStt`. */
export const segmentedSttDefaults = { preRollMs: 300, maxSegmentMs: 15_000, maxWaiting: 4 } as const

/**
 * Makes a stream of a recognizer that takes whole clips: a detector cuts segments, which are recognized one after the other
 * in the order they were said.
 * @throws {ParleyError} `invalid_options` if the recognizer takes no clips
 */
export function createSegmentedStt(
  batch: SpeechToText,
  vad: VoiceActivityDetector,
  options: SegmentedSttOptions = {},
): SpeechToText {
  checkOptions('createSegmentedStt', options, [...Object.keys(segmentedSttDefaults), 'gate'])
  if (batch.transcribe === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `The recognizer ${batch.info.id} takes no clips. Use it as it is: it streams.`,
      details: { path: 'batch' },
    })
  }
  return {
    info: { ...batch.info, streaming: true, interim: false, endOfSpeech: false },
    transcribe: (audio, open, context) => transcribe(batch, audio, open, context),
    open: (open, context) => Promise.resolve(openStream(batch, vad, options, open, context)),
  }
}

function transcribe(
  batch: SpeechToText,
  audio: Parameters<NonNullable<SpeechToText['transcribe']>>[0],
  open: SttOpen,
  context: SpeechContext,
): Promise<Transcript> {
  if (batch.transcribe !== undefined) return batch.transcribe(audio, open, context)
  return Promise.reject(
    new ParleyError({ code: 'voice_stt_failed', message: `The recognizer ${batch.info.id} takes no clips.` }),
  )
}

function openStream(
  batch: SpeechToText,
  vad: VoiceActivityDetector,
  { gate, ...limits }: SegmentedSttOptions,
  open: SttOpen,
  context: SpeechContext,
): SttStream {
  const { preRollMs, maxSegmentMs, maxWaiting } = { ...segmentedSttDefaults, ...limits }
  const { clock, ids } = context
  const sampleRateHz = open.format.sampleRateHz
  if (sampleRateHz !== 8_000 && sampleRateHz !== 16_000) {
    throw new ParleyError({
      code: 'audio_format_unsupported',
      message: `Speech is cut into segments at 8 or 16 kHz, not at ${sampleRateHz} Hz. Convert it first.`,
      details: { from: sampleRateHz, to: 16_000 },
    })
  }
  const channel = createEventChannel<SttEvent>()
  const speechGate = createSpeechGate(gate)
  // What came before speech is known to have begun: the pre-roll, and as much as a slow detector may be behind.
  const tape = createSpeechTape({ sampleRateHz, keepMs: preRollMs + 2_000 })
  const ending = new AbortController()
  const signal = AbortSignal.any([context.signal, ending.signal])
  let settings = open
  // Places in the stream, in milliseconds of audio: silence that is fed at once moves them, and not the clock.
  let segmentFromMs: number | null = null
  let heardUntilMs = Number.NEGATIVE_INFINITY
  let waiting: SpeechClip[] = []
  let isRunning = false

  function closeSegment(untilMs: number): void {
    if (segmentFromMs === null) return
    const clip = tape.cut(segmentFromMs, untilMs)
    heardUntilMs = untilMs
    segmentFromMs = null
    tape.forgetBefore(untilMs)
    waiting.push(clip)
    if (waiting.length > maxWaiting) {
      const [first, second, ...rest] = waiting
      if (first !== undefined && second !== undefined) waiting = [joinClips(first, second, sampleRateHz), ...rest]
    }
    void recognize()
  }

  async function recognize(): Promise<void> {
    if (isRunning) return
    isRunning = true
    for (let clip = waiting.shift(); clip !== undefined && !signal.aborted; clip = waiting.shift()) {
      try {
        const { text, words, ...rest } = await transcribe(
          batch,
          { samples: clip.samples, sampleRateHz, channels: 1 },
          settings,
          { ...context, signal },
        )
        const timed = words === undefined ? {} : { words: wordsOnClock(words, clip, sampleRateHz, clock.monotonicMs()) }
        channel.push({ type: 'final', id: ids.next('transcript'), text, ...timed, ...rest })
        channel.push({ type: 'usage', audioMs: Math.round((clip.samples.length / sampleRateHz) * 1_000) })
      } catch (error) {
        if (signal.aborted) break
        const message = `The recognizer ${batch.info.id} could not recognize a segment.`
        channel.push({ type: 'error', error: toParleyError(error, { code: 'voice_stt_failed', message }) })
      }
    }
    isRunning = false
  }

  const detector = vad.create({
    sampleRateHz,
    onResult(result) {
      const change = speechGate.push(result)
      if (change?.type === 'start') segmentFromMs = Math.max(change.atMs - preRollMs, heardUntilMs)
      else if (change?.type === 'end') closeSegment(result.atMs)
      // Speech that goes on begins the next segment where this one ends.
      if (segmentFromMs !== null && result.atMs - segmentFromMs >= maxSegmentMs) {
        closeSegment(segmentFromMs + maxSegmentMs)
        segmentFromMs = heardUntilMs
      }
    },
    onError: (error) => channel.push({ type: 'error', error }),
  })

  function close(): Promise<void> {
    context.signal.removeEventListener('abort', onAbort)
    ending.abort()
    waiting = []
    channel.close()
    return detector.close()
  }
  const onAbort = (): void => void close()
  context.signal.addEventListener('abort', onAbort, { once: true })

  return {
    push(frame) {
      if (channel.isClosed) return
      tape.push(frame.samples, clock.monotonicMs(), segmentFromMs)
      detector.push(frame, tape.lengthMs)
    },
    silence(ms) {
      if (channel.isClosed) return
      const samples = new Int16Array(Math.round((ms * sampleRateHz) / 1_000))
      tape.push(samples, clock.monotonicMs(), segmentFromMs)
      detector.push({ samples, sampleRateHz, channels: 1, position: 0 }, tape.lengthMs)
    },
    finalize() {
      if (channel.isClosed) return
      if (segmentFromMs !== null) {
        closeSegment(tape.lengthMs)
        speechGate.reset()
      } else if (!isRunning && waiting.length === 0) {
        channel.push({ type: 'final', id: ids.next('transcript'), text: '' })
      }
    },
    update(change) {
      settings = { ...settings, ...change }
      return Promise.resolve('applied')
    },
    events: channel.events,
    close,
  }
}
