import { createResampler, type Resampler } from '@parley/audio'
import type { AudioFrame, SampleRate } from '@parley/spec'
import type { Placement } from './placement.ts'
import type { Timeline } from './timeline.ts'

/** Takes the frames of one side, at any rate, into its timeline. */
export interface SideInput {
  /** `atMs`: when the frame's first sample sounded, since the start of the recording. */
  push(frame: AudioFrame, atMs: number): void
  /** The next frame does not continue the last one. */
  cut(): void
  close(): void
}

/** Frames that wait while the resampler of a new rate is made: what fits into the holdback. */
const MAX_WAITING = 75

/**
 * @param makeRoom - called before samples are added, with the position after the last one
 * @param onError - a rate that cannot be converted; the side stays silent
 */
export function createSideInput(
  { timeline, placement, sampleRateHz }: { timeline: Timeline; placement: Placement; sampleRateHz: SampleRate },
  { makeRoom, onError }: { makeRoom(end: number): void; onError(error: unknown): void },
): SideInput {
  let rate: SampleRate = sampleRateHz
  let resampler: Resampler | undefined
  let waiting: { samples: Int16Array; atMs: number }[] | undefined
  let mono = new Int16Array(0)
  let isClosed = false

  const add = (samples: Int16Array): void => {
    const { position } = placement
    makeRoom(position + samples.length)
    timeline.add(position, samples)
    placement.advance(samples.length)
  }
  const put = (samples: Int16Array, atMs: number): void => {
    const isJump = placement.place(Math.round((atMs * sampleRateHz) / 1_000))
    if (isJump) resampler?.reset()
    add(resampler === undefined ? samples : resampler.push(samples))
  }
  const prepare = (from: SampleRate): void => {
    rate = from
    resampler?.close()
    resampler = undefined
    waiting = undefined
    placement.reset()
    if (from === sampleRateHz) return
    const queue: { samples: Int16Array; atMs: number }[] = []
    waiting = queue
    createResampler(from, sampleRateHz).then((made) => {
      if (isClosed || waiting !== queue) return made.close()
      resampler = made
      waiting = undefined
      for (const { samples, atMs } of queue) put(samples, atMs)
    }, onError)
  }
  const toMono = (frame: AudioFrame): Int16Array => {
    if (frame.channels === 1) return frame.samples
    const length = frame.samples.length / 2
    if (mono.length !== length) mono = new Int16Array(length)
    for (let index = 0; index < length; index++) {
      mono[index] = ((frame.samples[index * 2] ?? 0) + (frame.samples[index * 2 + 1] ?? 0)) >> 1
    }
    return mono
  }

  return {
    push(frame, atMs) {
      if (isClosed) return
      if (frame.sampleRateHz !== rate) prepare(frame.sampleRateHz)
      const samples = toMono(frame)
      if (waiting === undefined) return put(samples, atMs)
      if (waiting.length < MAX_WAITING) waiting.push({ samples: samples.slice(), atMs })
    },
    cut() {
      placement.reset()
      if (waiting !== undefined) waiting.length = 0
    },
    close() {
      isClosed = true
      resampler?.close()
    },
  }
}
