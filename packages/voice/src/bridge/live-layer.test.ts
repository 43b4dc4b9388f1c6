import type { AudioFrame, SampleRate } from '@parley/spec'
import { expect, test } from 'vitest'
import { createLiveLayer } from './live-layer.ts'

const frame = (value: number, rate: SampleRate): AudioFrame => ({
  samples: new Int16Array(rate / 50).fill(value),
  sampleRateHz: rate,
  channels: 1,
  position: 0,
})

test('BR-1 another line is mixed into an output that is busy, at most 200 ms late', () => {
  const layer = createLiveLayer({ sampleRateHz: 16_000 })
  const mix = (): number => {
    const samples = new Int16Array(320).fill(1)
    layer.mix(samples, true)
    return samples[100] ?? 0
  }
  layer.push(frame(500, 16_000))
  expect(mix()).toBe(1)
  layer.push(frame(500, 16_000))
  expect([mix(), mix(), mix()]).toEqual([501, 501, 1])
  for (let index = 0; index < 50; index++) layer.push(frame(index, 16_000))
  expect(layer.waitingMs).toBe(200)
  expect(mix()).toBe(41)
})
