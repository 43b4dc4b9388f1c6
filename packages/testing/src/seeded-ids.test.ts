import { expect, test } from 'vitest'

import { createSeededIds } from './seeded-ids.ts'

test('PO-1 ids are a prefix and 26 characters, unique, in order of creation', () => {
  const ids = createSeededIds(7)
  const made = Array.from({ length: 1_000 }, () => ids.next('event'))
  for (const id of made) expect(id).toMatch(/^event_[0-9A-Z]{26}$/)
  expect(new Set(made).size).toBe(1_000)
  expect([...made].sort()).toEqual(made)
})

test('PO-1 uuids are version 7, unique, in order of creation', () => {
  const ids = createSeededIds(7)
  const made = Array.from({ length: 1_000 }, () => ids.uuid())
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(new Set(made).size).toBe(1_000)
  expect([...made].sort()).toEqual(made)
})

test('PO-1 tokens are URL-safe and as long as asked for', () => {
  const ids = createSeededIds(7)
  expect(ids.token()).toMatch(/^[\w-]{43}$/)
  expect(ids.token(16)).toMatch(/^[\w-]{22}$/)
})

test('the same seed gives the same ids, another seed gives others', () => {
  const first = createSeededIds(1)
  const second = createSeededIds(1)
  const other = createSeededIds(2)
  expect([first.next('a'), first.uuid(), first.random()]).toEqual([second.next('a'), second.uuid(), second.random()])
  expect(other.next('a')).not.toBe(createSeededIds(1).next('a'))
})

test('random numbers are spread over [0, 1)', () => {
  const ids = createSeededIds(3)
  const values = Array.from({ length: 10_000 }, () => ids.random())
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...values)).toBeLessThan(1)
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1)
})
