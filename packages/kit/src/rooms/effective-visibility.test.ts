import type { Visibility } from '@parley/spec'
import { expect, test } from 'vitest'
import { effectiveVisibility } from './effective-visibility.ts'

test.each<[Visibility | undefined, Visibility | undefined, Visibility]>([
  [undefined, undefined, 'all'],
  ['all', undefined, 'all'],
  ['all', 'intelligence', 'intelligence'],
  [undefined, { only: ['a'] }, { only: ['a'] }],
  ['none', 'all', 'none'],
  [{ only: ['b'] }, 'transport', { only: ['b'] }],
])('own %j with a binding of %j becomes %j', (own, ofSource, expected) => {
  expect(effectiveVisibility(own, ofSource)).toEqual(expected)
})
