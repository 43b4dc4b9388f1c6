import { FRAME_MS } from '@parley/spec'
import type { AudioFrame, SampleRate } from '@parley/spec'

import { checkNumbers, frameSamplesOf } from './format-checks.ts'

/** Options of `createFramer`. */
export interface FramerOptions {
  sampleRateHz: SampleRate
  /** Length of a frame in milliseconds. @default 20 */
  frameMs?: number
  /** @default 1 */
  channels?: 1 | 2
}

/** Cuts audio of any chunk size into whole frames. */
export interface Framer {
  /** Takes samples (interleaved if there are two channels) and hands on each frame that is full; all frames are the same object. */
  push(samples: Int16Array, onFrame: (frame: AudioFrame) => void): void
  /** Fills what waits with silence and hands it on; nothing happens if nothing waits. */
  flush(onFrame: (frame: AudioFrame) => void): void
  /** Drops what waits; positions count from 0 again. */
  reset(): void
  /** Samples that wait for their frame to be full, both channels counted. */
  readonly pendingSamples: number
}

/**
 * Makes a framer. Its output is sample for sample what was put in; nothing is allocated per frame.
 * @throws {ParleyError} `invalid_options`
 */
export function createFramer(options: FramerOptions): Framer {
  const { sampleRateHz, frameMs = FRAME_MS, channels = 1 } = options
  checkNumbers('A framer', options, ['sampleRateHz', 'frameMs', 'channels'], {
    channels: { value: channels, min: 1, max: 2 },
  })
  const frameLength = frameSamplesOf('A framer', sampleRateHz, frameMs)
  const samples = new Int16Array(frameLength * channels)
  const frame: AudioFrame = { samples, sampleRateHz, channels, position: 0 }
  let filled = 0
  let position = 0

  const emit = (onFrame: (frame: AudioFrame) => void): void => {
    frame.position = position
    // Set before the call, so that a listener that throws loses one frame and not the count.
    filled = 0
    position += frameLength
    onFrame(frame)
  }

  return Object.freeze({
    push(chunk: Int16Array, onFrame: (frame: AudioFrame) => void): void {
      const { length } = chunk
      let taken = 0
      while (taken < length) {
        const count = Math.min(samples.length - filled, length - taken)
        for (let index = 0; index < count; index++) samples[filled + index] = chunk[taken + index] as number // both below their lengths
        filled += count
        taken += count
        if (filled === samples.length) emit(onFrame)
      }
    },
    flush(onFrame: (frame: AudioFrame) => void): void {
      if (filled === 0) return
      samples.fill(0, filled)
      emit(onFrame)
    },
    reset(): void {
      filled = 0
      position = 0
    },
    get pendingSamples(): number {
      return filled
    },
  })
}
