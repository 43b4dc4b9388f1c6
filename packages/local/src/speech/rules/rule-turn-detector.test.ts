import type { TurnHint } from '@parley/spec'
import { turnDetectorSuite } from '@parley/testing/conformance'
import { describe, expect, test } from 'vitest'
import { createRuleTurnDetector } from './rule-turn-detector.ts'

const detector = createRuleTurnDetector()

turnDetectorSuite('rules, en', () => ({
  detector,
  finished: [
    'I was charged twice on my last bill',
    'Thank you.',
    'I want to cancel my contract please',
    'my internet is down',
  ],
  unfinished: ['I was charged and', 'it is about the', 'I would like to', 'my bill um', 'I need help with'],
}))
turnDetectorSuite('rules, fr', () => ({
  detector,
  language: 'fr-CA',
  finished: ['je voudrais parler à quelqu’un', 'merci beaucoup', 'ma connexion est en panne depuis hier'],
  unfinished: ['je voudrais', 'c’est pour la', 'ma facture et', 'alors euh'],
}))
turnDetectorSuite('rules, de', () => ({
  detector,
  language: 'de',
  finished: ['mein Internet ist seit gestern tot', 'vielen Dank', 'ich möchte kündigen bitte'],
  unfinished: ['ich möchte', 'es geht um die', 'meine Rechnung und', 'also äh'],
}))
turnDetectorSuite('rules, es', () => ({
  detector,
  language: 'es-MX',
  finished: ['quiero cancelar mi contrato', 'muchas gracias', 'no tengo internet desde ayer'],
  unfinished: ['quiero', 'es sobre la', 'mi factura y', 'tengo un problema con'],
}))

const predict = (
  text: string,
  more: { hint?: TurnHint; agent?: string; language?: string } = {},
): Promise<number | null> =>
  detector.predict({
    text,
    turns: [{ role: 'assistant', text: more.agent ?? 'How can I help you?' }],
    signal: new AbortController().signal,
    ...(more.hint && { hint: more.hint }),
    ...(more.language !== undefined && { language: more.language }),
  })

describe('by kind', () => {
  test.each([
    ['a conjunction', 'I was charged twice and'],
    ['an article', 'I would like to speak to the'],
    ['a preposition', 'I have a question about'],
    ['a hesitation', 'I was charged um'],
    ['a hesitation alone', 'um'],
  ])('E-7 what ends in %s is low, with and without punctuation', async (_kind, text) => {
    expect(await predict(text)).toBeLessThan(0.3)
    expect(await predict(`${text}...`)).toBeLessThan(0.3)
  })

  test.each([
    ['a complete clause', 'my internet keeps dropping every evening'],
    ['a polite closing', 'a new modem please'],
    ['a closing alone', 'that is all'],
  ])('E-7 %s is high, with and without punctuation', async (_kind, text) => {
    expect(await predict(text)).toBeGreaterThan(0.7)
    expect(await predict(`${text}.`)).toBeGreaterThan(0.7)
  })

  test("E-7 an answer to the agent's question for yes or no is high, to another one less", async () => {
    expect(await predict('yes it does', { agent: 'One moment. Does it work now?' })).toBeGreaterThan(0.9)
    expect(await predict('right', { agent: 'Is it the modem?' })).toBeGreaterThan(
      (await predict('right', { agent: 'What is your name?' })) ?? 1,
    )
    expect(await predict('yes but', { agent: 'Does it work now?' })).toBeLessThan(0.3)
  })

  test('E-7 digits are counted against the hint', async () => {
    const hint: TurnHint = { expect: 'digits', minLength: 6, maxLength: 6 }
    expect(await predict('two zero four', { hint })).toBeLessThan(0.1)
    expect(await predict('204', { hint })).toBeLessThan(0.1)
    expect(await predict('two zero double four one seven', { hint })).toBeGreaterThan(0.9)
    expect(await predict('20 44 17', { hint })).toBeGreaterThan(0.9)
    expect(await predict('zwei null vier', { hint, language: 'de' })).toBeLessThan(0.1)
    expect(await predict('I do not have my number', { hint })).toBeGreaterThan(0.7)
  })

  test('E-7 letters are counted against the hint, and a yes is enough for yes or no', async () => {
    expect(await predict('a b c', { hint: { expect: 'spelling', minLength: 5 } })).toBeLessThan(0.1)
    expect(await predict('yes', { hint: { expect: 'yesNo' } })).toBeGreaterThan(0.9)
  })

  test('E-7 defaults: four languages, one threshold; others are null', async () => {
    expect(detector.info).toEqual({
      id: 'rules',
      languages: ['en', 'fr', 'de', 'es'],
      modality: 'text',
      thresholds: { default: 0.5 },
    })
    expect(await predict('こんにちは', { language: 'ja' })).toBeNull()
  })
})
