import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldWords } from './fold-sentence.ts'
import { matchPattern, MAX_GAP_WORDS } from './match-pattern.ts'
import { compilePattern, PatternFault, type PatternNames } from './pattern.ts'

const names: PatternNames = {
  groups: new Map([
    ['charge', [['charge'], ['charged'], ['billed', 'for']]],
    ['twice', [['twice'], ['two', 'times']]],
  ]),
  slots: new Set(['amount']),
}

function match(pattern: string, sentence: string) {
  const words = foldWords(sentence)
  return matchPattern(compilePattern(pattern, names), words, (_, at) =>
    /^\$\d+$/u.test(words[at] ?? '') ? [{ length: 1, value: words[at] ?? '' }] : [],
  )
}

test.each([
  ['internet down', 'Is my INTERNET down?', 2],
  ['(internet|wi fi) [is] (down|dead)', 'the wi-fi is dead', 4],
  ['(internet|wi fi) [is] (down|dead)', 'internet down', 2],
  ['<charge> * <twice>', 'I was billed for October two times', 4],
  ["don't [want|need] it", 'I do not need it', 4],
  ['{amount} [was] taken <twice>', '$79 was taken twice', 3],
  ['cafe', 'Café!', 1],
])('%s fits "%s" with %i fixed words', (pattern, sentence, fixedWords) => {
  expect(match(pattern, sentence)?.fixedWords).toBe(fixedWords)
})

test.each([
  ['internet down', 'down internet'],
  ['internet down', 'internet is down'],
  ['a * b', 'a 1 2 3 4 5 6 7 b'],
  ['{amount} taken', '79 taken'],
])('%s does not fit "%s"', (pattern, sentence) => {
  expect(match(pattern, sentence)).toBeUndefined()
})

test('a gap takes up to six words', () => {
  expect(MAX_GAP_WORDS).toBe(6)
  expect(match('a * b', 'a 1 2 3 4 5 6 b')?.fixedWords).toBe(2)
})

test('a slot of a pattern is captured', () => {
  expect(match('{amount} taken', 'they have $79 taken')?.captures).toEqual({ amount: '$79' })
})

test.each([
  '(a',
  'a)',
  '[a',
  '<none>',
  '{none}',
  '(a|)',
  '[]',
  '*',
  '[a] *',
  'a | b',
  '<charge',
  '((((((((((a))))))))))',
  'x'.repeat(501),
])('the pattern %s is refused', (pattern) => {
  expect(() => compilePattern(pattern, names)).toThrow(PatternFault)
})

describe('for any pattern and sentence', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'internet', 'twice')
  const { node: anyPattern } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      word,
      fc.constant('*'),
      fc.constant('{amount}'),
      fc.constantFrom('<charge>', '<twice>'),
      fc.tuple(tie('node'), tie('node')).map(([left, right]) => `${left} ${right}`),
      fc.tuple(tie('node'), tie('node')).map(([left, right]) => `(${left}|${right})`),
      tie('node').map((inner) => `[${inner}]`),
    ),
  }))
  const sentence = fc
    .array(fc.oneof(word, fc.constant('$5'), fc.constant('charged')), { maxLength: 30 })
    .map((words) => words.join(' '))

  const attempt = (pattern: string, text: string) => {
    try {
      return match(pattern, text) ?? 'none'
    } catch (error) {
      if (error instanceof PatternFault) return 'fault'
      throw error
    }
  }

  test('matching ends, is repeatable and counts no more words than there are', () => {
    fc.assert(
      fc.property(anyPattern, sentence, (pattern, text) => {
        const found = attempt(pattern, text)
        expect(attempt(pattern, text)).toEqual(found)
        if (typeof found !== 'string') expect(found.fixedWords).toBeLessThanOrEqual(foldWords(text).length)
      }),
      { numRuns: 500 },
    )
  })

  test('words before and after never take a match away', () => {
    fc.assert(
      fc.property(anyPattern, sentence, (pattern, text) => {
        const found = attempt(pattern, text)
        if (typeof found === 'string') return
        const wider = attempt(pattern, `zz ${text} zz`)
        expect(typeof wider === 'string' ? wider : wider.fixedWords).toBeGreaterThanOrEqual(found.fixedWords)
      }),
      { numRuns: 300 },
    )
  })

  test('any text is a pattern or a fault', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), sentence, (pattern, text) => void attempt(pattern, text)))
  })
})

test('a pattern tells which words it cannot do without', () => {
  const needs = (source: string) => compilePattern(source, names).needs.map((words) => [...words])
  expect(needs('my <charge> [a] * (b c|d) {amount}')).toEqual([['my'], ['charge', 'charged', 'billed'], ['b', 'd']])
  expect(needs('({amount}|a)')).toEqual([])
})
