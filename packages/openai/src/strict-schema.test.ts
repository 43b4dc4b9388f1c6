import type { Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { isStrictSchema } from './strict-schema.ts'

const closed = (properties: { [key: string]: Json }): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

test('a closed schema in which every value has a type is strict', () => {
  expect(
    isStrictSchema(closed({ a: { type: 'string' }, b: { type: 'array', items: closed({}) }, c: { enum: ['x'] } })),
  ).toBe(true)
})

test.each([
  ['a value that may be anything', closed({ output: {} })],
  ['a value with a description alone', closed({ output: { description: 'x' } })],
  ['a list of anything', closed({ list: { type: 'array' } })],
  ['an open object', closed({ open: { type: 'object' } })],
  [
    'an optional property',
    { type: 'object', properties: { a: { type: 'string' } }, required: [], additionalProperties: false },
  ],
])('%s is not strict', (_what, schema) => {
  expect(isStrictSchema(schema)).toBe(false)
})
