import { FRAME_MS } from '@parley/spec'
import type { AudioFrame, AudioProcessor, Clock } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'
import { bestLag } from './best-lag.ts'
import { defaultEchoGuardOptions, type EchoGuardOptions } from './echo-options.ts'
import { createEnvelope, slotOf } from './envelope.ts'
import { comparableWords, matchWords } from './match-words.ts'
import { createPlaybackLife } from './playback-life.ts'

/** What a suspect window is, with what the decision was made of. */
export interface EchoVerdict {
  verdict: 'echo' | 'speech'
  /** 0 to 1. */
  confidence: number
  correlation: number
  lagMs: number
  /** How much louder the window is than the predicted echo. */
  excessDb: number
  reason: 'notPlaying' | 'uncorrelated' | 'louder' | 'echo'
}

/** What a transcript is, with what the decision was made of. */
export interface EchoTextVerdict {
  verdict: 'echo' | 'speech'
  share: number
  foreignWords: number
  reason: 'notPlaying' | 'otherWords' | 'echo'
}

/** Tells the agent's own sound, come back from the person's end, from the person. */
export interface EchoGuard {
  /** What the person's end plays; `atMs` is the instant it is audible there, in the future where a far buffer waits. */
  played(frame: AudioFrame, atMs: number): void
  /** Words that are audible at `atMs`. */
  playedWords(text: string, atMs: number): void
  /** Sound from `fromMs` on was cleared and never heard. */
  cleared(fromMs: number): void
  /** The far end confirmed the end of playback. */
  playbackEnded(atMs: number): void
  /** What comes from the person; `atMs` is the instant of the frame's first sample. */
  heard(frame: AudioFrame, atMs: number): void
  /** Judges what was heard since `fromMs`. @param toMs - @default now */
  judge(fromMs: number, toMs?: number): EchoVerdict
  /** Judges recognized text that was begun at `startMs`. @param startMs - @default now */
  judgeTranscript(text: string, startMs?: number): EchoTextVerdict
  isPlaybackAlive(atMs?: number): boolean
  /** `heard` as a stage of the input chain; frames pass unchanged. */
  readonly processor: AudioProcessor
}

/** How often the way back is measured while the agent speaks, and over how much audio. */
const LEARN_EVERY_FRAMES = 10
const LEARN_WINDOW_SLOTS = 25
const LEARN_CORRELATION = 0.8

/**
 * Makes the echo guard of one call whose endpoint does not remove its echo.
 * @throws {ParleyError} `invalid_options`
 */
export function createEchoGuard({ clock, ...given }: { clock: Clock } & Partial<EchoGuardOptions>): EchoGuard {
  const options = resolveOptions('createEchoGuard', defaultEchoGuardOptions, given)
  // Played audio is known before it sounds: as much again lies ahead of now.
  const played = createEnvelope(options.referenceMs * 2 + options.maxLagMs)
  const heard = createEnvelope(options.referenceMs)
  const life = createPlaybackLife(options.confirmedTailMs, options.unconfirmedTailMs)
  const maxLag = Math.floor(options.maxLagMs / FRAME_MS)
  const minSlots = Math.max(2, Math.floor(options.minWindowMs / FRAME_MS))
  const maxSlots = Math.max(minSlots, Math.floor(options.referenceMs / FRAME_MS) - 1)
  const words: { word: string; atMs: number }[] = []
  let echoDb = options.initialEchoDb
  let framesSinceLearning = 0

  const learn = (lastSlot: number): void => {
    framesSinceLearning += 1
    if (framesSinceLearning < LEARN_EVERY_FRAMES) return
    framesSinceLearning = 0
    if (!life.isAlive(clock.monotonicMs())) return
    const found = bestLag(heard, played, lastSlot - LEARN_WINDOW_SLOTS + 1, lastSlot, maxLag)
    // Echo is never louder than all that is heard: a quiet line while the agent speaks says how little comes back.
    if (found.mostGainDb < echoDb) echoDb += (Math.max(-60, found.mostGainDb) - echoDb) * 0.5
    // Up only where it is echo beyond doubt, and slowly: a person who fits the rhythm must not make the guard deaf.
    else if (found.correlation >= LEARN_CORRELATION) echoDb += (Math.min(6, found.gainDb) - echoDb) * 0.1
  }

  const forgetWords = (nowMs: number): void => {
    while (words[0] !== undefined && words[0].atMs < nowMs - options.wordsMs) words.shift()
  }

  const onHeard = (frame: AudioFrame, atMs: number): void => {
    heard.add(frame, atMs)
    learn(slotOf(atMs))
  }

  return Object.freeze({
    played(frame: AudioFrame, atMs: number) {
      played.add(frame, atMs)
      life.sent(atMs, atMs + (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000)
    },
    playedWords(text: string, atMs: number) {
      forgetWords(clock.monotonicMs())
      for (const word of comparableWords(text)) words.push({ word, atMs })
    },
    cleared(fromMs: number) {
      played.clearFrom(fromMs)
      life.cut(fromMs)
      const kept = words.filter(({ atMs }) => atMs <= fromMs)
      words.splice(0, words.length, ...kept)
    },
    playbackEnded: (atMs: number) => life.confirmedEnd(atMs),
    heard: onHeard,
    judge(fromMs: number, toMs: number = clock.monotonicMs()): EchoVerdict {
      if (!life.isAlive(fromMs) && !life.isAlive(toMs)) {
        return { verdict: 'speech', confidence: 1, correlation: 0, lagMs: 0, excessDb: 0, reason: 'notPlaying' }
      }
      const last = slotOf(toMs) - 1
      const wanted = last - slotOf(fromMs) + 1
      const first = last - Math.min(maxSlots, Math.max(minSlots, wanted)) + 1
      const found = bestLag(heard, played, first, last, maxLag)
      const excessDb = found.gainDb - echoDb
      const measured = { correlation: found.correlation, lagMs: found.lag * FRAME_MS, excessDb }
      if (found.correlation <= options.correlation) {
        return {
          verdict: 'speech',
          confidence: 1 - Math.max(0, found.correlation),
          ...measured,
          reason: 'uncorrelated',
        }
      }
      if (excessDb > options.doubleTalkDb) {
        return {
          verdict: 'speech',
          confidence: Math.min(1, excessDb / (2 * options.doubleTalkDb)),
          ...measured,
          reason: 'louder',
        }
      }
      return { verdict: 'echo', confidence: found.correlation, ...measured, reason: 'echo' }
    },
    judgeTranscript(text: string, startMs: number = clock.monotonicMs()): EchoTextVerdict {
      const nowMs = clock.monotonicMs()
      if (!life.isAlive(startMs)) return { verdict: 'speech', share: 0, foreignWords: 0, reason: 'notPlaying' }
      const since = Math.min(startMs, nowMs) - options.wordsMs
      const audible = words.filter(({ atMs }) => atMs >= since && atMs <= nowMs).map(({ word }) => word)
      const { share, foreign } = matchWords(comparableWords(text), audible)
      const isEcho = share >= options.wordShare && foreign < options.foreignWords
      return {
        verdict: isEcho ? 'echo' : 'speech',
        share,
        foreignWords: foreign,
        reason: isEcho ? 'echo' : 'otherWords',
      }
    },
    isPlaybackAlive: (atMs: number = clock.monotonicMs()) => life.isAlive(atMs),
    processor: {
      id: 'echo-guard',
      process(frame: AudioFrame) {
        const lengthMs = (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
        onHeard(frame, clock.monotonicMs() - lengthMs)
        return frame
      },
      reset() {},
    },
  })
}
