import { expect, test } from 'vitest'
import { checkRules, parseRules } from './parse-rules.ts'
import type { RulesDocument } from './rules-document.ts'

const faultsOf = checkRules

test('all faults of form are told at once, with their places', () => {
  const faults = faultsOf(`parley_rules: 2
agent: a
slots:
  n: { type: nummer, prompt: "?" }
rules:
  - do:
      - { reply: "ok", extra: 1 }
      - { say: "no action" }
      - { menu: [{ say: a, key: 12, intent: x }] }
  - when: { intent: x }
`)
  expect(faults.map(({ path, line, column }) => `${path} ${line}:${column}`)).toEqual([
    'parley_rules 1:15',
    'slots.n.type 4:14',
    'rules[0].do[0].extra 7:24',
    'rules[0].do[1] 8:9',
    'rules[0].do[2].menu[0].key 9:33',
    'rules[1] 10:5',
  ])
  expect(faults[1]?.expected).toBe('one of digits number date amount yesno choice text lookup')
  expect(faults[5]?.expected).toContain('"do"')
})

test('all faults of meaning are told at once, unknown keys with them', () => {
  const faults = faultsOf(
    `parley_rules: 1
agent: a
slots:
  who: { type: lookup, lookup: people, prompt: "?" }
  kind: { type: choice, prompt: "?" }
  pin: { type: digits, prompt: "?", sensitive: true, promt: x }
intents:
  hi: { patterns: ["(hi", "<none>", "{nobody}", "[hello]"] }
rules:
  - when: { intent: hy, if: "results.found == 1 and", slots: [nope] }
    need: [whom]
    do:
      - { reply: "{{slots.pin}} {{slots.hwo}} {{nothing.here}} {{open" }
      - { reply: "{{slots.pin}} {{slots.hwo}} {{nothing.here}} {{slots.who | euro}}" }
      - { reply: "{{slots.pin}} {{slots.hwo}} {{nothing.here}}" }
      - { tool: t, save: found, with: { a: "{{results.fond.id}}", pin: "{{slots.pin}}" } }
`,
    ['customers'],
  )
  expect(faults.map(({ path }) => path)).toEqual([
    'slots.pin.promt',
    'slots.who.lookup',
    'slots.kind',
    'intents.hi.patterns[0]',
    'intents.hi.patterns[1]',
    'intents.hi.patterns[2]',
    'intents.hi.patterns[3]',
    'rules[0].need[0]',
    'rules[0].do[0].reply',
    'rules[0].do[1].reply',
    'rules[0].do[2].reply',
    'rules[0].do[2].reply',
    'rules[0].do[2].reply',
    'rules[0].do[3].with',
    'rules[0].when.intent',
    'rules[0].when.slots[0]',
    'rules[0].when.if',
  ])
  expect(faults.every(({ line }) => line !== undefined && line > 3)).toBe(true)
  expect(faults[0]?.expected).toContain('did you mean "prompt"')
  expect(faults.find(({ path }) => path === 'rules[0].when.intent')?.expected).toContain('did you mean "hi"')
  expect(faults.find(({ path }) => path === 'rules[0].when.slots[0]')?.line).toBe(10)
})

test('broken YAML, an empty text and an alias bomb are faults, not crashes', () => {
  expect(faultsOf('parley_rules: [1\nagent: a')[0]).toMatchObject({
    path: '',
    expected: expect.stringContaining('YAML'),
  })
  expect(faultsOf('\n')).toHaveLength(1)
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdef'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcde'[i]}`).join(',')}]`),
  ]
  expect(faultsOf(bomb.join('\n'))[0]?.expected).toContain('aliases')
})

test('an object is checked alike, without places', () => {
  const faults = faultsOf({ parley_rules: 1, agent: '', rules: [] })
  expect(faults).toEqual([{ path: 'agent', expected: 'the id of the agent' }])
})

test('the message names the first fault and how many more there are', () => {
  const load = (): unknown => parseRules({ parley_rules: 1, agent: '', rules: [{}] } as unknown as RulesDocument)
  expect(load).toThrow(/agent must be the id of the agent.*1 more/u)
  expect(load).toThrow(expect.objectContaining({ code: 'rules_invalid' }))
})

// The example of the specification, word for word.
const example = String.raw`parley_rules: 1                        # rules/<agent>.yaml; unknown keys are refused
agent: triage
synonyms: { charge: [charged, billed, payment, invoice], twice: [double, two times] }
slots:
  account: { type: digits, length: 6, prompt: "What is your account number?", reprompt: "Six digits, please, or use the keypad." }
  person:  { type: lookup, lookup: customers, prompt: "Who am I speaking with?" }
intents:
  charged_twice: { patterns: ["<charge> * <twice>", "{amount} [was] taken <twice>"], phases: [intake], set: { topic: charge } }
  outage:        { patterns: ["(internet|line|wifi) [is] (down|dead)"] }
rules:
  - when: { intent: charged_twice }
    need: [account]
    do:
      - { tool: find_account, with: { number: "{{slots.account}}" }, save: found, on_error: [{ reply: "I cannot find that account." }, { ask: account }] }
      - { tool: verify_caller, with: { accountId: "{{results.found.accountId}}" }, save: check }
      - if: "results.check.verified == true"
        then: [{ handoff: billing, reason: "charged twice", summary: "{{words}}", payload: { accountId: "{{results.found.accountId}}", verified: true, topic: "{{slots.topic}}", callerWords: "{{words}}" } }]
        else: [{ reply: "I could not verify you. You have {{results.check.attemptsLeft}} tries left." }]
fallback: [{ reply: "Sorry, is it about a bill, your connection, or leaving us?" }, { menu: [{ say: billing, key: "1", intent: charged_twice }] }, { handoff: human, reason: "not understood" }]
`

test('the example of the specification is understood', () => {
  expect(checkRules(example, ['customers'])).toEqual([])
  const { slots, intents } = parseRules(example, ['customers'])
  expect([...slots.keys()]).toEqual(['account', 'person', 'amount'])
  expect(intents.map(({ id }) => id)).toEqual(['charged_twice', 'outage'])
})
