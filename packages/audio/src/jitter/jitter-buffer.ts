import { FRAME_MS, ParleyError } from '@parley/spec'
import type { AudioFrame, SampleRate } from '@parley/spec'

import { fade } from '../fade.ts'
import { checkNumbers, frameSamplesOf } from '../format-checks.ts'
import { createArrivalSpread } from './arrival-spread.ts'

/** Options of `createJitterBuffer`. */
export interface JitterBufferOptions {
  sampleRateHz: SampleRate
  /** @default 1 */
  channels?: 1 | 2
  /** Length of a frame in milliseconds. @default 20 */
  frameMs?: number
  /** How much waits before playing begins, until arrivals tell more, in milliseconds. @default 60 */
  targetMs?: number
  /** @default 20 */
  minMs?: number
  /** @default 200 */
  maxMs?: number
  /** Width of sequence numbers: 16 (RTP) or 32. @default 32 */
  sequenceBits?: 16 | 32
}

/** What became of a packet. */
export type JitterPush = 'queued' | 'late' | 'duplicate'

/** What a frame that was pulled is: received, made up for a lost one, or silence. */
export type JitterFrameKind = 'audio' | 'concealed' | 'silence'

/** Counts since the start. */
export interface JitterStats {
  received: number
  late: number
  duplicates: number
  /** Frames that never came in time. */
  lost: number
  /** Frames left out because too much waited. */
  dropped: number
  /** How much is to wait now, in milliseconds. */
  targetMs: number
}

/** Evens out arrival. */
export interface JitterBuffer {
  /**
   * Takes a frame by its sequence number; `atMs` is its arrival on the call's clock.
   * @throws {ParleyError} `audio_frame_invalid` when it is of another length; the stream goes on
   */
  push(sequence: number, samples: Int16Array, atMs: number): JitterPush
  /** The next frame to be played, to be asked for once per `frameMs`. The same objects each time. */
  pull(): { frame: AudioFrame; kind: JitterFrameKind }
  /** Forgets what waits and begins anew; counts are kept. */
  reset(): void
  readonly stats: JitterStats
}

const known = ['sampleRateHz', 'channels', 'frameMs', 'targetMs', 'minMs', 'maxMs', 'sequenceBits']

/**
 * Makes a jitter buffer: it orders by sequence number, fades one lost frame out of the last one, and is silent for more.
 * How much waits follows the arrivals: the 95th percentile of their spread, between `minMs` and `maxMs`.
 * @throws {ParleyError} `invalid_options`
 */
