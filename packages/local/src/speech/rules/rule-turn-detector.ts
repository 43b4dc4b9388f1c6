import { checkOptions, type TurnDetector, type TurnHint, type TurnPredictionInput } from '@parley/spec'
import { languageOf, wordsOf } from './language-of.ts'
import { turnWords, type TurnWords } from './turn-words.ts'

/** Options of `createRuleTurnDetector`. */
export interface RuleTurnDetectorOptions {
  /** Words by language; given ones replace or add languages. @default English, French, German and Spanish */
  words?: Readonly<Record<string, TurnWords>>
}

/** From here on a turn counts as over. */
const THRESHOLD = 0.5

/**
 * Predicts by words whether somebody has finished: an open conjunction, article, preposition or hesitation and unfinished
 * digits say no; a whole clause, a polite closing and an answer to a question for yes or no say yes. Punctuation is not
 * needed. Languages it has no words for are `null`.
 * @throws {ParleyError} `invalid_options`
 */
export function createRuleTurnDetector(options: RuleTurnDetectorOptions = {}): TurnDetector {
  checkOptions('createRuleTurnDetector', options, ['words'])
  const languages = { ...turnWords, ...options.words }
  return {
    info: {
      id: 'rules',
      languages: Object.keys(languages),
      modality: 'text',
      thresholds: { default: THRESHOLD },
    },
    async predict(input) {
      const language = languages[languageOf(input.language)]
      return language ? judge(input, language) : null
    },
  }
}

function judge({ text, turns, hint }: TurnPredictionInput, language: TurnWords): number {
  const words = wordsOf(text)
  const last = words.at(-1)
  if (last === undefined) return 0.1
  const byHint = hint && judgeHint(hint, text, words, language)
  if (byHint !== undefined) return byHint
  const isHesitating = language.hesitation.has(last) && words.length > 1
  if (isHesitating || (words.length === 1 && /^(?:um+|uh+|h+m+|er+m?|äh+m?|euh)$/u.test(last))) return 0.05
  if (/(?:\.\.\.|…|,|-)\s*$/u.test(text)) return 0.15
  if (isAnswer(words, turns, language)) return 0.95
  if (endsWith(words, language.closing)) return 0.95
  if (endsWith(words, language.openPhrases) || language.open.has(last)) return 0.1
  if (/[.?!]["')]?\s*$/u.test(text)) return 0.9
  if (words.length === 1 && language.answers.has(last)) return 0.8
  if (words.length >= 3 && words.some((word) => language.clause.has(word))) return 0.8
  return words.length >= 2 ? 0.6 : 0.5
}

/** What the hint alone can tell: digits and letters are counted, a yes or no is enough. */
function judgeHint(
  { expect, minLength, maxLength }: TurnHint,
  text: string,
  words: readonly string[],
  language: TurnWords,
): number | undefined {
  if (expect === 'yesNo') return language.answers.has(words[0] ?? '') ? 0.95 : undefined
  if (expect === 'digits' || expect === 'spelling') {
    const count = expect === 'digits' ? countDigits(text, words, language) : countLetters(words)
    if (count === 0) return undefined
    if (minLength !== undefined && count < minLength) return 0.05
    if (maxLength !== undefined && count >= maxLength) return 0.95
    if (minLength !== undefined) return 0.8
    return 0.3
  }
  if (expect === 'email' && /\b(?:at|dot|@)\s*$/iu.test(text)) return 0.05
  return undefined
}

function countDigits(text: string, words: readonly string[], { digits }: TurnWords): number {
  const figures = text.match(/\d/gu)?.length ?? 0
  const order = [...digits]
  let spoken = 0
  let factor = 1
  for (const word of words) {
    if (word === 'double' || word === 'triple') {
      factor = word === 'double' ? 2 : 3
      continue
    }
    if (order.includes(word)) spoken += factor
    factor = 1
  }
  return figures + spoken
}

function countLetters(words: readonly string[]): number {
  return words.filter((word) => /^.$/u.test(word)).length
}

function isAnswer(words: readonly string[], turns: TurnPredictionInput['turns'], language: TurnWords): boolean {
  if (words.length > 3 || !language.answers.has(words[0] ?? '')) return false
  // "Yes it does" is whole, "yes but" and "yes and the" are not.
  const isClause = words.length === 3 && language.clause.has(words[1] ?? '')
  if (words.length > 1 && !isClause && language.open.has(words.at(-1) ?? '')) return false
  const asked = turns.findLast(({ role }) => role === 'assistant')?.text
  const question = asked?.split(/(?<=[.!?])\s+/u).at(-1) ?? ''
  return question.includes('?') && language.asking.has(wordsOf(question)[0] ?? '')
}

function endsWith(words: readonly string[], phrases: readonly string[]): boolean {
  const text = ` ${words.join(' ')}`
  return phrases.some((phrase) => text.endsWith(` ${phrase}`))
}
