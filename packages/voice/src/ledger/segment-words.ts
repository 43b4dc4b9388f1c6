import type { Word, WordTimingSource } from '@parley/spec'

import type { SpokenUnit } from '../text/spoken-units.ts'
import { alignWords } from './align-words.ts'
import type { LedgerSegment, LedgerWord } from './ledger-record.ts'

/** How far times of a source are to be trusted. */
const trust: Readonly<Record<WordTimingSource, number>> = { native: 1, char: 0.95, provider: 0.9, estimate: 0.7 }
/** The same for positions that were reckoned and not reported. */
const reckoned = 0.8

/** Words of a written text: what ends in white space, as it is said. */
export function toLedgerWords(units: readonly SpokenUnit[], segmentId: string): LedgerWord[] {
  const words: LedgerWord[] = []
  let written = ''
  let spoken = ''
  const add = (): void => {
    const text = written.trimEnd()
    words.push({
      text,
      after: written.slice(text.length),
      spoken: spoken.trim(),
      segmentId,
      startMs: 0,
      endMs: 0,
      generated: true,
      sent: false,
      played: false,
      confirmed: false,
      confidence: 0,
      source: 'estimate',
    })
    written = ''
    spoken = ''
  }
  for (const unit of units) {
    written += unit.written
    spoken += unit.spoken
    if (/\S\s+$/u.test(written)) add()
  }
  if (written !== '') add()
  return words
}

/** Sets the times of a segment's words anew. */
export function timeWords(segment: LedgerSegment, words: readonly LedgerWord[], timed: readonly Word[]): void {
  const times = alignWords(
    words.map((word) => word.spoken),
    timed,
    segment.totalMs ?? undefined,
  )
  for (const [index, word] of words.entries()) {
    const time = times[index]
    if (time === undefined) continue
    word.startMs = time.startMs
    word.endMs = time.endMs
    word.source = time.source
  }
}

/** Lets the states of a segment's words grow to where its sound stands: a word counts from its middle on. */
export function growWords(segment: LedgerSegment, words: readonly LedgerWord[]): void {
  const { sentMs, playedMs, confirmedMs, finished, lastConfidence } = segment
  // What was played to its end was heard to its end, wherever the words were thought to be.
  const wholeMs = finished === 'whole' ? Math.max(sentMs, playedMs) : 0
  for (const word of words) {
    if (word.spoken === '') continue
    const middleMs = (word.startMs + word.endMs) / 2
    const isWhole = wholeMs > 0 && (word.source === 'estimate' || word.startMs <= wholeMs)
    const isPlayed = isWhole || (playedMs > 0 && middleMs <= playedMs)
    const isConfirmed = isWhole ? lastConfidence === 'confirmed' : confirmedMs > 0 && middleMs <= confirmedMs
    word.confirmed ||= isConfirmed
    word.played ||= isPlayed || word.confirmed
    word.sent ||= word.played || (sentMs > 0 && middleMs <= sentMs)
    if (!word.played) continue
    const sureness = (isWhole ? 1 : trust[word.source]) * (word.confirmed ? 1 : reckoned)
    word.confidence = Math.max(word.confidence, sureness)
  }
}

/** Words that nobody says go with the one before them, at the start with the one behind. */
export function growSilentWords(words: readonly LedgerWord[]): void {
  let leader = words.find((word) => word.spoken !== '')
  let isBehind = false
  for (const word of words) {
    if (word.spoken !== '') {
      leader = word
      isBehind = true
      continue
    }
    if (leader === undefined) return
    word.sent ||= leader.sent
    word.played ||= leader.played
    word.confirmed ||= leader.confirmed
    word.confidence = Math.max(word.confidence, leader.confidence)
    word.startMs = isBehind ? leader.endMs : leader.startMs
    word.endMs = word.startMs
  }
}
