import { checkOptions, ParleyError } from '@parley/spec'

import { createHiddenTextFilter, type TextPart, type ToolCallText } from './hidden-text.ts'
import { emojiRules, markdownRules, urlRules } from './markup-rules.ts'
import { numberRules } from './number-rules.ts'
import { baseLanguage } from './sentence-boundary.ts'
import { holdBack } from './hold-back.ts'
import { realign, speakByRules, spokenText, type SpokenRule, type SpokenUnit } from './spoken-units.ts'

/** Changes what is said of a piece; the written text stays. */
export type SpokenFilter = (spoken: string, context: { language: string }) => string

/** What happens to a model's text before it is spoken. Filters run in this order. */
export interface TextFilterOptions {
  /** Calls that a model speaks instead of making them. @default true */
  toolCallText?: boolean
  /** Text in reasoning tags. @default true */
  reasoning?: boolean
  /** @default true */
  markdown?: boolean
  /** @default true */
  emoji?: boolean
  /** Of addresses only the domain is said. @default true */
  urls?: boolean
  /** Money, phone numbers, dates, units and ordinals, by language. @default true */
  numbers?: boolean
  /** How words are said, by the word as it is written; case does not matter. @default none */
  pronunciations?: Readonly<Record<string, string>>
  /** Own filters of what is said, in order. @default none */
  custom?: readonly SpokenFilter[]
}

/** What came out of the filters. */
export interface FilteredPiece {
  /** For captions and history. */
  written: string
  /** For the voice; empty where there is nothing to say. */
  spoken: string
  /** Which part of `written` is said by which part of `spoken`: joined they are the two. */
  units: readonly SpokenUnit[]
  /** A call that the model spoke: to be made if the tool exists and takes the arguments. */
  toolCall?: ToolCallText
  /** What was left out, for a receipt. */
  dropped?: { filter: 'toolCallText' | 'reasoning'; reason: string; characters: number }
}

/** The filters of one utterance. */
export interface TextFilters {
  /**
   * Takes text as it comes; what could still change its meaning is held back.
   * @param options - `isWhole`: the text ends behind a whole word, as a splitter's chunks do
   */
  push(text: string, options?: { isWhole?: boolean }): FilteredPiece[]
  /** Takes the last text and gives it with what was held back, as one piece if it can be; the filters start anew. */
  end(text?: string): FilteredPiece[]
}

/** The defaults of `createTextFilters`. */
export const textFilterDefaults: Required<TextFilterOptions> = {
  toolCallText: true,
  reasoning: true,
  markdown: true,
  emoji: true,
  urls: true,
  numbers: true,
  pronunciations: {},
  custom: [],
}

/**
 * Makes the filters between a model's text and a voice.
 * @throws {ParleyError} `invalid_options`
 */
export function createTextFilters(options: TextFilterOptions = {}, language?: string): TextFilters {
  checkOptions('createTextFilters', options, Object.keys(textFilterDefaults))
  const settings = { ...textFilterDefaults, ...options }
  if (settings.custom.some((filter) => typeof filter !== 'function')) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'createTextFilters: custom holds something that is no function. Give functions of the spoken text.',
      details: { path: 'custom', expected: 'functions' },
    })
  }
  const base = baseLanguage(language)
  const rules: SpokenRule[] = [
    ...(settings.markdown ? markdownRules : []),
    ...(settings.emoji ? emojiRules : []),
    ...(settings.urls ? urlRules : []),
    ...(settings.numbers ? numberRules(base) : []),
    ...pronunciationRules(settings.pronunciations),
  ]
  const phrases = Object.keys(settings.pronunciations).filter((phrase) => /\s/u.test(phrase))
  const hidden = createHiddenTextFilter(settings)
  let held = ''
  let before = '\n'
  // A block of code that began in an earlier piece.
  let isCode = false

  function take(part: TextPart, pieces: FilteredPiece[]): void {
    if (part.type === 'text') {
      held += part.text
      return
    }
    // What was written before a call is said before it.
    say(held.length, pieces)
    if (part.type === 'toolCall') pieces.push({ written: '', spoken: '', units: [], toolCall: part.toolCall })
    else {
      const { filter, reason, characters } = part
      pieces.push({ written: '', spoken: '', units: [], dropped: { filter, reason, characters } })
    }
  }

  function say(length: number, pieces: FilteredPiece[]): void {
    if (length === 0) return
    const written = held.slice(0, length)
    held = held.slice(length)
    const code = isCode ? codeLength(written) : 0
    const rest = written.slice(code)
    let units = speakByRules(rest, rules, code === 0 ? before : '`')
    if (code > 0) units = [{ written: written.slice(0, code), spoken: '' }, ...units]
    if (settings.markdown && (written.match(/```/gu)?.length ?? 0) % 2 === 1) isCode = !isCode
    for (const filter of settings.custom) {
      const spoken = spokenText(units)
      const changed = filter(spoken, { language: base })
      if (changed !== spoken) units = realign(units, changed)
    }
    // Rules that ask for the start of a line, or for what a word stands behind, look at this.
    before = written.endsWith('\n') ? '\n' : `\uFFFC${written.charAt(written.length - 1)}`
    pieces.push({ written, spoken: speakable(spokenText(units)), units })
  }

  return {
    push(text, { isWhole = false } = {}) {
      const pieces: FilteredPiece[] = []
      for (const part of hidden.push(text)) take(part, pieces)
      say(
        holdBack(held, { language: base, isLineStart: before === '\n', isCode, isWhole, phrases, ...settings }),
        pieces,
      )
      return pieces
    },
    end(text = '') {
      const pieces: FilteredPiece[] = []
      for (const part of hidden.push(text)) take(part, pieces)
      for (const part of hidden.end()) take(part, pieces)
      say(held.length, pieces)
      before = '\n'
      isCode = false
      return pieces
    },
  }
}

/** How much of a text belongs to the block of code that it begins in. */
function codeLength(text: string): number {
  const close = text.indexOf('```')
  return close < 0 ? text.length : close + 3
}

/** Nothing, if there is neither letter nor digit nor sign that a voice would say. */
function speakable(spoken: string): string {
  return /[\p{L}\p{N}\p{Sc}%&@+=]/u.test(spoken) ? spoken : ''
}

function pronunciationRules(words: Readonly<Record<string, string>>): SpokenRule[] {
  return Object.entries(words)
    .filter(([word]) => word !== '')
    .sort(([one], [other]) => other.length - one.length)
    .map(([word, spoken]) => {
      const literal = word.replace(/[\\^$.*+?()[\]{}|/-]/gu, (char) => `\\${char}`).replace(/\s+/gu, '\\s+')
      return { pattern: new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'giu'), speak: () => spoken }
    })
}
