import type { SampleRate } from '@parley/spec'

/** A piece of what a far end heard. */
export interface HeardPiece {
  /** Instant of the first sample. */
  atMs: number
  samples: Int16Array
  sampleRateHz: SampleRate
}

/** Keeps what was heard, joining what follows without a gap. */
export interface HeardRecorder {
  add(samples: Int16Array, source: { rate: SampleRate }, atMs: number): void
  readonly pieces: readonly HeardPiece[]
}

/** Makes an empty recorder. */
export function createHeardRecorder(): HeardRecorder {
  const pieces: HeardPiece[] = []
  return {
    add(samples, { rate }, atMs) {
      if (samples.length > 0) pieces.push({ atMs, samples: samples.slice(), sampleRateHz: rate })
    },
    pieces,
  }
}
