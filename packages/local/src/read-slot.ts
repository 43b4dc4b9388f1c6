import type { Json } from '@parley/spec'
import type { CompiledSlot } from './compiled-rules.ts'
import { foldWords, type Token } from './fold-sentence.ts'
import type { LookupEntry } from './lookups.ts'
import { readDigits, readNumber, readOrdinal, wordsOf, type Span } from './number-words.ts'
import { readAmount } from './read-amount.ts'
import { readDate } from './read-date.ts'

/** A sentence and what is needed to read values from it. */
export interface Sentence {
  text: string
  tokens: readonly Token[]
  words: readonly string[]
  /** Entries of each lookup that may fit this sentence. */
  lookups: ReadonlyMap<string, readonly LookupEntry[]>
  /** The day, as `YYYY-MM-DD`. */
  today: string
}

/** What an answer gave for the slot that was asked. */
export type Reading =
  | { kind: 'value'; value: Json }
  | { kind: 'several'; entries: readonly LookupEntry[] }
  | { kind: 'none' }

const MAX_TEXT_WORDS = 12
const none: Reading = { kind: 'none' }

const noWords = phrases([
  'no',
  'nope',
  'nah',
  'not',
  'never',
  'wrong',
  'incorrect',
  'negative',
  'no thanks',
  'rather not',
  'stop',
  'do not',
])
const yesWords = phrases([
  'yes',
  'yeah',
  'yep',
  'yup',
  'sure',
  'okay',
  'correct',
  'right',
  'exactly',
  'absolutely',
  'definitely',
  'of course',
  'please do',
  'go ahead',
  'sounds good',
  'that is it',
  'affirmative',
  'i do',
  'i would',
  'it is',
  'fine',
  'agreed',
])
const yesDespiteNo = phrases(['no problem', 'why not', 'not a problem', 'do not mind'])

/** Words a person may use to answer yes or no; a recognizer's vocabulary needs them. */
export const yesNoWords: readonly string[] = ['yes', 'yeah', 'no', 'nope', 'correct', 'sure', 'okay', 'right', 'wrong']

/** Makes a sentence ready to be read. */
export function toSentence(
  text: string,
  tokens: readonly Token[],
  lookups: ReadonlyMap<string, readonly LookupEntry[]>,
  today: string,
): Sentence {
  return { text, tokens, words: wordsOf(tokens), lookups, today }
}

/** Values of a slot that begin at a place of the sentence and are marked as such, the longest first. */
export function spansAt(slot: CompiledSlot, sentence: Sentence, at: number): Span<Json>[] {
  return rawSpans(slot, sentence, at).filter(({ value }) => fits(slot, value))
}

function rawSpans(slot: CompiledSlot, { tokens, words, lookups, today }: Sentence, at: number): Span<Json>[] {
  const { type } = slot
  if (type === 'digits') return readDigits(words, at)
  if (type === 'number') return toList(readNumber(words, at))
  if (type === 'amount') return toList(readAmount(words, at, false))
  if (type === 'date') return toList(readDate(words, at, today))
  if (type === 'yesno') return yesNoAt(words, at)
  if (type === 'choice')
    return longestFirst(slot.choices.flatMap(({ id, phrases: each }) => phrasesAt(each, words, at, id)))
  if (type === 'lookup') return lookupSpans(slot, lookups, words, at)
  const longest = Math.min(MAX_TEXT_WORDS, tokens.length - at)
  return Array.from({ length: Math.max(longest, 0) }, (_, index) => {
    const length = longest - index
    const raw = tokens.slice(at, at + length).map((token) => token.raw)
    return { length, value: raw.filter((word) => word !== '').join(' ') }
  })
}

/** Reads the whole answer to a question for a slot, the keypad's included. */
export function readAnswer(slot: CompiledSlot, sentence: Sentence, candidates?: readonly LookupEntry[]): Reading {
  const { type } = slot
  if (type === 'text') return fits(slot, sentence.text.trim()) ? { kind: 'value', value: sentence.text.trim() } : none
  if (type === 'yesno') return toReading(readYesNo(sentence.words))
  if (type === 'lookup') return readLookupAnswer(slot, sentence, candidates)
  if (type === 'digits') return readDigitsAnswer(slot, sentence)
  const places = sentence.words.map((_, at) => at)
  if (type === 'amount') {
    const marked = firstFitting(slot, places, (at) => readAmount(sentence.words, at, false))
    return toReading(marked ?? firstFitting(slot, places, (at) => readAmount(sentence.words, at, true)))
  }
  if (type === 'choice') return readChoiceAnswer(slot, sentence)
  return toReading(firstFitting(slot, places, (at) => rawSpans(slot, sentence, at)[0]))
}

