import type { Word, WordTimingSource } from '@parley/spec'

import { estimateSpeechMs } from '../text/syllables.ts'

/** When a word is said, from the start of its segment. */
export interface WordTime {
  startMs: number
  endMs: number
  source: WordTimingSource
}

interface Anchor {
  /** Position in the letters of the spoken text. */
  at: number
  ms: number
}

const maxTokens = 512

/**
 * Finds when each spoken text of a list is said, by what the voice told of its words. Words that it did not tell of are
 * reckoned: between their neighbours, or behind the last one at the usual speed, stretched to the segment's length.
 * @param totalMs - length of the segment's sound, once known
 */
export function alignWords(spoken: readonly string[], timed: readonly Word[], totalMs?: number): WordTime[] {
  const letters = spoken.map(lettersOf)
  const anchors = findAnchors(spoken, timed)
  const source = timed[0]?.source ?? 'native'
  const last = anchors.at(-1)
  const times: WordTime[] = []
  let at = 0
  let index = 0
  for (; index < letters.length && last !== undefined; index++) {
    const end = at + (letters[index]?.length ?? 0)
    if (end > last.at) break
    const startMs = timeAt(anchors, at, 'start')
    times.push({ startMs, endMs: end === at ? startMs : timeAt(anchors, end, 'end'), source })
    at = end
  }
  estimateRest(spoken.slice(index), times, totalMs)
  return times
}

function estimateRest(rest: readonly string[], times: WordTime[], totalMs: number | undefined): void {
  const fromMs = times.at(-1)?.endMs ?? 0
  const estimates = rest.map(estimateSpeechMs)
  const sum = estimates.reduce((one, other) => one + other, 0)
  const scale = totalMs === undefined || sum === 0 ? 1 : Math.max(0, totalMs - fromMs) / sum
  let ms = fromMs
  for (const estimate of estimates) {
    const endMs = ms + estimate * scale
    times.push({ startMs: ms, endMs, source: 'estimate' })
    ms = endMs
  }
}

function lettersOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** Places of the spoken text whose time is known, ascending in both. */
function findAnchors(spoken: readonly string[], timed: readonly Word[]): Anchor[] {
  const letters = spoken.flatMap((text) => text.split(/[\s-]+/u)).map(lettersOf)
  const told = timed.map((word) => lettersOf(word.text))
  const anchors: Anchor[] = []
  if (letters.join('').startsWith(told.join(''))) {
    let at = 0
    for (const [index, word] of timed.entries()) {
      const length = told[index]?.length ?? 0
      if (length > 0) anchors.push({ at, ms: word.startMs }, { at: at + length, ms: word.endMs })
      at += length
    }
    return ascending(anchors)
  }
  let at = 0
  const starts = letters.map((word) => {
    const start = at
    at += word.length
    return start
  })
  for (const [ours, theirs] of matches(letters.slice(0, maxTokens), told.slice(0, maxTokens))) {
    const start = starts[ours] ?? 0
    const word = timed[theirs]
    if (word === undefined) continue
    anchors.push({ at: start, ms: word.startMs }, { at: start + (letters[ours]?.length ?? 0), ms: word.endMs })
  }
  const first = timed[0]
  if (first !== undefined && anchors.length > 0) anchors.unshift({ at: 0, ms: first.startMs })
  return ascending(anchors)
}

/** Pairs of equal words in order, as many as can be (longest common subsequence). */
function matches(ours: readonly string[], theirs: readonly string[]): [number, number][] {
  const width = theirs.length + 1
  const lengths = new Uint16Array((ours.length + 1) * width)
  for (let row = ours.length - 1; row >= 0; row--) {
    for (let column = theirs.length - 1; column >= 0; column--) {
      const isEqual = ours[row] !== '' && ours[row] === theirs[column]
      lengths[row * width + column] = isEqual
        ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
        : Math.max(lengths[(row + 1) * width + column] ?? 0, lengths[row * width + column + 1] ?? 0)
    }
  }
  const pairs: [number, number][] = []
  let row = 0
  let column = 0
  while (row < ours.length && column < theirs.length) {
    if (ours[row] !== '' && ours[row] === theirs[column]) {
      pairs.push([row, column])
      row += 1
      column += 1
    } else if ((lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0)) row += 1
    else column += 1
  }
  return pairs
}

function ascending(anchors: readonly Anchor[]): Anchor[] {
  const kept: Anchor[] = []
  for (const anchor of anchors) {
    const last = kept.at(-1)
    kept.push({ at: anchor.at, ms: Math.max(anchor.ms, last?.ms ?? 0) })
  }
  return kept
}

/** The time of a place between two letters; between two words it is the end of one or the start of the other. */
function timeAt(anchors: readonly Anchor[], at: number, side: 'start' | 'end'): number {
  const first = firstFrom(anchors, at)
  const behind = firstFrom(anchors, at + 1)
  const found = first === behind ? undefined : anchors[side === 'start' ? behind - 1 : first]
  if (found !== undefined) return found.ms
  const before = anchors[first - 1]
  const after = anchors[behind]
  if (before === undefined || after === undefined) return before?.ms ?? after?.ms ?? 0
  return before.ms + ((at - before.at) / (after.at - before.at)) * (after.ms - before.ms)
}

/** Index of the first anchor at or behind a place. */
function firstFrom(anchors: readonly Anchor[], at: number): number {
  let low = 0
  let high = anchors.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((anchors[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}
