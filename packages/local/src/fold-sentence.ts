/** One folded word of a sentence and the text it was read from. */
export interface Token {
  /** Lower case, without accents, contractions spelt out. */
  text: string
  /** As written; empty for the later words of a contraction. */
  raw: string
}

/** Words of a sentence that are looked at; what follows is ignored. */
export const MAX_TOKENS = 200

const wordPattern =
  /\p{N}{1,2}(?:st|nd|rd|th)(?![\p{L}\p{N}])|[$€£]?\p{N}+(?:[.,]\p{N}+)*(?:[:/-]\p{N}+)*|[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}]+)*/giu

const wholeWords: Record<string, readonly string[]> = {
  "won't": ['will', 'not'],
  wont: ['will', 'not'],
  "can't": ['can', 'not'],
  cant: ['can', 'not'],
  cannot: ['can', 'not'],
  dont: ['do', 'not'],
  doesnt: ['does', 'not'],
  didnt: ['did', 'not'],
  isnt: ['is', 'not'],
  wasnt: ['was', 'not'],
  im: ['i', 'am'],
  ive: ['i', 'have'],
  "let's": ['let', 'us'],
  lets: ['let', 'us'],
  whats: ['what', 'is'],
  thats: ['that', 'is'],
  gonna: ['going', 'to'],
  wanna: ['want', 'to'],
  ok: ['okay'],
}

const endings: readonly (readonly [string, string])[] = [
  ["n't", 'not'],
  ["'s", 'is'],
  ["'m", 'am'],
  ["'re", 'are'],
  ["'ve", 'have'],
  ["'ll", 'will'],
  ["'d", 'would'],
]

/** Splits a sentence into words with case, punctuation, accents and contractions folded; at most `MAX_TOKENS`. */
export function foldSentence(sentence: string): Token[] {
  const tokens: Token[] = []
  for (const [raw] of sentence.replace(/[’`´]/gu, "'").matchAll(wordPattern)) {
    const [first = '', ...rest] = spellOut(foldLetters(raw))
    tokens.push({ text: first, raw })
    for (const text of rest) tokens.push({ text, raw: '' })
    if (tokens.length >= MAX_TOKENS) return tokens.slice(0, MAX_TOKENS)
  }
  return tokens
}

/** The folded words of a text alone. */
export function foldWords(text: string): string[] {
  return foldSentence(text).map((token) => token.text)
}

function foldLetters(raw: string): string {
  return raw.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '')
}

function spellOut(word: string): readonly string[] {
  if (Object.hasOwn(wholeWords, word)) return wholeWords[word] ?? [word]
  for (const [ending, spelt] of endings) {
    if (word.endsWith(ending) && word.length > ending.length) return [word.slice(0, -ending.length), spelt]
  }
  return [word.replaceAll("'", '')]
}
