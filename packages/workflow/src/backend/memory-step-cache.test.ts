import type { StepCacheEntry } from '@parley/spec'
import { expect, test } from 'vitest'
import { memoryStepCache } from './memory-step-cache.ts'

const entry = (output: StepCacheEntry['output']): StepCacheEntry => ({ output, storedAtMs: 0, expiresAtMs: 1 })

test('S6 W-9 of more outputs than it keeps, those used longest ago are dropped', async () => {
  const cache = memoryStepCache({ maxEntries: 2 })
  await cache.set('a', entry(1))
  await cache.set('b', entry(2))
  await cache.get('a')
  await cache.set('c', entry(3))
  expect(await cache.get('b')).toBeUndefined()
  expect(await cache.get('a')).toEqual(entry(1))
  expect(await cache.get('c')).toEqual(entry(3))
})

test('S6 W-9 it keeps 1,000 outputs', async () => {
  const cache = memoryStepCache()
  for (let number = 0; number <= 1_000; number++) await cache.set(`${number}`, entry(number))
  expect(await cache.get('0')).toBeUndefined()
  expect(await cache.get('1')).toEqual(entry(1))
})

test('S6 W-9 it keeps 64 MiB, two bytes to the character', async () => {
  const cache = memoryStepCache()
  const whole = JSON.stringify(entry('')).length
  const half = 'x'.repeat(16 * 1024 * 1024 - whole)
  await cache.set('a', entry(half))
  await cache.set('b', entry(half))
  expect(await cache.get('a')).toEqual(entry(half))
  await cache.set('c', entry(1))
  expect(await cache.get('b')).toBeUndefined()
  expect(await cache.get('c')).toEqual(entry(1))
  await cache.set('d', entry(half + half + 'x'.repeat(whole + 1)))
  expect(await cache.get('d')).toBeUndefined()
  expect(await cache.get('c')).toEqual(entry(1))
})

test('W-9 what it gives is nobody else’s, and replaces what was there', async () => {
  const cache = memoryStepCache({ maxEntries: 1, maxBytes: 200 })
  const kept = entry({ list: [1] })
  await cache.set('a', entry('before'))
  await cache.set('a', kept)
  kept.output = 'changed'
  const given = await cache.get('a')
  if (given !== undefined) given.output = 'changed'
  expect(await cache.get('a')).toEqual(entry({ list: [1] }))
})

test('S6 W-9 its limits are whole numbers', () => {
  expect(() => memoryStepCache({ maxEntries: 0 })).toThrow('memoryStepCache.maxEntries is 0')
  expect(() => memoryStepCache({ maxBytes: 1.5 })).toThrow('memoryStepCache.maxBytes is 1.5')
  expect(() => memoryStepCache({ maxEntry: 1 } as never)).toThrow('maxEntry')
})
