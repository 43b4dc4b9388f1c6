import { expect, test } from 'vitest'
import { formatPath } from './fault-path.ts'

test('C-7 a path is dotted, with indexes in brackets, and <root> for the value itself', () => {
  expect(formatPath([])).toBe('<root>')
  expect(formatPath(['a', 'b', 0, 'c'])).toBe('a.b[0].c')
  expect(formatPath([0, 1, 'x'])).toBe('[0][1].x')
  expect(formatPath([0])).toBe('[0]')
})
