import { abbreviationKind } from './abbreviations.ts'

/** Where text may be cut. `end` is the position behind the mark, what closes it, and the white space. */
export interface Boundary {
  kind: 'sentence' | 'clause' | 'line'
  /** Position behind the mark and the quotes and brackets that close it. */
  markEnd: number
  end: number
}

const wideMarks = /[。！？｡]/u
const wideClauses = /[，、；：]/u
const sentenceMarks = /[.!?…。！？｡]/u
const clauseMarks = /[,;:–—，、；：]/u
const closers = /["'”’»)\]}*_」』）】`]/u
const blank = /\s/u

/** The two-letter language of a tag: `en` of `en-GB`. */
export function baseLanguage(language: string | undefined): string {
  return (language ?? '').toLowerCase().split(/[-_]/u)[0] ?? ''
}

/**
 * The first boundary at or behind `from`. Its `end` may be the text's own end: who streams has to wait for more then.
 */
export function nextBoundary(text: string, from: number, language: string): Boundary | null {
  for (let position = from; position < text.length; position++) {
    const char = text.charAt(position)
    if (char === '\n') return { kind: 'line', markEnd: position + 1, end: skipBlank(text, position + 1) }
    if (sentenceMarks.test(char)) {
      const markEnd = skipMarks(text, position)
      const end = skipBlank(text, markEnd)
      if (endsSentence(text, position, markEnd, end, language)) return { kind: 'sentence', markEnd, end }
      position = markEnd - 1
    } else if (clauseMarks.test(char)) {
      const markEnd = skipClosers(text, position + 1)
      const end = skipBlank(text, markEnd)
      // Without white space it is a number, a time or an address; a dash needs some in front too.
      const isSpaced = end > markEnd || markEnd === text.length
      // "May 12, 2026" is one date.
      const isInDate = char === ',' && /\d$/u.test(text.slice(0, position)) && /\d/u.test(text.charAt(end))
      const isDash = char === '–' || char === '—'
      if (wideClauses.test(char) || (isSpaced && !isInDate && (!isDash || blank.test(text.charAt(position - 1))))) {
        return { kind: 'clause', markEnd, end }
      }
    }
  }
  return null
}

function skipMarks(text: string, from: number): number {
  let position = from + 1
  while (position < text.length && sentenceMarks.test(text.charAt(position))) position += 1
  return skipClosers(text, position)
}

function skipClosers(text: string, from: number): number {
  let position = from
  while (position < text.length) {
    if (closers.test(text.charAt(position))) position += 1
    // French quotes close behind a space.
    else if (/^[ \u00A0\u202F]»/u.test(text.slice(position, position + 2))) position += 2
    else break
  }
  return position
}

function skipBlank(text: string, from: number): number {
  let position = from
  while (position < text.length && blank.test(text.charAt(position))) position += 1
  return position
}

function endsSentence(text: string, mark: number, markEnd: number, end: number, language: string): boolean {
  const char = text.charAt(mark)
  if (wideMarks.test(char)) return true
  // Inside a number, an address, an ellipsis that goes on, an abbreviation with inner points.
  if (end === markEnd && end < text.length) return false
  const next = firstLetter(text, end)
  const isLower = next !== '' && next !== next.toUpperCase()
  const marks = text.slice(mark, markEnd)
  if (/^(?:\.{2,}|…)/u.test(marks)) return !isLower
  if (char !== '.') return !(isLower && /["'”’»)\]]/u.test(marks))
  const word = wordBefore(text, mark)
  if (/^\d+$/u.test(word)) {
    // "1. Milk" opens a line of a list; "am 3. Mai" is an ordinal.
    if (/(?:^|\n)\s*$/u.test(text.slice(0, mark - word.length))) return false
    if (language === 'de' && word.length <= 2) return false
  }
  const abbreviation = abbreviationKind(word, language)
  if (abbreviation === 'never') return false
  if (isLower) return false
  if (abbreviation === 'sometimes') return true
  if (/^\p{L}$/u.test(word)) return word === 'I' && language === 'en'
  // "U.S. Army": an acronym with points is kept with what follows.
  return !/^(?:\p{L}\.)+\p{L}$/u.test(word)
}

/** The first letter or digit of what follows, behind quotes and brackets. */
function firstLetter(text: string, from: number): string {
  for (let position = from; position < text.length && position < from + 4; position++) {
    const char = text.charAt(position)
    if (/[\p{L}\p{N}]/u.test(char)) return char
  }
  return ''
}

function wordBefore(text: string, mark: number): string {
  let start = mark
  while (start > 0 && /[^\s"'“‘«([{*_]/u.test(text.charAt(start - 1))) start -= 1
  return text.slice(start, mark)
}

/** Whole sentences of a text, each with the white space behind it; joined they are the text. */
export function splitSentences(text: string, language?: string): string[] {
  const base = baseLanguage(language)
  const sentences: string[] = []
  let start = 0
  for (let from = 0; ;) {
    const boundary = nextBoundary(text, from, base)
    if (boundary === null) break
    from = boundary.end
    if (boundary.kind === 'clause') continue
    sentences.push(text.slice(start, boundary.end))
    start = boundary.end
  }
  if (start < text.length) sentences.push(text.slice(start))
  return sentences
}
