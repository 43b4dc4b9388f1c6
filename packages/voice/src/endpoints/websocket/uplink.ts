import { decodePcma, decodePcmu } from '@parley/audio'
import {
  unwrapPosition,
  type AudioFrame,
  type CallCodec,
  type CallFrame,
  type CallRate,
  type Clock,
} from '@parley/spec'

const minFrameMs = 10
const maxFrameMs = 60
/** Smaller gaps are jitter of the capture and left alone. */
const gapMs = 60
const maxFilledMs = 10_000
const filledFrameMs = 20

/** What a person says, from the frames of the wire to one unbroken stream. */
export interface Uplink {
  /** `false` for a frame that is not of this stream: it is ignored. */
  push(frame: CallFrame): boolean
  /** The sender begins anew: the next frame's place in time is its arrival. */
  restart(): void
}

/**
 * Reads frames and fills gaps over 60 ms with silence of equal length, up to 10 s, so that the stream's own clock goes
 * with time (O-9).
 */
export function createUplink({
  codec,
  rate,
  clock,
  onFrame,
}: {
  codec: CallCodec
  rate: CallRate
  clock: Clock
  onFrame(frame: AudioFrame, atMs: number): void
}): Uplink {
  const samplesPerMs = rate / 1_000
  const buffer = new Int16Array(samplesPerMs * maxFrameMs)
  const silence = new Int16Array(samplesPerMs * filledFrameMs * 2)
  /** What the sender's next position should be; undefined at the start and after a restart. */
  let expected: number | undefined
  let position = 0
  let lastAtMs: number | undefined

  const emit = (samples: Int16Array, atMs: number): void => {
    onFrame({ samples, sampleRateHz: rate, channels: 1, position }, atMs)
    position += samples.length
  }
  const fill = (missingMs: number, untilMs: number): void => {
    if (missingMs <= gapMs) return
    let left = Math.round(Math.min(missingMs, maxFilledMs) * samplesPerMs)
    // The last piece takes what is left over, so that none is shorter than a frame.
    while (left > 0) {
      const length = left < silence.length ? left : silence.length / 2
      left -= length
      silence.fill(0)
      emit(silence.subarray(0, length), untilMs - left / samplesPerMs)
    }
  }

  return {
    push(frame) {
      if (frame.codec !== codec || frame.rate !== rate || frame.epoch !== 0) return false
      const samples = decode(frame, buffer)
      if (samples === undefined || samples.length < minFrameMs * samplesPerMs) return false
      const nowMs = clock.monotonicMs()
      const at = expected === undefined ? undefined : unwrapPosition(frame.position, expected)
      const isRepeated = at !== undefined && expected !== undefined && at < expected && !frame.gap
      if (isRepeated) return false
      const byPositionMs = at === undefined || expected === undefined ? 0 : (at - expected) / samplesPerMs
      const byArrivalMs = lastAtMs === undefined ? 0 : nowMs - lastAtMs - samples.length / samplesPerMs
      // Positions are exact; where something is said to be missing, a sender may have begun anew.
      const missingMs = frame.gap || at === undefined ? Math.max(byPositionMs, byArrivalMs) : byPositionMs
      fill(missingMs, nowMs - samples.length / samplesPerMs)
      expected = (at ?? frame.position) + samples.length
      lastAtMs = nowMs
      emit(samples, nowMs)
      return true
    },
    restart() {
      expected = undefined
    },
  }
}

/** The samples of a frame as a view of `buffer`; undefined where they are no whole number or too many. */
function decode({ codec, payload }: CallFrame, buffer: Int16Array): Int16Array | undefined {
  if (codec === 'opus') return undefined
  const length = codec === 'pcm16' ? payload.length / 2 : payload.length
  if (!Number.isInteger(length) || length > buffer.length) return undefined
  const samples = buffer.subarray(0, length)
  if (codec === 'pcmu') return decodePcmu(payload, samples)
  if (codec === 'pcma') return decodePcma(payload, samples)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  for (let index = 0; index < length; index++) samples[index] = view.getInt16(index * 2, true)
  return samples
}
