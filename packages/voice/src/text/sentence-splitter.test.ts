import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { splitSentences } from './sentence-boundary.ts'
import { createSentenceSplitter, sentenceSplitterDefaults } from './sentence-splitter.ts'

function splitWhole(text: string, language?: string): string[] {
  const splitter = createSentenceSplitter(language === undefined ? {} : { language })
  return [...splitter.push(text, 0), ...splitter.end()]
}

function splitBy(text: string, sizes: readonly number[], language?: string): string[] {
  const splitter = createSentenceSplitter(language === undefined ? {} : { language })
  const chunks: string[] = []
  let at = 0
  for (let turn = 0; at < text.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    chunks.push(...splitter.push(text.slice(at, at + size), 0))
    at += size
  }
  return [...chunks, ...splitter.end()]
}

const snippets = [
  'Hello',
  ' ',
  ', ',
  '. ',
  '! ',
  '? ',
  'Dr. Smith',
  '3.14',
  '10:30',
  'www.example.com/a?b=1',
  '…',
  '...',
]
const more = ['a@b.co', 'e.g. ', '。', '，', '你好', '\n', '"', ' «Oui» ', 'U.S. ', 'I. ', '😀', '**', 'z.B. ', '1. ']
const anyText = fc.array(fc.oneof(fc.constantFrom(...snippets, ...more), fc.string())).map((parts) => parts.join(''))
const anyLanguage = fc.constantFrom('en', 'fr', 'de', 'es', 'it', 'pt', 'nl', 'zh', 'ja', undefined)

