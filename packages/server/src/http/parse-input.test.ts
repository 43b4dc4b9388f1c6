import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseInput } from './parse-input.ts'

const schema = z.strictObject({
  limit: z.number().max(200).optional(),
  idempotencyKey: z.string().min(1).max(256).optional(),
  list: z.array(z.string()).max(2).optional(),
  when: z.enum(['now', 'later']).optional(),
})

test.each([
  [{ limit: 999 }, 'limit must be at most 200.'],
  [{ limit: 'abc' }, 'limit must be number.'],
  [{ idempotencyKey: '' }, 'idempotency_key must have at least 1 character.'],
  [{ idempotencyKey: 'x'.repeat(300) }, 'idempotency_key must have at most 256 characters.'],
  [{ list: ['a', 'b', 'c'] }, 'list must have at most 2 entries.'],
  [{ when: 'soon' }, 'when must be one of now, later.'],
])('a wrong field is named with what to do: %j', (input, message) => {
  expect(() => parseInput(schema, input, Object.keys(schema.shape))).toThrow(
    expect.objectContaining({ code: 'invalid_options', message }),
  )
})

test('an unknown field is named with the nearest known one', () => {
  expect(() => parseInput(schema, { idempotencyKye: 'k' }, Object.keys(schema.shape))).toThrow(
    'idempotency_kye is not a known field; did you mean idempotency_key.',
  )
})
