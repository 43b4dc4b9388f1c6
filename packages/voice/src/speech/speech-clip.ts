import type { Word } from '@parley/spec'

/** Audio to be recognized at once, with the instants its parts belong to. */
export interface SpeechClip {
  samples: Int16Array
  /** Ascending; each holds up to the next. */
  marks: { atSample: number; ms: number }[]
}

const pauseMs = 200

/** Two clips as one, with a short pause between so that words do not run together. */
export function joinClips(one: SpeechClip, other: SpeechClip, sampleRateHz: number): SpeechClip {
  const from = one.samples.length + Math.round((pauseMs * sampleRateHz) / 1_000)
  const samples = new Int16Array(from + other.samples.length)
  samples.set(one.samples)
  samples.set(other.samples, from)
  return {
    samples,
    marks: [...one.marks, ...other.marks.map(({ atSample, ms }) => ({ atSample: atSample + from, ms }))],
  }
}

/** Words of a clip on the call's clock; never later than now. */
export function wordsOnClock(
  words: readonly Word[],
  { marks }: SpeechClip,
  sampleRateHz: number,
  nowMs: number,
): Word[] {
  const toClock = (clipMs: number): number => {
    const sample = (clipMs * sampleRateHz) / 1_000
    const mark = marks.findLast(({ atSample }) => atSample <= sample) ?? marks[0]
    if (mark === undefined) return Math.min(clipMs, nowMs)
    return Math.min(nowMs, mark.ms + ((sample - mark.atSample) / sampleRateHz) * 1_000)
  }
  return words.map((word) => ({ ...word, startMs: toClock(word.startMs), endMs: toClock(word.endMs) }))
}
