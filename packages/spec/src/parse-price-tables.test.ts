import { expect, test } from 'vitest'
import { parsePriceTables } from './parse-price-tables.ts'

const row = { model: 'openai/mini', from: '2026-01-01T00:00:00.000Z', input: 250, output: 2_000 }

test('platform 11 a price table is one or a list of them, in whole nano-USD', () => {
  const table = { version: '2026-09', entries: [{ ...row, cachedInput: 25 }] }
  expect(parsePriceTables(table)).toEqual([table])
  expect(parsePriceTables([table, { version: '2026-10', entries: [] }])).toHaveLength(2)
})

test.each([
  ['no object', 'prices', 'a price table is no object'],
  ['no version', { entries: [] }, 'a price table has no version'],
  ['no entries', { version: 'v' }, 'table v has no list of entries'],
  ['no instant', { version: 'v', entries: [{ ...row, from: 'soon' }] }, 'needs a model and an instant in "from"'],
  [
    'a fraction',
    { version: 'v', entries: [{ ...row, input: 0.5 }] },
    'input of openai/mini in table v is no whole number',
  ],
  ['an unknown field', { version: 'v', entries: [{ ...row, inptu: 1 }] }, 'has an unknown field "inptu"'],
  [
    'no output',
    { version: 'v', entries: [{ model: 'm', from: row.from, input: 1 }] },
    'm of table v needs input and output',
  ],
])('platform 11 a table with %s is refused by name', (_what, value, fault) => {
  expect(() => parsePriceTables(value)).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(fault) }),
  )
})