describe('createSentenceSplitter', () => {
  test('defaults: lengths and waits of the splitter', () => {
    expect(sentenceSplitterDefaults).toEqual({
      firstMinChars: 20,
      firstClauseChars: 12,
      minChars: 40,
      lookaheadChars: 10,
      maxWaitMs: 400,
      maxChars: 400,
    })
  })

  test('S-1 chunks joined are the text, for any text, language and chunking', () => {
    fc.assert(
      fc.property(anyText, anyLanguage, fc.array(fc.nat(30), { minLength: 1 }), (text, language, sizes) => {
        const chunks = splitBy(text, sizes, language)
        expect(chunks.join('')).toBe(text)
        expect(chunks.every((chunk) => chunk !== '')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('S-1 chunks do not depend on how the text came', () => {
    fc.assert(
      fc.property(anyText, anyLanguage, fc.array(fc.nat(30), { minLength: 1 }), (text, language, sizes) => {
        expect(splitBy(text, sizes, language)).toEqual(splitBy(text, [1], language))
      }),
      { numRuns: 500 },
    )
  })

  test('S-1 polling between pieces loses and repeats nothing', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(20), { minLength: 1 }), (text, sizes) => {
        const splitter = createSentenceSplitter({ language: 'en' })
        let joined = ''
        let nowMs = 0
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
          joined += splitter.push(text.slice(at, at + size), nowMs).join('')
          at += size
          nowMs += 500
          joined += splitter.poll(nowMs).join('')
        }
        expect(joined + splitter.end().join('')).toBe(text)
      }),
    )
  })

  test('S-1 the first chunk may end at a clause mark from 12 characters', () => {
    expect(splitWhole('Yes, of course, I can look that up for you.')).toEqual([
      'Yes, of course, ',
      'I can look that up for you.',
    ])
    expect(splitWhole('Certainly, I can look that up for you.')).toEqual(['Certainly, I can look that up for you.'])
  })

  test('S-1 the comma of a date is no clause mark', () => {
    expect(splitWhole('It was on May 12, 2026, that we met them.')).toEqual([
      'It was on May 12, 2026, ',
      'that we met them.',
    ])
  })

  test('S-1 the first chunk may end at a line from 20 characters', () => {
    expect(splitWhole('These are the ones\nMilk and a loaf of bread')).toEqual([
      'These are the ones\nMilk and a loaf of bread',
    ])
    expect(splitWhole('These are the options\nMilk and a loaf of bread')).toEqual([
      'These are the options\n',
      'Milk and a loaf of bread',
    ])
  })

  test('S-1 later chunks have at least 40 characters and end at sentences', () => {
    const chunks = splitWhole(
      'I can help with that. It is easy. Tell me your name, please, and your address. Then we go on.',
    )
    expect(chunks).toEqual([
      'I can help with that. ',
      'It is easy. Tell me your name, please, and your address. ',
      'Then we go on.',
    ])
  })

  test('S-1 a boundary is believed once 10 characters follow', () => {
    const splitter = createSentenceSplitter({ language: 'en' })
    expect(splitter.push('I can help with that. Nine char', 0)).toEqual([])
    expect(createSentenceSplitter({ language: 'en' }).push('I can help with that. Nine chars', 0)).toEqual([
      'I can help with that. ',
    ])
  })

  test('S-1 a stalled model is waited for 400 ms, then whole words are given', () => {
    const splitter = createSentenceSplitter({ language: 'en' })
    expect(splitter.push('Let me che', 1_000)).toEqual([])
    expect(splitter.deadlineMs()).toBe(1_400)
    expect(splitter.poll(1_399)).toEqual([])
    expect(splitter.poll(1_400)).toEqual(['Let me '])
    expect(splitter.deadlineMs()).toBeNull()
    splitter.push('ck.', 1_500)
    expect(splitter.poll(1_900)).toEqual(['check.'])
    expect(splitter.end()).toEqual([])
  })

  test('S-1 a stall in the middle of a number or address does not cut it', () => {
    const number = createSentenceSplitter({ language: 'en' })
    number.push('It costs 3.', 0)
    expect(number.poll(400)).toEqual(['It costs '])
    expect([...number.push('14 euros', 500), ...number.end()]).toEqual(['3.14 euros'])
    const address = createSentenceSplitter({ language: 'en' })
    address.push('Write to anna@example.', 0)
    expect(address.poll(400)).toEqual(['Write to '])
  })

  test.each([
    ['en', 'Dr. Smith and Mrs. Jones met at 10.30 a.m. in St. Louis, e.g. near No. 5.', 1],
    ['en', 'Pi is 3.14 and see https://example.com/a.b?c=d. Then write to jo.doe@example.com. Done.', 3],
    ['en', 'J. R. R. Tolkien wrote it. So did I. Then he left.', 3],
    ['en', 'Well... maybe not. "Really?" she asked. The U.S. Army came.', 3],
    ['en', 'We close at 5 p.m. The next day we open at nine.', 2],
    ['de', 'Am 3. Mai kommt Hr. Dr. Maier, z.B. mit dem Zug. Das ist gut.', 2],
    ['fr', 'M. Dupont et Mme. Durand sont là. « Oui. » Ils partent !', 3],
    ['es', '¿Qué tal, Sr. López? Vive en la Avda. Mayor. ¡Bien!', 3],
    ['it', 'Il Sig. Rossi e il Dott. Bianchi arrivano. Va bene.', 2],
    ['pt', 'O Sr. Silva mora na Av. Paulista. Está bem.', 2],
    ['nl', 'Dhr. Jansen komt d.w.z. morgen. Tot dan.', 2],
    ['zh', '你好。我可以帮你吗？好的！', 3],
    ['ja', 'こんにちは。元気ですか？はい。', 3],
    [undefined, 'Это предложение. А это второе.', 2],
  ])('S-1 sentences of %s: %s', (language, text, count) => {
    const sentences = splitSentences(text, language)
    expect(sentences, sentences.join('|')).toHaveLength(count)
    expect(sentences.join('')).toBe(text)
  })

  test('S-1 text without any boundary is cut between words', () => {
    const text = 'word '.repeat(200)
    const chunks = splitWhole(text)
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks.slice(0, -1).every((chunk) => chunk.length <= 400 && chunk.endsWith(' '))).toBe(true)
  })

  test('an unknown option names the nearest known one', () => {
    // @ts-expect-error an option that does not exist
    expect(() => createSentenceSplitter({ minChar: 3 })).toThrow('Did you mean "minChars"?')
    expect(() => createSentenceSplitter({ minChars: -1 })).toThrow('from 0 up')
  })
})
