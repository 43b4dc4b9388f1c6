import { callerEnglish, commonWords } from './caller-english.ts'
import { parseJsgf, sampleGrammar, type JsgfGrammar } from './jsgf-grammar.ts'
import type { Pronunciations } from './pronunciations.ts'
import { writeTrigramModel, type WeighedSentence } from './trigram-model.ts'
import { writeNumber } from './write-number.ts'

/** A language model made from a grammar, with the dictionary of its words alone: a small one loads in no time. */
export interface SpeechGrammar {
  /** In the ARPA form. */
  languageModel: string
  dictionary: string
  /** Words of the grammar that cannot be recognized, because nobody knows how they sound. */
  unknown: string[]
}

/** What people say for two words of a grammar. */
const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bdo not\b/gu, "don't"],
  [/\bdoes not\b/gu, "doesn't"],
  [/\bdid not\b/gu, "didn't"],
  [/\bcan not\b/gu, "can't"],
  [/\bis not\b/gu, "isn't"],
  [/\bi am\b/gu, "i'm"],
  [/\bi would\b/gu, "i'd"],
  [/\bit is\b/gu, "it's"],
  [/\bthat is\b/gu, "that's"],
  [/\bwhat is\b/gu, "what's"],
]

const SAMPLES = 6_000
/** Shares of lines: the grammar alone, with something round it, and callers' English alone. */
const ALONE = 0.45
const ROUNDED = 0.3

/**
 * Prepares a grammar: it is spoken a few thousand times, alone and among what callers say, and a trigram model is made
 * of that. So what the grammar names is likely and nothing is forced: what a strict search would bend to the nearest
 * phrase stays what was said. Figures are written as words; lines with a word that the dictionary lacks are left out.
 * `undefined` where it is no grammar.
 */
export async function prepareGrammar(jsgf: string, pronunciations: Pronunciations): Promise<SpeechGrammar | undefined> {
  const grammar = parseJsgf(jsgf)
  const caller = parseJsgf(callerEnglish)
  if (!grammar || !caller) return undefined
  const unknown = new Set<string>()
  const vocabulary = new Set(commonWords.filter((word) => pronunciations.has(word)))
  const sentences: WeighedSentence[] = []
  for (const sampled of sampleLines(grammar, caller)) {
    const words = sampled.split(' ').filter((word) => word !== '')
    const missing = words.filter((word) => !pronunciations.has(word))
    for (const word of missing) unknown.add(word)
    if (missing.length > 0 || words.length === 0) continue
    for (const word of words) vocabulary.add(word)
    sentences.push({ words, weight: 1 })
  }
  return {
    languageModel: await writeTrigramModel(sentences, vocabulary),
    dictionary: `${[...vocabulary].map((word) => pronunciations.get(word) ?? '').join('\n')}\n`,
    unknown: [...unknown],
  }
}

/** A grammar of any number of the given words. */
export function grammarOfWords(words: readonly string[]): string {
  const spoken = [...new Set(words.flatMap((word) => word.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}']*/gu) ?? []))]
  return `#JSGF V1.0;\ngrammar words;\npublic <utterance> = (${spoken.join(' | ')})+;\n`
}

/** The same lines each time, so that a call is understood alike tomorrow. */
function* sampleLines(grammar: JsgfGrammar, caller: JsgfGrammar): Generator<string, void, void> {
  const random = createSeries()
  for (let count = 0; count < SAMPLES; count += 1) {
    const kind = random()
    const words: string[] = []
    if (kind >= ALONE) words.push(...sampleGrammar(caller, random))
    if (kind < ALONE + ROUNDED) words.push(...sampleGrammar(grammar, random))
    if (kind >= ALONE && kind < ALONE + ROUNDED && random() < 0.5) words.push(...sampleGrammar(caller, random))
    const line = words
      .map((word) => (/^\d{1,6}$/u.test(word) ? writeNumber(Number(word)) : word))
      .join(' ')
      .trim()
    yield random() < 0.5 ? contractions.reduce((text, [pattern, form]) => text.replaceAll(pattern, form), line) : line
  }
}

/** Numbers in [0, 1) that are always the same ones: a linear congruence with the constants of Numerical Recipes. */
function createSeries(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
