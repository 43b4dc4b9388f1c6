import { expect, test } from 'vitest'
import { createValidationContext } from './validation-context.ts'
import { faultText } from './fault-text.ts'
import { Schema } from './schema.ts'
import { t } from './field-type.ts'
import { v } from './validators.ts'
import { validateValue } from './validate-value.ts'

const record = new Schema(
  { name: t.str, score: t.float, note: t.str },
  {
    validators: {
      name: [v.notEmpty()],
      score: [v.range({ min: 0, max: 1 })],
      note: [v.custom((value) => `no room for ${String(value)}`)],
    },
  },
)

test('C-7 a text for people names fields, types and bounds, and nothing of the values', async () => {
  const checked = await validateValue(record, { name: ' ', score: 95, note: 'hush' }, createValidationContext())
  expect(checked.ok ? [] : faultText(checked.faults).split('; ').toSorted()).toEqual([
    'name: the value is empty, found str',
    'note: expected custom, found str',
    'score: the number must be 0 to 1, found int',
  ])
})

test('C-7 it names five faults at the most', () => {
  const fault = { path: 'a', expected: 'str', actual: 'int', message: '', severity: 'error' as const }
  expect(faultText(Array.from({ length: 9 }, () => fault)).split('; ')).toHaveLength(5)
})
