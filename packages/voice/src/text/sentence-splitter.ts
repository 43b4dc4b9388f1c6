import { checkOptions, ParleyError } from '@parley/spec'

import { baseLanguage, nextBoundary } from './sentence-boundary.ts'

/** Options of `createSentenceSplitter`. Lengths are in characters; East Asian wide ones count double. */
export interface SentenceSplitterOptions {
  /** A language tag; `en fr de es it pt nl zh ja` have rules of their own. @default the rules of Unicode marks */
  language?: string
  /** A first chunk that ends at a line has at least this length. @default 20 */
  firstMinChars?: number
  /** A first chunk that ends at a mark (sentence or clause) has at least this length. @default 12 */
  firstClauseChars?: number
  /** Later chunks end at a sentence or line and have at least this length. @default 40 */
  minChars?: number
  /** What has to follow a boundary before it is believed. @default 10 */
  lookaheadChars?: number
  /** How long a stalled model is waited for, in milliseconds. @default 400 */
  maxWaitMs?: number
  /** A chunk without any boundary is cut between words at this length. @default 400 */
  maxChars?: number
}

/** Cuts streamed text into chunks that can be spoken. Joined, the chunks are the text. */
export interface SentenceSplitter {
  /** Takes text that came at `nowMs`; gives the chunks it completes. */
  push(delta: string, nowMs: number): string[]
  /** When `poll` would give something, or `null`. */
  deadlineMs(): number | null
  /** Gives what may be spoken though no boundary came: whole words, once the model has stalled. */
  poll(nowMs: number): string[]
  /** Gives the rest; the splitter starts anew. */
  end(): string[]
}

/** The defaults of `createSentenceSplitter`. */
export const sentenceSplitterDefaults: Required<Omit<SentenceSplitterOptions, 'language'>> = {
  firstMinChars: 20,
  firstClauseChars: 12,
  minChars: 40,
  lookaheadChars: 10,
  maxWaitMs: 400,
  maxChars: 400,
}

const knownOptions = ['language', ...Object.keys(sentenceSplitterDefaults)]
const wide = /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u

/** Length in characters, wide ones double: one of them is about a syllable too many for a count made for Latin. */
function lengthOf(text: string): number {
  let length = 0
  for (const char of text) length += wide.test(char) ? 2 : 1
  return length
}

/**
 * Makes a splitter for one utterance.
 * @throws {ParleyError} `invalid_options`
 */
export function createSentenceSplitter(options: SentenceSplitterOptions = {}): SentenceSplitter {
  checkOptions('createSentenceSplitter', options, knownOptions)
  const limits = { ...sentenceSplitterDefaults, ...options }
  for (const [name, value] of Object.entries(limits)) {
    if (name === 'language' || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `createSentenceSplitter: ${name} is ${String(value)}. Give a number from 0 up.`,
      details: { path: name, expected: 'a number from 0 up' },
    })
  }
  const language = baseLanguage(options.language)
  let buffer = ''
  let isFirst = true
  let lastPushMs: number | null = null

  function cut(position: number): string {
    const chunk = buffer.slice(0, position)
    buffer = buffer.slice(position)
    isFirst = false
    return chunk
  }

  /** Where the next chunk ends, or `null` while that cannot be known. */
  function nextCut(): number | null {
    for (let from = 0; ;) {
      const boundary = nextBoundary(buffer, from, language)
      if (boundary === null || buffer.length - boundary.end < limits.lookaheadChars) return overlong()
      from = boundary.end
      if (buffer.slice(0, boundary.end).trim() === '') continue
      const length = lengthOf(buffer.slice(0, boundary.markEnd).trimEnd())
      const needed = isFirst
        ? boundary.kind === 'line'
          ? limits.firstMinChars
          : limits.firstClauseChars
        : boundary.kind === 'clause' && length < limits.maxChars
          ? Number.POSITIVE_INFINITY
          : limits.minChars
      if (length >= needed) return boundary.end
    }
  }

  function overlong(): number | null {
    if (buffer.length < limits.maxChars + limits.lookaheadChars) return null
    const space = wordEnd(buffer.slice(0, limits.maxChars))
    if (space > 0) return space
    // Text without white space: an address is kept whole as long as it is one that somebody could have meant.
    if (wide.test(buffer.charAt(limits.maxChars)) || buffer.length >= 2_048) return safePosition(limits.maxChars)
    return null
  }

  /** Never between the halves of a surrogate pair. */
  function safePosition(position: number): number {
    const code = buffer.charCodeAt(position)
    return code >= 0xdc00 && code <= 0xdfff ? position - 1 : position
  }

  function cutAll(): string[] {
    const chunks: string[] = []
    for (let end = nextCut(); end !== null && end > 0; end = nextCut()) chunks.push(cut(end))
    return chunks
  }

  return {
    push(delta, nowMs) {
      if (delta === '') return []
      buffer += delta
      lastPushMs = nowMs
      return cutAll()
    },
    deadlineMs: () => (lastPushMs === null || stalledCut(buffer) === 0 ? null : lastPushMs + limits.maxWaitMs),
    poll(nowMs) {
      if (lastPushMs === null || nowMs < lastPushMs + limits.maxWaitMs) return []
      const end = stalledCut(buffer)
      return end === 0 ? [] : [cut(end)]
    },
    end() {
      const rest = buffer
      buffer = ''
      isFirst = true
      lastPushMs = null
      return rest === '' ? [] : [rest]
    },
  }
}

/** Behind the last white space, if a word is in front of it; 0 if there is none. */
function wordEnd(text: string): number {
  const found = /^[\s\S]*\S\s+/u.exec(text)
  return found === null ? 0 : found[0].length
}

/** What of stalled text is made of whole words: all of it behind a mark that no number or address can go on from. */
function stalledCut(text: string): number {
  if (!/[\p{L}\p{N}]/u.test(text)) return 0
  const lastWord = /\S+$/u.exec(text)?.[0] ?? ''
  if (lastWord === '') return text.length
  if (/[.!?…,;:。！？，、；：]["'”’»)\]」』）]*$/u.test(lastWord) && !/[\d@/]|\w\.\w/u.test(lastWord))
    return text.length
  if (wide.test(text.charAt(text.length - 1))) return text.length
  const end = text.length - lastWord.length
  return /[\p{L}\p{N}]/u.test(text.slice(0, end)) ? end : 0
}
