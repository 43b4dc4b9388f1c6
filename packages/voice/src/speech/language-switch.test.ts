import { expect, test } from 'vitest'

import { createLanguageSwitch, languageSwitchDefaults } from './language-switch.ts'

const german = { text: 'Ich möchte bitte mein Geld', language: 'de-DE', confidence: 0.9 }

test('L-2 defaults: turns, words and confidence of a change of language', () => {
  expect(languageSwitchDefaults).toEqual({ turns: 2, minWords: 4, minConfidence: 0.8 })
})

test('L-2 two turns in a row in one other allowed language change it', () => {
  const change = createLanguageSwitch({ allowed: ['de', 'fr'] })
  expect(change.turn(german, 'en')).toBeNull()
  expect(change.turn(german, 'en-GB')).toBe('de')
})

test('L-2 it is off until languages are allowed', () => {
  const change = createLanguageSwitch()
  expect([change.turn(german, 'en'), change.turn(german, 'en')]).toEqual([null, null])
})

test.each([
  ['fewer than 4 words', { ...german, text: 'Ja bitte sehr' }],
  ['low confidence', { ...german, confidence: 0.79 }],
  ['no confidence', { text: german.text, language: 'de' }],
  ['no language', { text: german.text, confidence: 1 }],
  ['the present language', { text: 'I want my money back', language: 'en', confidence: 1 }],
  ['another allowed language', { text: 'je voudrais mon argent', language: 'fr', confidence: 1 }],
  ['a language that is not allowed', { text: 'quiero mi dinero ahora', language: 'es', confidence: 1 }],
])('L-2 a turn with %s breaks the row', (_name, turn) => {
  const change = createLanguageSwitch({ allowed: ['de', 'fr'] })
  change.turn(german, 'en')
  expect(change.turn(turn, 'en')).toBeNull()
  expect(change.turn(german, 'en')).toBeNull()
  expect(change.turn(german, 'en')).toBe('de')
})

test('L-2 exactly 4 words and 0.8 count', () => {
  const change = createLanguageSwitch({ allowed: ['de'] })
  const least = { text: 'eins zwei drei vier', language: 'de', confidence: 0.8 }
  change.turn(least, 'en')
  expect(change.turn(least, 'en')).toBe('de')
})

test('L-2 Chinese is counted without white space', () => {
  const change = createLanguageSwitch({ allowed: ['zh'] })
  const turn = { text: '我想退款可以吗谢谢', language: 'zh', confidence: 0.9 }
  change.turn(turn, 'en')
  expect(change.turn(turn, 'en')).toBe('zh')
})
