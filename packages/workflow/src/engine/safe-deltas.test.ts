import { redactText } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SafeDeltas } from './safe-deltas.ts'

function show(pieces: readonly string[]): { shown: string[]; end: () => string } {
  const shown: string[] = []
  const deltas = new SafeDeltas(redactText, (text) => void shown.push(text))
  for (const piece of pieces) deltas.add(piece)
  return {
    shown,
    end() {
      deltas.end()
      return shown.join('')
    },
  }
}

function cut(text: string, size: number): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
}

test('S4 plain words are shown at once, as they come', () => {
  expect(show(['Hello', ', ', 'world', '.']).shown).toEqual(['Hello', ', ', 'world', '.'])
})

const filler = ['Qw8', 'zr4', 'Ty6', 'pL2'].join('')

test('S4 what may be the beginning of a key is held until it is known', () => {
  const held = show(['Use ', 'sk-'])
  expect(held.shown).toEqual(['Use '])
  expect(held.end()).toBe('Use sk-')
  expect(show(['Use ', 'sk-', filler, ' now']).end()).toBe('Use [REDACTED_KEY] now')
})

/** Credentials that nobody has, of a form that is known or under a name that is. */
const secretSamples = [
  { label: 'a vendor key', name: 'note', value: ['sk', filler].join('-'), isKnownForm: true },
  { label: 'a key of a host', name: 'note', value: ['ghp', filler].join('_'), isKnownForm: true },
  { label: 'a cloud key', name: 'note', value: ['AKIA', '7Q4ZR2MX9KTBW5NC'].join(''), isKnownForm: true },
  { label: 'a password', name: 'password', value: filler, isKnownForm: false },
  { label: 'a token', name: 'access_token', value: filler, isKnownForm: false },
]

test.each([1, 3, 7])('S4 no sample comes out in pieces of %i characters', (size) => {
  for (const { label, name, value, isKnownForm } of secretSamples) {
    const text = isKnownForm ? `Take ${value} then go.` : `{"${name}": "${value}"} then go.`
    const { end } = show(cut(text, size))
    const shown = end()
    // At most the letters that announce a key were on their way before it was known for one.
    expect(shown, label).toMatch(/^(?:Take |\{)[\s\S]*\[REDACTED(?:_KEY)?\][\s\S]* then go\.$/)
    expect(shown, label).not.toContain(value.slice(-Math.min(12, value.length - 3)))
    expect(shown.length - redactText(text).length, label).toBeLessThan(12)
  }
})

test('S4 a block of several lines is one credential', () => {
  const block = [
    '-----BEGIN RSA ',
    'PRIVATE KEY-----\n',
    `${filler}\n`,
    `${filler}\n`,
    '-----END RSA PRIVATE KEY-----',
    ' ok\n',
  ]
  expect(show(block).end()).toBe('[REDACTED_KEY] ok\n')
})

test('S4 a long text without line feeds is not read again from its beginning', () => {
  let read = 0
  const deltas = new SafeDeltas(
    (text) => {
      read += text.length
      return text
    },
    () => {},
  )
  const words = 20_000
  for (let index = 0; index < words; index += 1) deltas.add('word ')
  deltas.end()
  expect(read).toBeLessThan(words * 5 * 6 * 2_500)
})

test('S4 nothing is lost and nothing added, however a text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      fc.pre(redactText(text) === text)
      expect(show(pieces).end()).toBe(text)
    }),
  )
})
