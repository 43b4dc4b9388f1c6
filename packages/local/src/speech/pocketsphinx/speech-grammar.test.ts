import { expect, test } from 'vitest'
import { parseJsgf, sampleGrammar } from './jsgf-grammar.ts'
import { grammarOfWords, prepareGrammar } from './speech-grammar.ts'
import { writeTrigramModel } from './trigram-model.ts'
import { writeNumber } from './write-number.ts'

const series = (): (() => number) => {
  let state = 7
  return () => (state = (state * 1_103 + 12_345) % 65_536) / 65_536
}

test('E-4 sentences of a grammar are those it allows', () => {
  const grammar = parseJsgf(
    '#JSGF V1.0; grammar g; public <u> = [please] (pay | /0.2/ cancel {t}) <what> +; <what> = it | "all";',
  )
  const random = series()
  const said = new Set(Array.from({ length: 300 }, () => grammar && sampleGrammar(grammar, random).join(' ')))
  for (const sentence of said) expect(sentence).toMatch(/^(please )?(pay|cancel)( it| all)+$/u)
  expect(said).toContain('please cancel it')
  expect(said).toContain('pay all it')
})

test('E-4 a grammar without a public rule is none, and one that is circular ends', () => {
  expect(parseJsgf('grammar g; <a> = b;')).toBeUndefined()
  const circle = parseJsgf('public <a> = x <a>;')
  expect(circle && sampleGrammar(circle, series()).length).toBeLessThan(50)
})

test('E-4 chances after each context are one together', async () => {
  const model = await writeTrigramModel(
    [
      { words: ['pay', 'it'], weight: 2 },
      { words: ['pay', 'me'], weight: 1 },
      { words: ['it', 'works'], weight: 1 },
    ],
    ['pay', 'it', 'me', 'works', 'other'],
  )
  const section = (order: number): string[][] =>
    (model.split(`\\${order}-grams:\n`)[1] ?? '')
      .split('\n\n')[0]
      ?.split('\n')
      .map((line) => line.split('\t')) ?? []
  const chance = (logarithm: string | undefined): number => 10 ** Number(logarithm)
  const singles = new Map(
    section(1).map(([value, word, factor]) => [word ?? '', { chance: chance(value), factor: chance(factor ?? '0') }]),
  )
  const total = [...singles].reduce((sum, [word, { chance: share }]) => (word === '<s>' ? sum : sum + share), 0)
  expect(total).toBeCloseTo(1, 2)
  const pairs = new Map(section(2).map(([value, words]) => [words ?? '', chance(value)]))
  for (const context of ['<s>', 'pay', 'it']) {
    const { factor = 1 } = singles.get(context) ?? {}
    const after = [...singles.keys()].filter((word) => word !== '<s>')
    const sum = after.reduce(
      (all, word) => all + (pairs.get(`${context} ${word}`) ?? factor * (singles.get(word)?.chance ?? 0)),
      0,
    )
    expect(sum, context).toBeCloseTo(1, 2)
  }
})

test('E-4 figures are words, contractions are known, and words nobody can say are named', async () => {
  const entries = ["don't", 'do', 'not', 'know', 'two', 'times', 'yes']
  const pronunciations = new Map(entries.map((word) => [word, `${word} X`]))
  const grammar = await prepareGrammar('#JSGF V1.0; public <u> = do not know | 2 times | zyx yes;', pronunciations)
  expect(grammar?.languageModel).toMatch(/\tdon't know\t/u)
  expect(grammar?.languageModel).toMatch(/\tdo not\t/u)
  expect(grammar?.languageModel).toMatch(/\ttwo times\t/u)
  expect(grammar?.unknown).toContain('zyx')
  expect(grammar?.dictionary).toContain("don't X")
})

test('E-4 a list of words is a grammar of any number of them', () => {
  const grammar = parseJsgf(grammarOfWords(['Ada', 'Grace Hopper']))
  expect(grammar && sampleGrammar(grammar, series()).every((word) => ['ada', 'grace', 'hopper'].includes(word))).toBe(
    true,
  )
})

test('numbers are written as they are said', () => {
  expect([0, 13, 40, 42, 100, 305, 1_000, 12_050].map(writeNumber)).toEqual([
    'zero',
    'thirteen',
    'forty',
    'forty two',
    'one hundred',
    'three hundred five',
    'one thousand',
    'twelve thousand fifty',
  ])
})
