import { createDtmfDetector } from '@parley/audio'
import type { AudioFrame, Clock, SampleRate } from '@parley/spec'
import { TONE_TAIL_MS } from './dtmf-options.ts'

/** Options of `createDtmfInput`. */
export interface DtmfInputOptions {
  clock: Clock
  /** Whether the endpoint reports digits itself; then nothing is detected in the audio. */
  endpointReports: boolean
  /** Rate of the person's audio, in hertz. */
  sampleRateHz: SampleRate
  onDigit(digit: string, durationMs: number): void
}

/** Where the keys of one call come from, and what they hide from the recognizer. */
export interface DtmfInput {
  /** A digit that the endpoint reported; ignored where they are detected in the audio. */
  report(digit: string, durationMs: number): void
  /** Looks for tones in a frame of the person. @returns what the recognizer is to hear: the frame, or silence of equal length */
  pass(frame: AudioFrame): AudioFrame
}

/** Makes the source of a call's digits. */
export function createDtmfInput({ clock, endpointReports, sampleRateHz, onDigit }: DtmfInputOptions): DtmfInput {
  let silentUntilMs = -Infinity
  let silence = new Int16Array(0)

  const take = (digit: string, durationMs: number): void => {
    silentUntilMs = Math.max(silentUntilMs, clock.monotonicMs() + durationMs + TONE_TAIL_MS)
    onDigit(digit, durationMs)
  }
  const detector = endpointReports
    ? undefined
    : createDtmfDetector({ sampleRateHz, onDigit: (digit: string, durationMs: number) => take(digit, durationMs) })

  return Object.freeze({
    report(digit: string, durationMs: number) {
      if (endpointReports) take(digit, durationMs)
    },
    pass(frame: AudioFrame) {
      detector?.push(frame)
      if (clock.monotonicMs() >= silentUntilMs) return frame
      if (silence.length !== frame.samples.length) silence = new Int16Array(frame.samples.length)
      return { ...frame, samples: silence }
    },
  })
}
