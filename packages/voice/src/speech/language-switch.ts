import { checkOptions } from '@parley/spec'

import { baseLanguage } from '../text/sentence-boundary.ts'

/** When a call changes its language by itself. */
export interface LanguageSwitchOptions {
  /** Languages it may change to. @default none: it never does */
  allowed?: readonly string[]
  /** Turns in a row that have to be in the other language. @default 2 */
  turns?: number
  /** Words each of them has at least. @default 4 */
  minWords?: number
  /** How sure the recognizer is of each at least, 0 to 1. @default 0.8 */
  minConfidence?: number
}

/** A person's turn as it was recognized. */
export interface RecognizedTurn {
  text: string
  language?: string
  confidence?: number
}

/** The defaults of `createLanguageSwitch`. */
export const languageSwitchDefaults = { turns: 2, minWords: 4, minConfidence: 0.8 } as const

/** Watches in which language a person speaks. */
export function createLanguageSwitch(options: LanguageSwitchOptions = {}): {
  /** The language to change to, or `null`. A turn that does not count breaks the row. */
  turn(turn: RecognizedTurn, current: string): string | null
} {
  checkOptions('createLanguageSwitch', options, ['allowed', ...Object.keys(languageSwitchDefaults)])
  const { allowed = [], turns, minWords, minConfidence } = { ...languageSwitchDefaults, ...options }
  let candidate: string | null = null
  let row = 0
  return {
    turn({ text, language, confidence = 0 }, current) {
      const base = baseLanguage(language)
      const target = allowed.find((each) => baseLanguage(each) === base)
      const counts =
        target !== undefined &&
        base !== baseLanguage(current) &&
        confidence >= minConfidence &&
        countWords(text) >= minWords
      row = counts ? (candidate === target ? row + 1 : 1) : 0
      candidate = counts ? target : null
      if (candidate === null || row < turns) return null
      row = 0
      return candidate
    },
  }
}

/** Words; of scripts that do not part them, two characters are about one. */
function countWords(text: string): number {
  const wide = text.match(/[\u3041-\u30FF\u3400-\u9FFF\uF900-\uFAFF]/gu)?.length ?? 0
  const rest = text.replace(/[\u3041-\u30FF\u3400-\u9FFF\uF900-\uFAFF]/gu, ' ').match(/[\p{L}\p{N}]+/gu)?.length ?? 0
  return rest + Math.floor(wide / 2)
}
