import { createResampler, factorOf, fade, type Resampler } from '@parley/audio'
import { FRAME_MS, ParleyError, type AudioFormat, type AudioFrame, type SampleRate } from '@parley/spec'

/** Turns captured audio of one segment into whole frames of the output format. */
export interface SegmentQueue {
  /** @throws {ParleyError} `audio_format_unsupported` when the frame is not of the segment's format */
  push(frame: AudioFrame): void
  /** No more comes: what is begun is padded with silence. */
  flush(): void
  /** The next whole frame; a frame that is only begun waits for more. */
  shift(): Int16Array | undefined
  /** Whole frames that wait. */
  readonly frames: number
  /** All that was captured and not taken, ms. */
  readonly waitingMs: number
  /** Length of all audio of the segment, without padding, ms; grows until it is flushed. */
  readonly audioMs: number
  /** Whether it is flushed and everything is converted. */
  readonly isEnded: boolean
  drop(): void
}

/** Keeps resamplers between segments, since making one takes time. */
export interface ResamplerShelf {
  take(from: SampleRate): Resampler | Promise<Resampler>
  giveBack(from: SampleRate, resampler: Resampler): void
  close(): void
}

export function createResamplerShelf({ sampleRateHz, channels }: AudioFormat): ResamplerShelf {
  const idle = new Map<SampleRate, Resampler[]>()
  let isClosed = false
  return {
    take: (from) => idle.get(from)?.pop() ?? createResampler(from, sampleRateHz, { channels }),
    giveBack(from, resampler) {
      if (isClosed) return resampler.close()
      resampler.reset()
      idle.set(from, [...(idle.get(from) ?? []), resampler])
    },
    close() {
      isClosed = true
      for (const resampler of [...idle.values()].flat()) resampler.close()
      idle.clear()
    },
  }
}

/** Options of `createSegmentQueue`. */
export interface SegmentQueueOptions {
  from: AudioFormat
  to: AudioFormat
  gainDb: number
  shelf: ResamplerShelf
  /** Frames became available later than in the call that captured them. */
  onReady(): void
  /** The audio cannot be converted. */
  onError(error: unknown): void
}

/** Makes the queue of one segment. */
export function createSegmentQueue({ from, to, gainDb, shelf, onReady, onError }: SegmentQueueOptions): SegmentQueue {
  const frameLength = ((to.sampleRateHz * FRAME_MS) / 1000) * to.channels
  const perMs = (to.sampleRateHz / 1000) * to.channels
  const factor = gainDb === 0 ? 1 : factorOf(gainDb)
  let whole: Int16Array[] = []
  let begun = new Int16Array(frameLength)
  let filled = 0
  let convertedSamples = 0
  /** Captured before the resampler was there. */
  let early: Int16Array[] = []
  let earlyMs = 0
  let isFlushed = false
  let isOver = false
  let resampler: Resampler | undefined

  const take = (samples: Int16Array): void => {
    convertedSamples += samples.length
    for (let offset = 0; offset < samples.length;) {
      const part = samples.subarray(offset, offset + frameLength - filled)
      begun.set(part, filled)
      filled += part.length
      offset += part.length
      if (filled === frameLength) close()
    }
  }
  const close = (): void => {
    if (factor !== 1) fade(begun, { fromGain: factor, toGain: factor, fadeSamples: 0 })
    whole.push(begun)
    begun = new Int16Array(frameLength)
    filled = 0
  }
  const end = (): void => {
    if (resampler !== undefined) {
      take(resampler.flush())
      shelf.giveBack(from.sampleRateHz, resampler)
      resampler = undefined
    }
    if (filled > 0) close()
    isOver = true
  }
  const useResampler = (made: Resampler): void => {
    resampler = made
    if (isOver) {
      shelf.giveBack(from.sampleRateHz, made)
      resampler = undefined
      return
    }
    for (const samples of early) take(made.push(samples))
    early = []
    earlyMs = 0
    if (isFlushed) end()
  }
  const needsResampler = from.sampleRateHz !== to.sampleRateHz
  if (needsResampler) {
    const made = shelf.take(from.sampleRateHz)
    if (made instanceof Promise) {
      made.then((late) => {
        useResampler(late)
        onReady()
      }, onError)
    } else useResampler(made)
  }

  return {
    push(frame) {
      if (frame.sampleRateHz !== from.sampleRateHz || frame.channels !== from.channels) {
        throw new ParleyError({
          code: 'audio_format_unsupported',
          message: `The segment was opened for ${from.sampleRateHz} Hz with ${from.channels} channel(s), and the frame has ${frame.sampleRateHz} Hz with ${frame.channels}. Open a segment of the voice's own format.`,
          details: {
            from: { sampleRateHz: frame.sampleRateHz, channels: frame.channels },
            to: { sampleRateHz: from.sampleRateHz, channels: from.channels },
          },
        })
      }
      if (isOver || isFlushed) return
      const samples = withChannels(frame.samples, from.channels, to.channels)
      if (!needsResampler) return take(samples)
      if (resampler !== undefined) return take(resampler.push(samples))
      early.push(samples === frame.samples ? samples.slice() : samples)
      earlyMs += samples.length / to.channels / (from.sampleRateHz / 1000)
    },
    flush() {
      if (isFlushed) return
      isFlushed = true
      if (!needsResampler || resampler !== undefined) end()
    },
    shift: () => whole.shift(),
    get frames() {
      return whole.length
    },
    get waitingMs() {
      return whole.length * FRAME_MS + filled / perMs + earlyMs
    },
    get audioMs() {
      return Math.floor(convertedSamples / perMs + earlyMs)
    },
    get isEnded() {
      return isOver
    },
    drop() {
      if (resampler !== undefined) shelf.giveBack(from.sampleRateHz, resampler)
      resampler = undefined
      isOver = true
      whole = []
      filled = 0
      early = []
      earlyMs = 0
    },
  }
}

function withChannels(samples: Int16Array, from: 1 | 2, to: 1 | 2): Int16Array {
  if (from === to) return samples
  const count = samples.length / from
  const changed = new Int16Array(count * to)
  for (let index = 0; index < count; index++) {
    const left = samples[index * from] ?? 0
    const right = from === 2 ? (samples[index * 2 + 1] ?? 0) : left
    if (to === 1) changed[index] = Math.round((left + right) / 2)
    else changed[index * 2] = changed[index * 2 + 1] = left
  }
  return changed
}
