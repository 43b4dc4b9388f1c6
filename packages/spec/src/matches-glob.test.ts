import { expect, test } from 'vitest'
import { matchesGlob, narrowGlobs } from './matches-glob.ts'

test.each([
  [['rest://crm.*'], 'rest://crm.customer', true],
  [['rest://crm.*'], 'rest://crmxcustomer', false],
  [['*'], 'mcp://a.b', true],
  [['function://add'], 'function://adds', false],
  [[], 'function://add', false],
])('P-2 %j and %s: %s', (globs, name, fits) => {
  expect(matchesGlob(globs, name)).toBe(fits)
})

test.each([
  [undefined, undefined, undefined],
  [['a'], undefined, ['a']],
  [undefined, [], []],
  [['rest://crm.*', 'function://add'], ['rest://crm.customer', 'function://drop'], ['rest://crm.customer']],
  [['rest://crm.*'], ['rest://*'], ['rest://crm.*']],
  [['*'], ['function://add'], ['function://add']],
  [['a'], ['b'], []],
])('P-2 %j narrowed by %j is %j', (one, other, both) => {
  expect(narrowGlobs(one, other)).toEqual(both)
})
