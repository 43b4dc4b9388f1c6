import { expect, test } from 'vitest'
import { createCaptureBatch } from './capture.worklet.ts'

function blockFrom(first: number): Float32Array {
  return Float32Array.from({ length: 128 }, (_, index) => first + index)
}

test('blocks are given together once they last 10 ms, each sample once and in order', () => {
  const { push } = createCaptureBatch(48_000)
  const given = Array.from({ length: 8 }, (_, block) => push(blockFrom(block * 128)))
  expect(given.map((batch) => batch?.length)).toEqual([
    undefined,
    undefined,
    undefined,
    512,
    undefined,
    undefined,
    undefined,
    512,
  ])
  expect(given.flatMap((batch) => (batch === undefined ? [] : [...batch]))).toEqual(
    Array.from({ length: 1_024 }, (_, index) => index),
  )
})

test('a block is the browser’s again as soon as it was taken', () => {
  const { push } = createCaptureBatch(16_000, 16)
  const block = blockFrom(0)
  push(block)
  block.fill(-1)
  expect(push(blockFrom(128))?.[127]).toBe(127)
})