/**
 * Finds a value that a sentence names without having been asked: numbers and digits of free length only beside the
 * slot's name, and where several slots take the same kind, only with the name of one of them.
 */
export function findSlot(slot: CompiledSlot, sentence: Sentence): Json | undefined {
  const { type, length } = slot
  if (type === 'text' || type === 'yesno') return undefined
  const mustBeNamed = slot.isShared || type === 'number' || (type === 'digits' && length === undefined)
  if (mustBeNamed && !isNamed(slot, sentence.words)) return undefined
  let found: Span<Json> | undefined
  for (let at = 0; at < sentence.words.length; at += Math.max(1, skipRun(slot, sentence, at))) {
    // A run of digits counts as a whole: six digits are not the first four of them.
    const runs = rawSpans(slot, sentence, at)
    const span = (type === 'digits' ? runs.slice(0, 1) : runs).find(({ value }) => fits(slot, value))
    if (span && (!found || span.length > found.length)) found = span
  }
  return found?.value
}

function skipRun(slot: CompiledSlot, { words }: Sentence, at: number): number {
  return slot.type === 'digits' ? (readDigits(words, at)[0]?.length ?? 1) : 1
}

function isNamed({ names }: CompiledSlot, words: readonly string[]): boolean {
  return names.some((name) => name.length > 0 && words.some((_, at) => startsWith(words, at, name)))
}

function readDigitsAnswer(slot: CompiledSlot, { words }: Sentence): Reading {
  const runs: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const run = readDigits(words, at)[0]
    if (!run) continue
    runs.push(run.value)
    at += run.length - 1
  }
  const fitting = [...runs, runs.join('')].find((digits) => digits !== '' && fits(slot, digits))
  return fitting === undefined ? none : { kind: 'value', value: fitting }
}

function readChoiceAnswer(slot: CompiledSlot, sentence: Sentence): Reading {
  const named = findSlot({ ...slot, isShared: false }, sentence)
  if (named !== undefined) return { kind: 'value', value: named }
  const place = readPlace(sentence.words)
  const chosen = place === undefined ? undefined : slot.choices[place - 1]
  return chosen ? { kind: 'value', value: chosen.id } : none
}

/** The place in a list that an answer names: a key, a number or an ordinal. */
export function readPlace(words: readonly string[]): number | undefined {
  for (const at of words.keys()) {
    const ordinal = readOrdinal(words, at)
    if (ordinal) return ordinal.value
  }
  const number = readNumber(words, 0) ?? (words.length > 1 ? readNumber(words, words.length - 1) : undefined)
  return number && Number.isInteger(number.value) ? number.value : undefined
}

function readLookupAnswer(slot: CompiledSlot, sentence: Sentence, candidates?: readonly LookupEntry[]): Reading {
  const entries = candidates ?? entriesOf(slot, sentence.lookups)
  const scored = entries.map((entry) => ({ entry, score: nameScore(entry, sentence.words) }))
  const best = Math.max(0, ...scored.map(({ score }) => score))
  const fitting = best === 0 ? [] : scored.filter(({ score }) => score === best).map(({ entry }) => entry)
  const [only, ...others] = fitting
  if (only && others.length === 0) return { kind: 'value', value: toEntryValue(only) }
  if (only) return { kind: 'several', entries: fitting }
  const place = candidates ? readPlace(sentence.words) : undefined
  const chosen = place === undefined ? undefined : entries[place - 1]
  return chosen ? { kind: 'value', value: toEntryValue(chosen) } : none
}

