import { splitSentences } from '../text/sentence-boundary.ts'
import type { HeardExtent, LedgerSpan, LedgerUtterance, LedgerWord } from './ledger-record.ts'

/** What is to be said again. */
export interface MustHearDue {
  spanId: string
  /** From the start of the first sentence that was not heard to its end. */
  text: string
  /** To be given back with the text when it is said again. */
  fromWord: number
  /** 1 for the first time it is said again. */
  attempt: number
}

/** How often a must-hear text is said again at most. */
export const MAX_RESAYS = 2

interface Part {
  span: LedgerSpan
  words: LedgerWord[]
}

/** A span's words over all the times it was said: a word counts as heard if it was heard once. */
export function spanWords(
  utterances: Iterable<LedgerUtterance>,
  spanId: string,
): { words: LedgerWord[]; says: number } {
  const parts: Part[] = []
  for (const utterance of utterances) {
    for (const span of utterance.spans) {
      if (span.spanId !== spanId) continue
      parts.push({ span, words: utterance.words.slice(span.firstWord, span.firstWord + span.words) })
    }
  }
  const words: LedgerWord[] = []
  for (const { span, words: said } of parts) {
    for (const [index, word] of said.entries()) {
      const at = span.fromWord + index
      const known = words[at]
      if (known === undefined) words[at] = word
      else if (rank(word) > rank(known)) words[at] = word
    }
  }
  return { words: words.filter((word) => word !== undefined), says: parts.length }
}

function rank(word: LedgerWord): number {
  return (word.played ? 2 : 0) + (word.confirmed ? 2 : 0) + word.confidence
}

/** How much of some words was heard. */
export function extentOf(words: readonly LedgerWord[], atLeast: 'played' | 'confirmed'): HeardExtent {
  const heard = words.filter((word) => word[atLeast]).length
  if (heard === 0) return 'none'
  return heard === words.length ? 'full' : 'partial'
}

/** Where the first sentence begins that was not heard to its end: index of its first word, or `null` if all were. */
export function firstUnheardSentence(words: readonly LedgerWord[]): number | null {
  const unheard = words.findIndex((word) => !word.played)
  if (unheard < 0) return null
  let index = 0
  for (const sentence of splitSentences(words.map((word) => word.text + word.after).join(''))) {
    const start = index
    for (let length = 0; length < sentence.length && index < words.length; index++) {
      const word = words[index]
      length += (word?.text.length ?? 0) + (word?.after.length ?? 0)
    }
    if (unheard < index) return start
  }
  return unheard
}

/** The written text of words, with its own white space. */
export function textOf(words: readonly LedgerWord[]): string {
  return words
    .map((word) => word.text + word.after)
    .join('')
    .trimEnd()
}
