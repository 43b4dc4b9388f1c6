import type { AudioFrame, SampleRate } from '@parley/spec'
import type { VirtualClock } from '../virtual-clock.ts'

/** Time that passes with audio in it. */
export interface AudioClock {
  /** Time passes while samples are fed, in frames of 20 ms; the last one is filled with silence. */
  play(samples: Int16Array): Promise<void>
  /** Time passes while silence is fed. */
  silence(ms: number): Promise<void>
  /** Time passes without frames. */
  pass(ms: number): Promise<void>
  /** Samples fed so far. */
  readonly position: number
}

const frameMs = 20

/** Advances a virtual clock in steps of 20 ms and feeds a frame at the end of each: when its last sample has been said. */
export function createAudioClock({
  clock,
  sampleRateHz = 16_000,
  feed,
}: {
  clock: VirtualClock
  sampleRateHz?: SampleRate
  feed: (frame: AudioFrame, atMs: number) => void
}): AudioClock {
  const size = Math.round((sampleRateHz * frameMs) / 1000)
  let position = 0
  const play = async (samples: Int16Array): Promise<void> => {
    for (let at = 0; at < samples.length; at += size) {
      const piece = new Int16Array(size)
      piece.set(samples.subarray(at, at + size))
      await clock.advance(frameMs)
      feed({ samples: piece, sampleRateHz, channels: 1, position }, clock.monotonicMs())
      position += size
    }
  }
  return {
    play,
    silence: (ms) => play(new Int16Array(Math.round((ms * sampleRateHz) / 1000))),
    pass: (ms) => clock.advance(ms),
    get position() {
      return position
    },
  }
}
