import type { AudioFrame, VadOptions, VadStream, VoiceActivityDetector } from '@parley/spec'

/** A time of speech on the call's clock. */
export interface VoicedSpan {
  fromMs: number
  toMs: number
  /** @default 1 */
  probability?: number
}

/** Options of `createScriptedVad`. */
export interface ScriptedVadOptions {
  /** With `'energy'`: louder than this is speech, in dBFS. @default -45 */
  thresholdDbfs?: number
  /** Length of a window in milliseconds. @default 10 */
  windowMs?: number
}

/** A detector without a model: speech is where the timeline says, or where the audio is loud. Answers at once. */
export function createScriptedVad(
  timeline: readonly VoicedSpan[] | 'energy' = 'energy',
  { thresholdDbfs = -45, windowMs = 10 }: ScriptedVadOptions = {},
): VoiceActivityDetector {
  const probabilityAt = (atMs: number, rms: number): number => {
    if (timeline === 'energy') return rms > thresholdDbfs ? 1 : 0
    const span = timeline.find(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs)
    return span === undefined ? 0 : (span.probability ?? 1)
  }

  return {
    info: { id: 'scripted-vad', windowSamples: 16 * windowMs, sampleRateHz: 16_000, contextSamples: 0 },
    create({ onResult }: VadOptions): VadStream {
      let energy = 0
      let counted = 0
      let isClosed = false
      return {
        push({ samples, sampleRateHz, channels }: AudioFrame, atMs) {
          if (isClosed) return
          const size = Math.round((windowMs * sampleRateHz * channels) / 1000)
          for (let n = 0; n < samples.length; n++) {
            const sample = (samples[n] ?? 0) / 32768
            energy += sample * sample
            counted += 1
            if (counted < size) continue
            const rms = 10 * Math.log10(energy / counted)
            energy = 0
            counted = 0
            const endMs = atMs - ((samples.length - 1 - n) * 1000) / (sampleRateHz * channels)
            onResult({ probability: probabilityAt(endMs, rms), atMs: endMs, rms })
          }
        },
        reset() {
          energy = 0
          counted = 0
        },
        close() {
          isClosed = true
          return Promise.resolve()
        },
      }
    },
  }
}