export function createJitterBuffer(options: JitterBufferOptions): JitterBuffer {
  const {
    sampleRateHz,
    channels = 1,
    frameMs = FRAME_MS,
    targetMs = 60,
    minMs = 20,
    maxMs = 200,
    sequenceBits = 32,
  } = options
  checkNumbers('A jitter buffer', options, known, {
    channels: { value: channels, min: 1, max: 2 },
    minMs: { value: minMs, min: 0, max: maxMs },
    maxMs: { value: maxMs, min: frameMs, max: 10_000 },
    targetMs: { value: targetMs, min: minMs, max: maxMs },
  })
  const frameSamples = frameSamplesOf('A jitter buffer', sampleRateHz, frameMs)
  const length = frameSamples * channels
  const maxFrames = Math.ceil(maxMs / frameMs)
  const slots = 2 * maxFrames + 2
  const store = new Int16Array(slots * length)
  /** Which frame is in a slot; -1 for none. */
  const stored = new Float64Array(slots).fill(-1)
  const spread = createArrivalSpread()
  const last = new Int16Array(length)
  const samples = new Int16Array(length)
  const frame: AudioFrame = { samples, sampleRateHz, channels, position: 0 }
  const pulled: { frame: AudioFrame; kind: JitterFrameKind } = { frame, kind: 'silence' }
  const stats: JitterStats = { received: 0, late: 0, duplicates: 0, lost: 0, dropped: 0, targetMs }
  let position = 0
  let newest: number | undefined
  let next = 0
  let isPlaying = false
  let hasFirst = false
  /** Frames made up since the last one that was received, and how many of them kept the place of one that may still come. */
  let madeUp = 0
  let waited = 0
  let tooMany = 0

  const unwrap = (sequence: number): number => {
    // Begun far above 0, so that numbers before the first one are no negative ones.
    if (newest === undefined) return 2 ** 33 + sequence
    const shift = 32 - sequenceBits
    return newest + (((sequence - newest) << shift) >> shift)
  }

  const waitingFrames = (): number => (newest === undefined || !hasFirst ? 0 : newest - next + 1)

  const restart = (): void => {
    stored.fill(-1)
    isPlaying = false
    hasFirst = false
    madeUp = 0
    waited = 0
    tooMany = 0
    newest = undefined
    spread.reset()
  }

  const skip = (count: number): void => {
    for (let index = 0; index < count; index++) {
      if (stored[next % slots] === next) stats.dropped += 1
      else stats.lost += 1
      stored[next % slots] = -1
      next += 1
    }
  }

  const makeUp = (): void => {
    madeUp += 1
    if (madeUp === 1) {
      samples.set(last)
      fade(samples, { fromGain: 1, toGain: 0, fadeSamples: frameSamples, channels })
    } else samples.fill(0)
    pulled.kind = madeUp === 1 ? 'concealed' : 'silence'
  }

  const play = (): void => {
    const slot = next % slots
    const offset = slot * length
    for (let index = 0; index < length; index++) samples[index] = store[offset + index] as number // inside the slot
    stored[slot] = -1
    last.set(samples)
    if (madeUp > 0) fade(samples, { fromGain: 0, toGain: 1, fadeSamples: frameSamples >> 1, channels })
    next += 1
    madeUp = 0
    waited = 0
    pulled.kind = 'audio'
  }

  /** Leaves a frame out where more waits than is wanted for a second. */
  const trim = (): void => {
    tooMany = waitingFrames() * frameMs > stats.targetMs + 2 * frameMs ? tooMany + 1 : 0
    if (tooMany * frameMs < 1_000) return
    skip(1)
    tooMany = 0
    // The cut is heard less when what follows fades in.
    madeUp = Math.max(madeUp, 1)
  }

  return Object.freeze({
    push(sequence: number, pushed: Int16Array, atMs: number): JitterPush {
      if (pushed.length !== length) throw wrongLength(pushed.length, length)
      let at = unwrap(sequence)
      if (newest !== undefined && Math.abs(at - newest) > slots * 4) {
        // The sender began anew.
        restart()
        at = unwrap(sequence)
      }
      stats.received += 1
      if (isPlaying && at < next) {
        stats.late += 1
        spread.add(at * frameMs, atMs)
        return 'late'
      }
      if (hasFirst && stored[at % slots] === at) {
        stats.duplicates += 1
        return 'duplicate'
      }
      spread.add(at * frameMs, atMs)
      if (spread.p95Ms !== undefined) stats.targetMs = Math.min(maxMs, Math.max(minMs, spread.p95Ms))
      if (!hasFirst || at < next) next = at
      hasFirst = true
      newest = newest === undefined ? at : Math.max(newest, at)
      const tooFar = newest - next + 1 - maxFrames
      if (tooFar > 0) skip(tooFar)
      if (at < next) {
        stats.late += 1
        return 'late'
      }
      store.set(pushed, (at % slots) * length)
      stored[at % slots] = at
      return 'queued'
    },
    pull(): { frame: AudioFrame; kind: JitterFrameKind } {
      frame.position = position
      position += frameSamples
      if (!isPlaying && waitingFrames() > 0 && waitingFrames() * frameMs >= stats.targetMs) isPlaying = true
      if (!isPlaying) {
        samples.fill(0)
        pulled.kind = 'silence'
        return pulled
      }
      trim()
      // Frames that were waited for and did not come have had their time.
      while (waited > 0 && waitingFrames() > 0 && stored[next % slots] !== next) {
        next += 1
        waited -= 1
        stats.lost += 1
      }
      if (waitingFrames() > 0 && stored[next % slots] === next) play()
      else if (waitingFrames() > 0) {
        next += 1
        stats.lost += 1
        makeUp()
      } else {
        waited += 1
        makeUp()
        // Nothing comes any more: what comes then is gathered as at the start.
        if (waited * frameMs >= maxMs) restart()
      }
      return pulled
    },
    reset: restart,
    get stats(): JitterStats {
      return { ...stats }
    },
  })
}

function wrongLength(samples: number, expected: number): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `A frame of ${samples} samples came where ${expected} were agreed: it was left out, send frames of one length.`,
    details: { samples, expected },
  })
}
