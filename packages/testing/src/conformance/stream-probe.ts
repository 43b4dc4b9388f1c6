import { FRAME_MS, type AudioChunk, type AudioFrame, type Clock } from '@parley/spec'

/** Collects the events of a stream, with the instants at which they came. */
export interface StreamProbe<E> {
  readonly events: readonly E[]
  readonly at: readonly number[]
  readonly hasEnded: boolean
}

/** Starts to consume a stream's events. */
export function probeEvents<E>(events: AsyncIterable<E>, clock: Clock): StreamProbe<E> {
  const seen: E[] = []
  const at: number[] = []
  let hasEnded = false
  void (async () => {
    for await (const event of events) {
      seen.push(event)
      at.push(clock.monotonicMs())
    }
    hasEnded = true
  })()
  return {
    events: seen,
    at,
    get hasEnded() {
      return hasEnded
    },
  }
}

/** Lets time pass in steps of a frame until something is so; `false` if it never is within `limitMs`. */
export async function until(
  isSo: () => boolean,
  { pass, limitMs }: { pass: (ms: number) => Promise<void>; limitMs: number },
): Promise<boolean> {
  await pass(0)
  for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += FRAME_MS) {
    if (isSo()) return true
    await pass(FRAME_MS)
  }
  return isSo()
}

/** Cuts a clip into frames of 20 ms; the last one is filled with silence. */
export function toFrames({ samples, sampleRateHz, channels }: AudioChunk, position = 0): AudioFrame[] {
  const size = Math.round((sampleRateHz * FRAME_MS) / 1000) * channels
  const frames: AudioFrame[] = []
  for (let at = 0; at < samples.length; at += size) {
    const piece = new Int16Array(size)
    piece.set(samples.subarray(at, at + size))
    frames.push({ samples: piece, sampleRateHz, channels, position: position + at / channels })
  }
  return frames
}
