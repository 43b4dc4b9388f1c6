import { checkOptions, type BackchannelDetector } from '@parley/spec'
import { languageOf, wordsOf } from './language-of.ts'

/** Options of `createRuleBackchannel`. */
export interface RuleBackchannelOptions {
  /** Words that take no floor, by language; given ones replace or add languages. @default en, fr, de, es */
  words?: Readonly<Record<string, readonly string[]>>
  /** Longer ones are turns. @default 3 */
  maxWords?: number
  /** Longer ones are turns, in milliseconds. @default 1 200 */
  maxMs?: number
}

const listening: Readonly<Record<string, readonly string[]>> = {
  en: 'mm mmm hm hmm mhm mmhm uh huh uhhuh yeah yep yes okay ok right sure i see aha ah oh good great alright all got it understood'.split(
    ' ',
  ),
  fr: 'mm hm hum mhm oui ouais ok okay daccord accord d bien ah oh je vois super entendu'.split(' '),
  de: 'mm hm hmm mhm ja jaja okay ok gut genau aha ach so ah oh verstehe alles klar'.split(' '),
  es: 'mm hm aja ajá sí si ok okay vale ya claro bien ah oh entiendo'.split(' '),
}

/** Words of the lists that are backchannels in a phrase alone, never by themselves. */
const never = new Set(['i', 'see', 'got', 'it', 'all', 'd', 'je', 'vois', 'so', 'alles'])

/**
 * Tells "mm-hm" from words that want the floor, by lists. Languages it has no list for are never backchannels.
 * @throws {ParleyError} `invalid_options`
 */
export function createRuleBackchannel(options: RuleBackchannelOptions = {}): BackchannelDetector {
  checkOptions('createRuleBackchannel', options, ['words', 'maxWords', 'maxMs'])
  const { maxWords = 3, maxMs = 1_200 } = options
  const lists = new Map(
    Object.entries({ ...listening, ...options.words }).map(([language, words]) => [language, new Set(words)]),
  )
  return {
    isBackchannel({ text, language, durationMs }) {
      const words = wordsOf(text)
      const list = lists.get(languageOf(language))
      if (!list || words.length === 0 || words.length > maxWords || durationMs > maxMs) return false
      if (words.length === 1 && never.has(words[0] ?? '')) return false
      return words.every((word) => list.has(word))
    },
  }
}
