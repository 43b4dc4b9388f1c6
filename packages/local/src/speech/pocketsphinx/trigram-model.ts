/** Sentences with what each counts. */
export interface WeighedSentence {
  words: readonly string[]
  weight: number
}

type Counts = Map<string, Map<string, number>>

const START = '<s>'
const END = '</s>'
/** What a word of the vocabulary counts that no sentence has. */
const UNSEEN_WEIGHT = 0.3
/** Work between two turns of the event loop. */
const SENTENCES_AT_ONCE = 1_000
const CONTEXTS_AT_ONCE = 40
/** Taken from each count for what was not seen. */
const DISCOUNT = 0.5

/**
 * Makes a trigram model in the ARPA form, smoothed by absolute discounting with back-off. Words of `vocabulary` may come
 * anywhere, at a price. It takes about 0.1 s and lets go of the thread every few milliseconds: calls run beside it.
 */
export async function writeTrigramModel(
  sentences: Iterable<WeighedSentence>,
  vocabulary: Iterable<string>,
): Promise<string> {
  const one: Counts = new Map()
  const two: Counts = new Map()
  const three: Counts = new Map()
  let count = 0
  for (const { words, weight } of sentences) {
    if ((count += 1) % SENTENCES_AT_ONCE === 0) await letGo()
    const line = [START, ...words, END]
    line.forEach((word, at) => {
      const before = line[at - 1]
      const first = line[at - 2]
      if (at > 0) add(one, '', word, weight)
      if (before !== undefined) add(two, before, word, weight)
      if (before !== undefined && first !== undefined) add(three, `${first} ${before}`, word, weight)
    })
  }
  for (const word of vocabulary) add(one, '', word, UNSEEN_WEIGHT)
  const singles = shares(one.get('') ?? new Map())
  const pairs = new Map([...two].map(([context, counts]) => [context, discounted(counts)]))
  const triples = new Map([...three].map(([context, counts]) => [context, discounted(counts)]))

  const pairChance = (context: string, word: string): number =>
    pairs.get(context)?.get(word) ?? backOff(pairs.get(context), singles) * (singles.get(word) ?? 0)
  const oneLines = [[START, 0] as const, ...singles].map(([word, chance]) =>
    line(chance, word, pairs.has(word) ? backOff(pairs.get(word), singles) : undefined),
  )
  const twoLines: string[] = []
  for (const [context, chances] of pairs) {
    if ((count += 1) % CONTEXTS_AT_ONCE === 0) await letGo()
    for (const [word, chance] of chances) {
      const key = `${context} ${word}`
      const lower = new Map([...(triples.get(key)?.keys() ?? [])].map((next) => [next, pairChance(word, next)]))
      twoLines.push(line(chance, key, triples.has(key) ? backOff(triples.get(key), lower) : undefined))
    }
  }
  await letGo()
  const threeLines = [...triples].flatMap(([context, chances]) =>
    [...chances].map(([word, chance]) => line(chance, `${context} ${word}`)),
  )
  const parts = [oneLines, twoLines, threeLines]
  const head = parts.map((lines, index) => `ngram ${index + 1}=${lines.length}`)
  const body = parts.flatMap((lines, index) => ['', `\\${index + 1}-grams:`, ...lines])
  return ['', '\\data\\', ...head, ...body, '', '\\end\\', ''].join('\n')
}

function letGo(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function add(counts: Counts, context: string, word: string, weight: number): void {
  const words = counts.get(context) ?? new Map<string, number>()
  counts.set(context, words.set(word, (words.get(word) ?? 0) + weight))
}

function shares(counts: ReadonlyMap<string, number>): Map<string, number> {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return new Map([...counts].map(([word, count]) => [word, count / total]))
}

/** Shares that leave something for what was not seen. */
function discounted(counts: ReadonlyMap<string, number>): Map<string, number> {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return new Map([...counts].map(([word, count]) => [word, (count - Math.min(DISCOUNT, count / 2)) / total]))
}

/** The factor for the lower order, so that all chances after a context are one together. */
function backOff(chances: ReadonlyMap<string, number> | undefined, lower: ReadonlyMap<string, number>): number {
  if (!chances) return 1
  let seen = 0
  let covered = 0
  for (const [word, chance] of chances) {
    seen += chance
    covered += lower.get(word) ?? 0
  }
  return Math.max(1e-6, 1 - seen) / Math.max(1e-6, 1 - covered)
}

function line(chance: number, words: string, factor?: number): string {
  const logarithm = (value: number): string => (value > 0 ? Math.log10(value).toFixed(4) : '-99')
  return factor === undefined
    ? `${logarithm(chance)}\t${words}`
    : `${logarithm(chance)}\t${words}\t${logarithm(factor)}`
}
