import { expect, test } from 'vitest'
import type { CompiledSlot } from './compiled-rules.ts'
import { foldSentence } from './fold-sentence.ts'
import type { LookupEntry } from './lookups.ts'
import { findSlot, readAnswer, toSentence } from './read-slot.ts'
import { parseRules } from './parse-rules.ts'
import type { SlotRule } from './rules-document.ts'

const people: LookupEntry[] = [
  { id: 'p1', names: ['Ada Moreno'] },
  { id: 'p2', names: ['Ada Lovelace'] },
  { id: 'p3', names: ['Ben Okafor', 'Benjamin Okafor'] },
]

function slotOf(rule: Partial<SlotRule>, id = 'value'): CompiledSlot {
  const slot = { type: 'text', prompt: '?', ...rule } as SlotRule // defaults make it complete
  const found = parseRules({ parley_rules: 1, agent: 'a', slots: { [id]: slot }, rules: [] }).slots.get(id)
  if (!found) throw new Error('the slot was not compiled')
  return found
}

function sentence(text: string) {
  return toSentence(text, foldSentence(text), new Map([['people', people]]), '2026-11-21')
}

const answer = (rule: Partial<SlotRule>, text: string) => readAnswer(slotOf(rule), sentence(text))
const choices = { slow: ['sluggish', 'not fast'], drops: ['cuts out'] }

test.each<[Partial<SlotRule>, string, unknown]>([
  [{ type: 'digits', length: 6 }, '204417', '204417'],
  [{ type: 'digits', length: 6 }, 'it is 204-417, please', '204417'],
  [{ type: 'digits', length: 6 }, 'two oh four double four eleven', undefined],
  [{ type: 'digits', length: 6 }, 'two oh four double four one', '204441'],
  [{ type: 'digits', length: 6 }, 'twenty forty four seventeen', '204417'],
  [{ type: 'digits', length: 6 }, '2 0 4 then 4 1 7', '204417'],
  [{ type: 'digits', length: 6 }, '204417#', '204417'],
  [{ type: 'digits', length: 6 }, '2044', undefined],
  [{ type: 'number' }, 'about two hundred and five', 205],
  [{ type: 'number' }, 'two point five', 2.5],
  [{ type: 'number' }, 'one thousand two hundred', 1200],
  [{ type: 'number' }, 'minus 3', -3],
  [{ type: 'number', min: 1, max: 5 }, '9', undefined],
  [{ type: 'amount' }, '$79', 7900],
  [{ type: 'amount' }, '1,200.50 dollars', 120050],
  [{ type: 'amount' }, 'seventy nine dollars and fifty cents', 7950],
  [{ type: 'amount' }, 'fifty cents', 50],
  [{ type: 'amount' }, '25', 2500],
  [{ type: 'date' }, 'today', '2026-11-21'],
  [{ type: 'date' }, 'since yesterday evening', '2026-11-20'],
  [{ type: 'date' }, 'monday', '2026-11-23'],
  [{ type: 'date' }, 'last monday', '2026-11-16'],
  [{ type: 'date' }, 'three days ago', '2026-11-18'],
  [{ type: 'date' }, 'in two weeks', '2026-12-05'],
  [{ type: 'date' }, 'November 3rd', '2026-11-03'],
  [{ type: 'date' }, 'the twenty first of january', '2027-01-21'],
  [{ type: 'date' }, 'on the 21st of January 2028', '2028-01-21'],
  [{ type: 'date' }, '12/24', '2026-12-24'],
  [{ type: 'date' }, '2026-02-30', undefined],
  [{ type: 'yesno' }, 'Yes, please', true],
  [{ type: 'yesno' }, "no, that's not right", false],
  [{ type: 'yesno' }, 'no problem', true],
  [{ type: 'yesno' }, '2', false],
  [{ type: 'yesno' }, 'maybe', undefined],
  [{ type: 'choice', choices }, 'it is rather sluggish', 'slow'],
  [{ type: 'choice', choices }, 'the second', 'drops'],
  [{ type: 'choice', choices }, '1', 'slow'],
  [{ type: 'choice', choices }, 'purple', undefined],
  [{ type: 'text' }, '  the blue one ', 'the blue one'],
  [{ type: 'text', max: 3 }, 'too long', undefined],
  [{ type: 'lookup', lookup: 'people' }, 'Benjamin Okafor here', { id: 'p3', name: 'Ben Okafor' }],
  [{ type: 'lookup', lookup: 'people' }, 'okafor', { id: 'p3', name: 'Ben Okafor' }],
  [{ type: 'lookup', lookup: 'people' }, 'nobody', undefined],
])('asked for %j, "%s" gives %j', (rule, text, value) => {
  expect(answer(rule, text)).toEqual(value === undefined ? { kind: 'none' } : { kind: 'value', value })
})

test('several names that fit are given back', () => {
  expect(answer({ type: 'lookup', lookup: 'people' }, 'ada')).toEqual({ kind: 'several', entries: people.slice(0, 2) })
})

test.each<[string, Partial<SlotRule>, string, unknown]>([
  ['account', { type: 'digits', length: 6 }, 'hello, 204417 is me', '204417'],
  ['account', { type: 'digits', length: 4 }, 'hello, 204417 is me', undefined],
  ['account', { type: 'digits' }, 'hello, 204417 is me', undefined],
  ['account', { type: 'digits' }, 'account 204417', '204417'],
  ['guests', { type: 'number' }, 'for three', undefined],
  ['guests', { type: 'number' }, 'three guests', 3],
  ['cents', { type: 'amount' }, 'I paid 79 last time', undefined],
  ['cents', { type: 'amount' }, 'I paid 79 dollars last time', 7900],
  ['ok', { type: 'yesno' }, 'yes', undefined],
  ['note', { type: 'text' }, 'yes', undefined],
  ['who', { type: 'lookup', lookup: 'people' }, 'this is ada', undefined],
  ['who', { type: 'lookup', lookup: 'people' }, 'this is Ada Moreno', { id: 'p1', name: 'Ada Moreno' }],
])('unasked, the slot %s of %j finds in "%s" %j', (id, rule, text, value) => {
  expect(findSlot(slotOf(rule, id), sentence(text))).toEqual(value)
})

test('two slots of one kind are filled only by name', () => {
  const rules = parseRules({
    parley_rules: 1,
    agent: 'a',
    slots: { old: { type: 'digits', length: 4, prompt: '?' }, new: { type: 'digits', length: 4, prompt: '?' } },
    rules: [],
  })
  const found = (text: string) => [...rules.slots.values()].map((slot) => findSlot(slot, sentence(text)))
  expect(found('1234')).toEqual([undefined, undefined])
  expect(found('the new one is 1234')).toEqual([undefined, '1234'])
})
