/** A loop that comes, goes and ducks by fading. */
export interface LoopLayer {
  /** Adds the loop to a frame on its way to a gain (0 to 1); silent loops begin anew when they come back. */
  mix(frame: Int16Array, gain: number): void
}

/**
 * @param samples - the loop, at the rate of the frames
 * @param levelDbfs - what its loudness is brought to; peaks stay under half of full scale
 */
export function createLoopLayer(samples: Int16Array, levelDbfs: number, fadeSamples: number): LoopLayer {
  const loop = atLevel(samples, levelDbfs)
  const step = 1 / Math.max(1, fadeSamples)
  let position = 0
  let gain = 0

  return {
    mix(frame, target) {
      if (gain === 0 && target === 0) {
        position = 0
        return
      }
      if (loop.length === 0) return
      for (let index = 0; index < frame.length; index++) {
        if (gain < target) gain = Math.min(target, gain + step)
        else if (gain > target) gain = Math.max(target, gain - step)
        const sum = (frame[index] ?? 0) + (loop[position] ?? 0) * gain
        frame[index] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum
        position += 1
        if (position === loop.length) position = 0
      }
    },
  }
}

function atLevel(samples: Int16Array, levelDbfs: number): Float32Array {
  let squares = 0
  let peak = 0
  for (const sample of samples) {
    squares += sample * sample
    peak = Math.max(peak, Math.abs(sample))
  }
  if (peak === 0) return new Float32Array(samples.length)
  const wanted = 32_768 * 10 ** (levelDbfs / 20)
  const factor = Math.min(wanted / Math.sqrt(squares / samples.length), 16_384 / peak)
  return Float32Array.from(samples, (sample) => sample * factor)
}
