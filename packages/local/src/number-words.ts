import type { Token } from './fold-sentence.ts'

/** A value read from some words of a sentence. */
export interface Span<T> {
  /** Words it takes, from where it was read. */
  length: number
  value: T
}

const units = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
const teens = [
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
]
/** 20, 30 and so on to 90. */
export const tensWords: readonly string[] = [
  'twenty',
  'thirty',
  'forty',
  'fifty',
  'sixty',
  'seventy',
  'eighty',
  'ninety',
]
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth']

const writtenNumber = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$|^\d+(?:\.\d+)?$/u

/** 0 to 19. */
export const smallNumberWords: readonly string[] = [...units, ...teens]

/** Words a person may use to say digits and numbers; a recognizer's vocabulary needs them. */
export const numberWords: readonly string[] = [
  ...smallNumberWords,
  ...tensWords,
  'oh',
  'double',
  'triple',
  'hundred',
  'thousand',
  'and',
  'point',
  'minus',
]

/** Reads `first` to `tenth` and `1st` to `10th`; 1 for the first. */
export function readOrdinal(words: readonly string[], at: number): Span<number> | undefined {
  const spelt = ordinals.indexOf(words[at] ?? '')
  if (spelt >= 0) return { length: 1, value: spelt + 1 }
  const joined = /^(\d{1,2})(?:st|nd|rd|th)$/u.exec(words[at] ?? '')
  if (joined) return { length: 1, value: Number(joined[1]) }
  return undefined
}

/** Reads a number from digits or words (`79.5`, `one hundred and five`, `minus two`), the longest one there is. */
export function readNumber(words: readonly string[], at: number): Span<number> | undefined {
  if (words[at] === 'minus') {
    const positive = readNumber(words, at + 1)
    return positive && words[at + 1] !== 'minus' ? { length: positive.length + 1, value: -positive.value } : undefined
  }
  if (writtenNumber.test(words[at] ?? '')) {
    return { length: 1, value: Number((words[at] ?? '').replaceAll(',', '')) }
  }
  const whole = readThousands(words, at)
  if (!whole || words[at + whole.length] !== 'point') return whole
  let decimals = ''
  let next = at + whole.length + 1
  for (;;) {
    const digit = digitOf(words[next])
    if (digit === undefined) break
    decimals += digit
    next += 1
  }
  return decimals === '' ? whole : { length: next - at, value: Number(`${whole.value}.${decimals}`) }
}

function readThousands(words: readonly string[], at: number): Span<number> | undefined {
  const head = readHundreds(words, at)
  if (!head || words[at + head.length] !== 'thousand') return head
  const tailAt = skipAnd(words, at + head.length + 1)
  const tail = readHundreds(words, tailAt)
  if (!tail) return { length: head.length + 1, value: head.value * 1000 }
  return { length: tailAt + tail.length - at, value: head.value * 1000 + tail.value }
}

function readHundreds(words: readonly string[], at: number): Span<number> | undefined {
  const isOne = words[at] === 'a' && (words[at + 1] === 'hundred' || words[at + 1] === 'thousand')
  const head = isOne ? { length: 1, value: 1 } : readBelowHundred(words, at)
  if (!head || words[at + head.length] !== 'hundred') return head
  const tailAt = skipAnd(words, at + head.length + 1)
  const tail = readBelowHundred(words, tailAt)
  if (!tail) return { length: head.length + 1, value: head.value * 100 }
  return { length: tailAt + tail.length - at, value: head.value * 100 + tail.value }
}

function readBelowHundred(words: readonly string[], at: number): Span<number> | undefined {
  const word = words[at] ?? ''
  const unit = units.indexOf(word)
  if (unit >= 0) return { length: 1, value: unit }
  const teen = teens.indexOf(word)
  if (teen >= 0) return { length: 1, value: teen + 10 }
  const ten = tensWords.indexOf(word)
  if (ten < 0) return undefined
  const follower = units.indexOf(words[at + 1] ?? '')
  return follower > 0 ? { length: 2, value: (ten + 2) * 10 + follower } : { length: 1, value: (ten + 2) * 10 }
}

function skipAnd(words: readonly string[], at: number): number {
  return words[at] === 'and' ? at + 1 : at
}

function digitOf(word: string | undefined): string | undefined {
  if (word === undefined) return undefined
  if (/^\d$/u.test(word)) return word
  if (word === 'oh' || word === 'o') return '0'
  const unit = units.indexOf(word)
  return unit >= 0 ? String(unit) : undefined
}

/**
 * Reads digits one by one or in groups (`204417`, `204-417`, `two oh four`, `double four`, `twenty four`), as every
 * prefix of the run, the longest first.
 */
export function readDigits(words: readonly string[], at: number): Span<string>[] {
  const prefixes: Span<string>[] = []
  let digits = ''
  let next = at
  for (;;) {
    const piece = readDigitPiece(words, next)
    if (!piece) return prefixes.reverse()
    digits += piece.value
    next += piece.length
    prefixes.push({ length: next - at, value: digits })
  }
}

function readDigitPiece(words: readonly string[], at: number): Span<string> | undefined {
  const word = words[at] ?? ''
  if (/^\d+(?:[-/]\d+)*$/u.test(word)) return { length: 1, value: word.replace(/\D/gu, '') }
  const times = word === 'double' ? 2 : word === 'triple' ? 3 : 0
  if (times > 0) {
    const repeated = digitOf(words[at + 1])
    return repeated === undefined ? undefined : { length: 2, value: repeated.repeat(times) }
  }
  const digit = digitOf(word)
  if (digit !== undefined) return { length: 1, value: digit }
  const pair = readBelowHundred(words, at)
  return pair && { length: pair.length, value: String(pair.value) }
}

/** The folded words of tokens. */
export function wordsOf(tokens: readonly Token[]): string[] {
  return tokens.map((token) => token.text)
}
