/** A second of something like a voice, as one frame of 20 ms after another. */
export function soundFrames(sampleRateHz: number): Int16Array[] {
  const length = sampleRateHz / 50
  return Array.from({ length: 50 }, (_, frame) =>
    Int16Array.from({ length }, (__, index) => {
      const at = (frame * length + index) / sampleRateHz
      return 6_000 * Math.sin(2 * Math.PI * 180 * at) + 3_000 * Math.sin(2 * Math.PI * 950 * at + frame)
    }),
  )
}

/** Gives the frames in turn, for ever. */
export function inTurn<T>(values: readonly T[]): () => T {
  let at = 0
  return () => {
    const value = values[at]
    if (value === undefined) throw new Error('There is nothing to take turns.')
    at = (at + 1) % values.length
    return value
  }
}

/** The same samples as bytes. */
export function asBytes(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}
