import { writeNumber } from './write-number.ts'
import type { Pronunciations } from './pronunciations.ts'

/** A grammar that the recognizer takes, with the dictionary of its words alone: a small one loads in no time. */
export interface SpeechGrammar {
  jsgf: string
  dictionary: string
  /** Words that cannot be recognized, because nobody knows how they sound. */
  unknown: string[]
}

/** What people say for two words of a grammar. */
const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bdo not\b/gu, "(do not | don't)"],
  [/\bdoes not\b/gu, "(does not | doesn't)"],
  [/\bdid not\b/gu, "(did not | didn't)"],
  [/\bcan not\b/gu, "(can not | cannot | can't)"],
  [/\bis not\b/gu, "(is not | isn't)"],
  [/\bi am\b/gu, "(i am | i'm)"],
  [/\bit is\b/gu, "(it is | it's)"],
  [/\bthat is\b/gu, "(that is | that's)"],
  [/\bwhat is\b/gu, "(what is | what's)"],
]

const WORD = /[\p{L}\p{N}][\p{L}\p{N}']*/gu

/**
 * Prepares a grammar: figures are written as words, contractions are added, and a word that the dictionary lacks makes
 * its alternative unspeakable, where the recognizer would refuse the whole grammar.
 */
export function prepareGrammar(jsgf: string, pronunciations: Pronunciations): SpeechGrammar {
  const used = new Map<string, string>()
  const unknown = new Set<string>()
  const toKnown = (word: string): string => {
    const entry = pronunciations.get(word)
    if (entry === undefined) {
      unknown.add(word)
      return '<VOID>'
    }
    used.set(word, entry)
    return word
  }
  const lines = jsgf.split(';').map((line) => {
    const at = line.indexOf('=')
    if (at < 0) return line
    const body = line
      .slice(at + 1)
      .toLowerCase()
      .replaceAll('’', "'")
    return `${line.slice(0, at + 1)}${mapWords(body, toKnown)}`
  })
  return { jsgf: lines.join(';'), dictionary: `${[...used.values()].join('\n')}\n`, unknown: [...unknown] }
}

/** A grammar of any number of the given words. */
export function grammarOfWords(words: readonly string[]): string {
  const spoken = [...new Set(words.flatMap((word) => word.toLowerCase().match(WORD) ?? []))]
  return `#JSGF V1.0;\ngrammar words;\npublic <utterance> = (${spoken.join(' | ')})+;\n`
}

/** Changes the words of a rule's body and leaves rule names, weights and signs alone. */
function mapWords(body: string, toKnown: (word: string) => string): string {
  const parts = body.split(/(<[^>]*>|\/[^/]*\/|\{[^}]*\})/u)
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part
      const written = part.replaceAll(/\b\d{1,6}\b/gu, (figures) => writeNumber(Number(figures)))
      const spoken = contractions.reduce((text, [pattern, form]) => text.replaceAll(pattern, form), written)
      return spoken.replaceAll(WORD, toKnown)
    })
    .join('')
}
