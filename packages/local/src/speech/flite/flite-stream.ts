import { createFramer, createResampler, type Framer, type Resampler } from '@parley/audio'
import {
  createEventQueue,
  ParleyError,
  type AudioFrame,
  type SampleRate,
  type TtsEvent,
  type TtsStream,
} from '@parley/spec'
import type { FlitePool, FliteSpeech } from './flite-pool.ts'
import { splitText, toSpeakable } from './speakable-text.ts'

/** What all voices sound at. */
export const FLITE_RATE_HZ = 16_000

/** What is left of the pause of some 200 ms that each text begins with. */
const LEAD_MS = 40
/** Samples below are the pause. */
const QUIET = 100

export interface FliteStreamOptions {
  pool: FlitePool
  voice: string
  speed: number
  /** Ends the stream. */
  signal: AbortSignal
}

interface Segment {
  id: string
  abort: AbortController
  framer: Framer
  resampler: Resampler | undefined
}

/** Speaks segments in order; their texts are synthesized as soon as there is a worker. */
export function createFliteStream({ pool, voice, speed, signal }: FliteStreamOptions): TtsStream {
  const queue = createEventQueue<TtsEvent>()
  const segments = new Map<string, Segment>()
  let lane: Promise<void> = Promise.resolve()
  let isClosed = false

  const segmentOf = (id: string): Segment => {
    const known = segments.get(id)
    if (known) return known
    const framer = createFramer({ sampleRateHz: FLITE_RATE_HZ })
    const fresh: Segment = { id, abort: new AbortController(), framer, resampler: undefined }
    segments.set(id, fresh)
    return fresh
  }

  /** Frames wait in the queue, so each is a copy of the framer's only one. */
  const emit = (segment: Segment, samples: Int16Array): void =>
    segment.framer.push(samples, (frame) => send(segment, frame))

  const send = ({ id }: Segment, frame: AudioFrame): void =>
    queue.push({ type: 'audio', segmentId: id, frame: { ...frame, samples: frame.samples.slice() } })

  const sound = async (segment: Segment, { samples, sampleRateHz }: FliteSpeech): Promise<void> => {
    const trimmed = trimLead(samples, sampleRateHz)
    if (sampleRateHz === FLITE_RATE_HZ) return emit(segment, trimmed)
    segment.resampler ??= await createResampler(sampleRateHz, FLITE_RATE_HZ)
    emit(segment, segment.resampler.push(trimmed))
  }

  const finish = (segment: Segment): void => {
    if (segment.resampler) emit(segment, segment.resampler.flush())
    segment.framer.flush((frame) => send(segment, frame))
    release(segment)
    queue.push({ type: 'done', segmentId: segment.id })
  }

  const release = (segment: Segment): void => {
    segment.resampler?.close()
    segment.resampler = undefined
    segments.delete(segment.id)
  }

  const fail = (segment: Segment, cause: unknown): void => {
    if (segment.abort.signal.aborted) return
    segment.abort.abort(cause)
    release(segment)
    const error = ParleyError.isInstance(cause)
      ? cause
      : new ParleyError({ code: 'voice_tts_failed', message: 'The voice engine failed to speak a text.', cause })
    queue.push({ type: 'error', segmentId: segment.id, error })
  }

  /** Work of one segment, in the order of `speak`; nothing is done once it was cancelled or has failed. */
  const append = (segment: Segment, work: () => void | Promise<void>): void => {
    lane = lane
      .then(() => (segment.abort.signal.aborted ? undefined : work()))
      .catch((cause: unknown) => fail(segment, cause))
  }

  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    signal.removeEventListener('abort', onAbort)
    for (const segment of segments.values()) segment.abort.abort(new Error('The stream was closed.'))
    await lane
    for (const segment of segments.values()) release(segment)
    queue.end()
  }
  const onAbort = (): void => void close()
  signal.addEventListener('abort', onAbort, { once: true })

  return {
    events: queue.events,
    speak(text, { segmentId, last }) {
      if (isClosed) return
      const segment = segmentOf(segmentId)
      for (const part of splitText(toSpeakable(text))) {
        const speech = pool.run({ text: part, voice, speed, signal: segment.abort.signal })
        // Told at once, not after what is spoken before it.
        speech.catch((cause: unknown) => fail(segment, cause))
        append(segment, async () => {
          await sound(segment, await speech)
          queue.push({ type: 'usage', characters: part.length })
        })
      }
      if (last) append(segment, () => finish(segment))
    },
    cancel(segmentId) {
      const segment = segments.get(segmentId)
      if (!segment) return
      segment.abort.abort(new Error('The segment was cancelled.'))
      release(segment)
    },
    close,
  }
}

/** Takes most of the pause before the first sound away: a caller waits for it. */
function trimLead(samples: Int16Array, sampleRateHz: SampleRate): Int16Array {
  const first = samples.findIndex((sample) => Math.abs(sample) > QUIET)
  if (first < 0) return samples
  return samples.subarray(Math.max(0, first - (sampleRateHz * LEAD_MS) / 1_000))
}
