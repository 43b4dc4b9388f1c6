import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWithheldSound } from './withheld-sound.ts'

test('the last samples are kept, in order, and what is let go is counted', () => {
  const frame = fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 25 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(frame, { maxLength: 10 }), (capacity, frames) => {
      const sound = createWithheldSound(capacity)
      const given = frames.flat()
      const gone = frames.reduce((sum, samples) => sum + sound.add(Int16Array.from(samples)), 0)
      const kept = sound.take().flatMap((view) => [...view])
      expect(kept).toEqual(given.slice(Math.max(0, given.length - capacity)))
      expect(gone + kept.length).toBe(given.length)
      expect(sound.take()).toEqual([])
    }),
  )
})

test('what is dropped is counted and never given', () => {
  const sound = createWithheldSound(4)
  sound.add(Int16Array.of(1, 2, 3))
  expect(sound.drop()).toBe(3)
  sound.add(Int16Array.of(4))
  expect(sound.take()).toEqual([Int16Array.of(4)])
})
