import { decodePcmu } from '@parley/audio'
import type { AudioFrame, Clock, Disposer } from '@parley/spec'

const samplesPerMs = 8
const frameMs = 20
const maxFilledMs = 10_000
/** A frame as base64 has 216 characters; what is far beyond is not decoded at all. */
const maxPayloadLength = 16_384
const maxFrameSamples = 480
/** Media that stops for so long is followed by silence, so that a recognizer and a turn can come to an end. */
const stoppedMs = 750
const fedSilenceMs = 1_000
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** What a caller says, from payloads to one unbroken stream. */
export interface TwilioInput {
  /** `false` for a payload that is no audio, or late: it is left out. */
  push(payload: string, timestampMs: number | undefined): boolean
  close(): void
}

/**
 * Reads mu-law payloads by their timestamps. What is missing between two is silence of equal length, up to 10 s. When
 * nothing comes for 750 ms, 1 s of silence is fed, which later gaps are the shorter for.
 */
export function createTwilioInput({
  clock,
  onFrame,
}: {
  clock: Clock
  onFrame(frame: AudioFrame, atMs: number): void
}): TwilioInput {
  const buffer = new Int16Array(maxFrameSamples)
  const silence = new Int16Array(frameMs * samplesPerMs)
  let position = 0
  /** The timestamp that the next payload should have. */
  let expectedMs: number | undefined
  let lastAtMs = 0
  /** Silence that was fed for the part of a gap that is running. */
  let fedMs = 0
  let timer: Disposer | undefined
  let isFeeding = false
  let toldAtMs = 0
  let isClosed = false

  const emit = (samples: Int16Array, atMs: number): void => {
    toldAtMs = Math.max(toldAtMs, atMs)
    onFrame({ samples, sampleRateHz: 8_000, channels: 1, position }, toldAtMs)
    position += samples.length
  }
  const fill = (missingMs: number, endMs: number): void => {
    const count = Math.floor(missingMs / frameMs)
    for (let index = 1; index <= count; index++) {
      silence.fill(0)
      emit(silence, endMs - (count - index) * frameMs)
    }
  }
  const watch = (): void => {
    timer?.()
    isFeeding = false
    timer = clock.setTimer(Math.max(0, lastAtMs + stoppedMs - clock.monotonicMs()), () => {
      timer = undefined
      if (clock.monotonicMs() < lastAtMs + stoppedMs) return watch()
      fill(stoppedMs, clock.monotonicMs())
      fedMs = Math.floor(stoppedMs / frameMs) * frameMs
      isFeeding = true
      feed()
    })
  }
  const feed = (): void => {
    // The rest comes at its own time: silence is not known before it is there.
    timer = clock.setTimer(frameMs, () => {
      timer = undefined
      fill(frameMs, clock.monotonicMs())
      fedMs += frameMs
      if (fedMs < fedSilenceMs) feed()
      else isFeeding = false
    })
  }

  return {
    push(payload, timestampMs) {
      if (isClosed || payload.length > maxPayloadLength || payload.length % 4 !== 0 || !base64.test(payload))
        return false
      const codes = Buffer.from(payload, 'base64')
      const lengthMs = codes.length / samplesPerMs
      const nowMs = clock.monotonicMs()
      if (timestampMs !== undefined && expectedMs !== undefined) {
        if (timestampMs < expectedMs - frameMs / 2) return false
        fill(Math.min(timestampMs - expectedMs, maxFilledMs) - fedMs, nowMs - lengthMs)
      }
      expectedMs = (timestampMs ?? expectedMs ?? 0) + lengthMs
      fedMs = 0
      lastAtMs = nowMs
      for (let offset = 0; offset < codes.length; offset += maxFrameSamples) {
        const part = codes.subarray(offset, offset + maxFrameSamples)
        emit(decodePcmu(part, buffer.subarray(0, part.length)), nowMs)
      }
      if (timer === undefined || isFeeding) watch()
      return true
    },
    close() {
      isClosed = true
      timer?.()
      timer = undefined
    },
  }
}
