import type { AudioChunk, AudioFrame, Clock, SampleRate, Word } from '@parley/spec'
import { createToneReader, type HeardTone } from './tone-reader.ts'

/** What was said between two silences. */
export interface ReadUtterance {
  /** What the tones said; empty if the audio was none. */
  text: string
  words: Word[]
  /** Words that are surely over. */
  wholeWords: number
  startMs: number
  endMs: number
  audioMs: number
  /** The words of another text over the same time, as far as that time went: a word each 300 ms, all at the end. */
  spread(text: string): Word[]
}

/** Cuts a stream of audio into utterances, with times on the clock. */
export interface UtteranceReader {
  push(frame: AudioFrame): void
  silence(ms: number): void
  /** Ends the open utterance now; `false` if there is none. */
  end(): boolean
}

interface Heard {
  /** With its place in the audio: pauses are measured there, since frames that came late are no pause. */
  tone: HeardTone
  startMs: number
  /** Read late, because it grows. */
  endMs(): number
}

const wordMs = 300

/** Makes a reader for one stream. Instants are `clock.monotonicMs()` of the frame that held the sound, never later than now. */
export function createUtteranceReader({
  clock,
  sampleRateHz,
  endSilenceMs,
  eagerSilenceMs,
  onGrow,
  onPause,
  onEnd,
}: {
  clock: Pick<Clock, 'monotonicMs'>
  sampleRateHz: SampleRate
  endSilenceMs: number
  eagerSilenceMs?: number
  onGrow: (utterance: ReadUtterance) => void
  onPause?: (utterance: ReadUtterance) => void
  onEnd: (utterance: ReadUtterance) => void
}): UtteranceReader {
  let heard: Heard[] = []
  let soundStartMs: number | undefined
  let soundEndMs = 0
  let countedMs = 0
  let hasPaused = false
  /** Position of the end of what was pushed last: that is heard now. */
  let pushedMs = 0
  const reader = createToneReader({
    sampleRateHz,
    onTone(tone) {
      heard.push(place(tone))
    },
  })

  /** Puts a tone on the clock: its audio is as old as what came after it. */
  const place = (tone: HeardTone): Heard => {
    const startMs = toClock(tone.startMs)
    return { tone, startMs, endMs: () => startMs + tone.endMs - tone.startMs }
  }
  const toClock = (positionMs: number): number => clock.monotonicMs() - Math.max(0, pushedMs - positionMs)

  const current = (isOver: boolean): ReadUtterance => {
    const words = toWords(heard, clock.monotonicMs())
    const startMs = soundStartMs ?? clock.monotonicMs()
    const endMs = Math.min(soundEndMs, clock.monotonicMs())
    return {
      text: words.map(({ text }) => text).join(' '),
      words,
      wholeWords: isOver || heard.at(-1)?.tone.character === ' ' ? words.length : Math.max(0, words.length - 1),
      startMs,
      endMs,
      audioMs: Math.round(reader.positionMs - countedMs),
      spread: (text) => spreadWords(text, startMs, endMs, isOver),
    }
  }
  const end = (): boolean => {
    if (soundStartMs === undefined) return false
    const utterance = current(true)
    countedMs = reader.positionMs
    heard = []
    soundStartMs = undefined
    hasPaused = false
    onEnd(utterance)
    return true
  }
  const take = (samples: Int16Array): void => {
    const before = reader.lastSoundMs
    pushedMs = reader.positionMs + (samples.length * 1000) / sampleRateHz
    reader.push(samples)
    if (reader.lastSoundMs > before) {
      soundStartMs ??= heard[0]?.startMs ?? toClock(Math.max(0, reader.lastSoundMs - 20))
      soundEndMs = toClock(reader.lastSoundMs)
      hasPaused = false
      onGrow(current(false))
      return
    }
    if (soundStartMs === undefined) return
    const quietMs = reader.positionMs - reader.lastSoundMs
    if (quietMs >= endSilenceMs) end()
    else if (eagerSilenceMs !== undefined && quietMs >= eagerSilenceMs && !hasPaused) {
      hasPaused = true
      onPause?.(current(true))
    }
  }

  return {
    push: (frame) => take(frame.samples),
    silence(ms) {
      // In pieces of a frame, so that an end inside is found where it is.
      const piece = new Int16Array(Math.round(sampleRateHz / 50))
      for (let left = Math.round((ms * sampleRateHz) / 1000); left > 0; left -= piece.length) {
        take(left < piece.length ? piece.subarray(0, left) : piece)
      }
    },
    end,
  }
}

/** Reads a whole clip; times count from its start. */
export function readClip(audio: AudioChunk): ReadUtterance {
  let nowMs = 0
  let result: ReadUtterance | undefined
  const durationMs = (audio.samples.length / audio.channels / audio.sampleRateHz) * 1000
  const reader = createUtteranceReader({
    clock: { monotonicMs: () => nowMs },
    sampleRateHz: audio.sampleRateHz,
    endSilenceMs: Number.POSITIVE_INFINITY,
    onGrow: () => {},
    onEnd: (utterance) => (result = utterance),
  })
  const size = Math.round(audio.sampleRateHz / 50)
  for (let n = 0; n < audio.samples.length; n += size) {
    const samples = audio.samples.subarray(n, n + size)
    nowMs = Math.min(durationMs, ((n + samples.length) / audio.sampleRateHz) * 1000)
    reader.push({ samples, sampleRateHz: audio.sampleRateHz, channels: 1, position: n })
  }
  reader.end()
  return result ?? { text: '', words: [], wholeWords: 0, startMs: 0, endMs: 0, audioMs: durationMs, spread: () => [] }
}

function toWords(heard: readonly Heard[], nowMs: number): Word[] {
  const words: Word[] = []
  let isOpen = false
  let previousEndMs = Number.NEGATIVE_INFINITY
  for (const { tone, startMs, endMs } of heard) {
    const { character } = tone
    // A pause of the speaker is a space, too.
    if (tone.startMs - previousEndMs > 100) isOpen = false
    previousEndMs = tone.endMs
    if (character === ' ') {
      isOpen = false
      continue
    }
    const word = words.at(-1)
    if (isOpen && word !== undefined) {
      word.text += character
      word.endMs = Math.min(nowMs, endMs())
      continue
    }
    isOpen = true
    words.push({ text: character, startMs: Math.min(nowMs, startMs), endMs: Math.min(nowMs, endMs()) })
  }
  return words
}

function spreadWords(text: string, startMs: number, endMs: number, isOver: boolean): Word[] {
  const words = text.split(' ').filter((word) => word !== '')
  const spanMs = Math.max(0, endMs - startMs)
  const count = isOver ? words.length : Math.min(words.length, Math.floor(spanMs / wordMs))
  const eachMs = isOver ? spanMs / Math.max(1, words.length) : wordMs
  return words
    .slice(0, count)
    .map((word, n) => ({ text: word, startMs: startMs + n * eachMs, endMs: startMs + (n + 1) * eachMs }))
}
