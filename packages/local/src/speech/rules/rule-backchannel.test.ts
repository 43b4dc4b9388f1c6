import { backchannelSuite } from '@parley/testing/conformance'
import { expect, test } from 'vitest'
import { createRuleBackchannel } from './rule-backchannel.ts'

const detector = createRuleBackchannel()

backchannelSuite('rules, en', () => ({
  detector,
  backchannels: ['Mm-hm.', 'uh huh', 'Okay!', 'I see', 'got it', 'yeah, right'],
  turns: ['wait', 'yeah but why', 'I', 'stop it', 'okay that is not what I meant'],
}))
backchannelSuite('rules, de', () => ({
  detector,
  language: 'de-AT',
  backchannels: ['ja, genau', 'Alles klar'],
  turns: ['nein', 'warte'],
}))
backchannelSuite('rules, fr', () => ({
  detector,
  language: 'fr',
  backchannels: ['oui', "d'accord"],
  turns: ['non', 'attendez'],
}))
backchannelSuite('rules, es', () => ({
  detector,
  language: 'es',
  backchannels: ['sí', 'vale, claro'],
  turns: ['no', 'espera'],
}))

test('defaults: three words and 1 200 ms', () => {
  expect(detector.isBackchannel({ text: 'yeah yeah yeah', durationMs: 1_200 })).toBe(true)
  expect(detector.isBackchannel({ text: 'yeah yeah yeah yeah', durationMs: 1_200 })).toBe(false)
  expect(detector.isBackchannel({ text: 'yeah', durationMs: 1_201 })).toBe(false)
})

test('the lists can be replaced, and a language without one has no backchannels', () => {
  const own = createRuleBackchannel({ words: { en: ['aye'] } })
  expect(own.isBackchannel({ text: 'Aye', durationMs: 300 })).toBe(true)
  expect(own.isBackchannel({ text: 'yeah', durationMs: 300 })).toBe(false)
  expect(own.isBackchannel({ text: 'はい', language: 'ja', durationMs: 300 })).toBe(false)
})
