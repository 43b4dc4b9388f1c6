import { expect, test } from 'vitest'
import { storable } from './storable.ts'

test('NUL and halves of surrogate pairs are replaced, wherever they stand', () => {
  expect(storable({ 'a\0': ['\ud800', { b: 'x\0y 😀' }], n: 1, z: null })).toEqual({
    'a\uFFFD': ['\uFFFD', { b: 'x\uFFFDy 😀' }],
    n: 1,
    z: null,
  })
})

test('what needs no mending is given back as it is', () => {
  const value = { text: 'fine 😀', list: [1, { deep: true }] }
  expect(storable(value)).toBe(value)
})
