import { expect, test } from 'vitest'
import { createLocalModel } from './local-model.ts'

const model = createLocalModel({
  rules: `
parley_rules: 1
agent: a
synonyms: { twice: [two times] }
slots:
  account: { type: digits, length: 6, prompt: "?" }
  who: { type: lookup, lookup: people, prompt: "?" }
  kind: { type: choice, prompt: "?", choices: { slow: [sluggish], drops: [] } }
intents:
  charged: { patterns: ["charged * <twice>", "[my] account {account} [was [ever]] (paid|billed (off|on))"], phases: [intake] }
  bye: { patterns: ["good bye [{who}]"], examples: ["Goodbye then"] }
rules: []
fallback: [{ menu: [{ say: "my bill", key: "1", intent: charged }] }]
`,
  lookups: { people: () => [{ id: '1', names: ['Ada Moreno'] }] },
})

test('the grammar of a phase has its intents, slots, menus, digits, yes and no, agent and repeat', () => {
  const { jsgf, words } = model.grammar({ phase: 'intake' })
  expect(
    jsgf.startsWith('#JSGF V1.0;\ngrammar parley;\npublic <utterance> = <digits> | <yesno> | agent | repeat | '),
  ).toBe(true)
  expect(jsgf).toContain(
    '<intent_charged> = charged (twice | two times) | [my] account <digits> [was [ever]] (paid | billed (off | on));',
  )
  expect(jsgf).toContain('<slot_who> = ada moreno;')
  expect(jsgf).toContain('<slot_kind> = slow | sluggish | drops;')
  expect(jsgf).toContain('<intent_bye> = good bye [<slot_who>];')
  expect(jsgf).toContain('<menu> = my bill;')
  for (const word of ['two', 'oh', 'yes', 'agent', 'repeat', 'moreno', 'sluggish', 'bye']) expect(words).toContain(word)
  expect(words).toEqual([...new Set(words)].toSorted())
  for (const [, name] of jsgf.matchAll(/<(\w+)>/gu)) expect(jsgf).toMatch(new RegExp(`<${name}> = `, 'u'))
})

test('intents of other phases stay out', () => {
  expect(model.grammar({ phase: 'billing' }).jsgf).not.toContain('charged')
  expect(model.grammar().jsgf).toContain('charged')
})

test('the grammar of a slot has its answers alone', () => {
  const { jsgf, words } = model.grammar({ slot: 'kind' })
  expect(jsgf).toContain('sluggish')
  expect(words).not.toContain('charged')
  expect(() => model.grammar({ slot: 'none' })).toThrow(/no slot "none"/u)
})

test('the description gives examples, or the patterns as people would say them', () => {
  expect(model.describe()).toEqual({
    intents: [
      { id: 'charged', examples: ['charged ... twice', 'account account paid'] },
      { id: 'bye', examples: ['Goodbye then'] },
    ],
  })
})
