import { expect, test } from 'vitest'
import { requirement } from './requirement.ts'

test('a PostgreSQL server is named by its URL', () => {
  expect(requirement('postgres', {})).toMatchObject({
    met: false,
    reason: expect.stringContaining('PARLEY_TEST_POSTGRES_URL'),
  })
  expect(requirement('postgres', { PARLEY_TEST_POSTGRES_URL: 'postgres://a' })).toEqual({
    met: true,
    value: 'postgres://a',
  })
})

test('a browser that was named and is absent is not replaced by another', () => {
  expect(requirement('chromium', { ...process.env, PARLEY_CHROMIUM: '/absent' })).toMatchObject({ met: false })
  expect(requirement('chromium', { PARLEY_CHROMIUM: process.execPath })).toEqual({ met: true, value: process.execPath })
})

test('PocketSphinx is looked for on PATH, and its absence names the packages', () => {
  expect(requirement('pocketsphinx', { PATH: '/absent' })).toEqual({
    met: false,
    reason: 'no PocketSphinx: apt-get install pocketsphinx pocketsphinx-en-us',
  })
})
