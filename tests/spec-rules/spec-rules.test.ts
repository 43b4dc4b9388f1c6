import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { coverRules, presentGroups, unknownRules } from './coverage.ts'
import { parseRules } from './rules.ts'
import { namedTestsOf, rulesOfTitle } from './test-titles.ts'

const page = [
  '| id | requirement |',
  '|---|---|',
  '| RM-1 | plain, see RM-9 |',
  '| RM-2 | later. `needs: voice` |',
  '| RM-3 | a part later. `needs: scale` (across processes) |',
  '| RM-4 | two later. `needs: voice`, `mcp` |',
  '| RM-5 | one part, one whole. `needs: voice` (calls), `needs: platform` |',
  '| retry | 3 retries | RS-1 decides |',
  'RM-6 in a sentence is a mention',
  '- **RM-8** an entry of a list',
  '```',
  '| RM-7 | in a fence |',
  '```',
].join('\n')

const testsIn = (text: string) => namedTestsOf({ path: 'packages/kit/src/a.test.ts', text })

test('rules are table cells and list entries that begin with an id', () => {
  expect(parseRules('rooms.md', page).map(({ id, line }) => `${id}:${line}`)).toEqual([
    'RM-1:3',
    'RM-2:4',
    'RM-3:5',
    'RM-4:6',
    'RM-5:7',
    'RS-1:8',
    'RM-8:10',
  ])
})

test('a mark in front of brackets holds for that part alone', () => {
  const needs = Object.fromEntries(parseRules('rooms.md', page).map((rule) => [rule.id, rule.needs]))
  expect(needs).toEqual({
    'RM-1': [],
    'RM-2': ['voice'],
    'RM-3': [],
    'RM-4': ['voice', 'mcp'],
    'RM-5': ['platform'],
    'RS-1': [],
    'RM-8': [],
  })
})

test('a mark that no group has is an error, not a rule that waits for ever', () => {
  expect(() => parseRules('rooms.md', '| RM-1 | later. `needs: magic` |')).toThrow('magic')
})

test('every rule of the real pages is read', () => {
  const rules = ['rooms.md', 'orchestration.md', 'ports.md'].flatMap((name) =>
    parseRules(name, readFileSync(`docs/spec/${name}`, 'utf8')),
  )
  const ids = rules.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual(expect.arrayContaining(['KT-1', 'RS-7', 'ER-3', 'OR-1', 'RZ-7', 'PO-1', 'PO-24']))
  expect(rules.filter(({ page: name }) => name === 'ports.md')).toHaveLength(24)
})

test.each([
  ['IN-7 replies pass hooks again', ['IN-7']],
  ['IN-7 RM-2 two of them', ['IN-7', 'RM-2']],
  ['S4, S5: with other signs', ['S4', 'S5']],
  ['replies pass hooks again (IN-7)', []],
  ['IN-7a_b is no id', []],
  ['A message arrives', []],
])('title %j names %j', (title, rules) => {
  expect(rulesOfTitle(title)).toEqual(rules)
})

test('only tests that run count, however they are written', () => {
  const text = `
    test('RM-1 plain', () => {})
    test.each([1])('RM-2 %i', () => {})
    it.skipIf(false)('RM-3 conditional', () => {})
    test(\`RM-4 \${name}\`, () => {})
    test.skip('RM-5 skipped', () => {})
    it.todo('RM-6 to do')
    describe('RM-7 a group', () => {})
    log('RM-8 no test')
    // test('RM-9 comment')`
  expect(testsIn(text).flatMap(({ rules }) => rules)).toEqual(['RM-1', 'RM-2', 'RM-3', 'RM-4'])
})

test('a rule is named, missing, or waiting for a group', () => {
  const rules = parseRules('rooms.md', page)
  const tests = testsIn(`test('RM-1 RM-99 a', () => {})`)
  const status = (packages: string[]) =>
    coverRules(rules, tests, presentGroups(new Set(packages))).map(({ rule, status: is }) => `${rule.id} ${is}`)
  expect(status([])).toEqual([
    'RM-1 named',
    'RM-2 waiting',
    'RM-3 missing',
    'RM-4 waiting',
    'RM-5 waiting',
    'RS-1 missing',
    'RM-8 missing',
  ])
  expect(status(['audio', 'voice'])).toContain('RM-2 missing')
  expect(unknownRules(rules, tests).map(({ id }) => id)).toEqual(['RM-99'])
})

test('an id of two pages counts for the page whose package holds the test', () => {
  const rules = ['voice.md', 'platform.md'].flatMap((name) => parseRules(name, '| P-1 | a |'))
  const covered = coverRules(rules, testsIn(`test('P-1 a', () => {})`), new Set())
  expect(covered.map(({ rule, status }) => `${rule.page} ${status}`)).toEqual(['voice.md missing', 'platform.md named'])
})
