import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitText } from './split-text.ts'

const graphemes = (text: string): string[] =>
  Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), ({ segment }) => segment)
const anyText = fc
  .array(fc.constantFrom('word', 'a', ' ', '. ', '\n', '👩‍👩‍👧‍👦', 'é', '🇩🇪', '…', '長い文。', 'x'.repeat(30)), {
    maxLength: 60,
  })
  .map((parts) => parts.join(''))

test('LN-8 parts keep every grapheme, in order, and stay within the limit', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 12, max: 60 }), (text, maxLength) => {
      const parts = splitText(text, { maxLength, multipart: true })
      const spaceless = (value: string): string => value.replaceAll(/\s/g, '')
      expect(spaceless(parts.join(''))).toBe(spaceless(text))
      const whole = new Set(graphemes(text))
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(maxLength)
        for (const grapheme of graphemes(part)) expect(whole).toContain(grapheme)
      }
    }),
  )
})

test('LN-8 seams are at the ends of sentences, else of words', () => {
  expect(splitText('One is short. Two is a bit longer. Three', { maxLength: 36, multipart: true })).toEqual([
    'One is short. Two is a bit longer.',
    'Three',
  ])
  expect(splitText('no sentence ends in this text', { maxLength: 12, multipart: true })).toEqual([
    'no sentence',
    'ends in this',
    'text',
  ])
})

test('LN-8 a channel of one message gets the text cut with an ellipsis, graphemes whole', () => {
  expect(splitText('hello world', { maxLength: 6, multipart: false })).toEqual(['hello…'])
  expect(splitText(`ab👩‍👩‍👧‍👦cd`, { maxLength: 6, multipart: false })).toEqual(['ab…'])
  expect(splitText('fits', { maxLength: 4, multipart: false })).toEqual(['fits'])
})

test('LN-8 a grapheme longer than the limit stays whole', () => {
  expect(splitText('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', { maxLength: 4, multipart: true })).toEqual(['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦'])
})