/** A whole name counts more than any part of one. */
function nameScore(entry: LookupEntry, words: readonly string[]): number {
  let score = 0
  for (const name of entry.names) {
    const parts = foldWords(name)
    if (parts.length > 0 && words.some((_, at) => startsWith(words, at, parts)))
      score = Math.max(score, 100 + parts.length)
    score = Math.max(score, parts.filter((part) => part.length > 2 && words.includes(part)).length)
  }
  return score
}

function lookupSpans(
  slot: CompiledSlot,
  lookups: ReadonlyMap<string, readonly LookupEntry[]>,
  words: readonly string[],
  at: number,
): Span<Json>[] {
  const spans = entriesOf(slot, lookups).flatMap((entry) =>
    phrasesAt(entry.names.map(foldWords), words, at, toEntryValue(entry)),
  )
  const ordered = longestFirst(spans)
  // Two entries of one name cannot be told apart here; the question for the slot will.
  return ordered.length > 1 && ordered[0]?.length === ordered[1]?.length ? [] : ordered
}

function entriesOf(
  { lookup }: CompiledSlot,
  lookups: ReadonlyMap<string, readonly LookupEntry[]>,
): readonly LookupEntry[] {
  return lookup === undefined ? [] : (lookups.get(lookup) ?? [])
}

/** A looked-up value: its id and the name it is called by. */
export function toEntryValue({ id, names }: LookupEntry): Json {
  return { id, name: names[0] ?? id }
}

function yesNoAt(words: readonly string[], at: number): Span<boolean>[] {
  return longestFirst([...phrasesAt(yesWords, words, at, true), ...phrasesAt(noWords, words, at, false)])
}

/** Reads yes or no from an answer; 1 and 2 of a keypad count. A no wins over a yes. */
export function readYesNo(words: readonly string[]): boolean | undefined {
  const has = (list: readonly (readonly string[])[]): boolean =>
    list.some((phrase) => words.some((_, at) => startsWith(words, at, phrase)))
  if (has(yesDespiteNo)) return true
  if (has(noWords)) return false
  if (has(yesWords)) return true
  if (words.length !== 1) return undefined
  return words[0] === '1' ? true : words[0] === '2' ? false : undefined
}

function fits({ type, length, min, max }: CompiledSlot, value: Json): boolean {
  if (length !== undefined && typeof value === 'string' && value.length !== length) return false
  const size =
    typeof value === 'number' ? value : typeof value === 'string' && type !== 'date' ? value.length : undefined
  if (type === 'choice' || size === undefined) return true
  if (type === 'text' && size === 0) return false
  return (min === undefined || size >= min) && (max === undefined || size <= max)
}

/** Whether a value from elsewhere, such as a handoff's payload, can be this slot's. */
export function isSlotValue(slot: CompiledSlot, value: Json): boolean {
  const { type } = slot
  if (type === 'choice') return slot.choices.some(({ id }) => id === value)
  if (type === 'yesno') return typeof value === 'boolean'
  if (type === 'number' || type === 'amount') return typeof value === 'number' && fits(slot, value)
  if (type === 'lookup') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === 'string' && value !== '' && fits(slot, value)
}

function firstFitting(
  slot: CompiledSlot,
  places: readonly number[],
  read: (at: number) => Span<Json> | undefined,
): Json | undefined {
  for (const at of places) {
    const span = read(at)
    if (span && fits(slot, span.value)) return span.value
  }
  return undefined
}

function phrasesAt<T extends Json>(
  list: readonly (readonly string[])[],
  words: readonly string[],
  at: number,
  value: T,
): Span<T>[] {
  return list.filter((phrase) => startsWith(words, at, phrase)).map((phrase) => ({ length: phrase.length, value }))
}

function startsWith(words: readonly string[], at: number, phrase: readonly string[]): boolean {
  return phrase.length > 0 && phrase.every((word, index) => words[at + index] === word)
}

function longestFirst<T>(spans: readonly Span<T>[]): Span<T>[] {
  return spans.toSorted((a, b) => b.length - a.length)
}

function toList<T>(span: Span<T> | undefined): Span<T>[] {
  return span ? [span] : []
}

function toReading(value: Json | undefined): Reading {
  return value === undefined ? none : { kind: 'value', value }
}

function phrases(list: readonly string[]): readonly (readonly string[])[] {
  return list.map((phrase) => phrase.split(' '))
}
