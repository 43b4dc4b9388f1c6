import type { SpeechClip } from './speech-clip.ts'

/** The last stretch of a person's audio, found again by its place in the stream: milliseconds of audio since its start. */
export interface SpeechTape {
  /** Adds audio whose last sample belongs to the instant `clockMs`; what is kept from `keepFromMs` on is never dropped. */
  push(samples: Int16Array, clockMs: number, keepFromMs: number | null): void
  /** How much audio there was. */
  readonly lengthMs: number
  cut(fromMs: number, untilMs: number): SpeechClip
  forgetBefore(ms: number): void
}

interface Piece {
  startMs: number
  endMs: number
  /** How far the call's clock is ahead of the stream. */
  offsetMs: number
  samples: Int16Array
}

/** Makes a tape of one channel that keeps at least `keepMs`. */
export function createSpeechTape({ sampleRateHz, keepMs }: { sampleRateHz: number; keepMs: number }): SpeechTape {
  let pieces: Piece[] = []
  let total = 0
  const toSamples = (ms: number): number => Math.round((ms * sampleRateHz) / 1_000)

  return {
    push(samples, clockMs, keepFromMs) {
      const startMs = (total / sampleRateHz) * 1_000
      total += samples.length
      const endMs = (total / sampleRateHz) * 1_000
      pieces.push({ startMs, endMs, offsetMs: clockMs - endMs, samples: samples.slice() })
      const oldestMs = Math.min(endMs - keepMs, keepFromMs ?? Number.POSITIVE_INFINITY)
      while (pieces[0] !== undefined && pieces[0].endMs <= oldestMs) pieces.shift()
    },
    cut(fromMs, untilMs) {
      const found = pieces.filter((piece) => piece.endMs > fromMs && piece.startMs < untilMs)
      const parts = found.map((piece) => {
        const from = Math.max(0, toSamples(fromMs - piece.startMs))
        const until = Math.min(piece.samples.length, toSamples(untilMs - piece.startMs))
        return piece.samples.subarray(from, Math.max(from, until))
      })
      const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0))
      const marks: SpeechClip['marks'] = []
      let at = 0
      for (const [index, part] of parts.entries()) {
        samples.set(part, at)
        const piece = found[index]
        if (piece !== undefined && piece.offsetMs !== found[index - 1]?.offsetMs) {
          marks.push({ atSample: at, ms: Math.max(fromMs, piece.startMs) + piece.offsetMs })
        }
        at += part.length
      }
      return { samples, marks }
    },
    get lengthMs() {
      return (total / sampleRateHz) * 1_000
    },
    forgetBefore(ms) {
      pieces = pieces.filter((piece) => piece.endMs > ms)
    },
  }
}
