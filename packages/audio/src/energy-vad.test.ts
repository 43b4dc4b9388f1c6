import type { VadResult } from '@parley/spec'
import { expect, test } from 'vitest'

import { createEnergyVad } from './energy-vad.ts'
import type { EnergyVadOptions } from './energy-vad.ts'
import { tone } from './tone.ts'

/** Loudness by second, as a steady sound; the results of it. */
async function judge(levelsDbfs: number[], options?: EnergyVadOptions): Promise<VadResult[]> {
  const results: VadResult[] = []
  const stream = createEnergyVad(options).create({ sampleRateHz: 16_000, onResult: (result) => results.push(result) })
  let atMs = 0
  for (const levelDbfs of levelsDbfs) {
    const { samples } = tone({ frequencyHz: 200, durationMs: 1_000, sampleRateHz: 16_000, levelDbfs })
    for (let from = 0; from < samples.length; from += 400) {
      atMs += 25
      stream.push({ samples: samples.subarray(from, from + 400), sampleRateHz: 16_000, channels: 1, position: 0 }, atMs)
    }
  }
  await stream.close()
  return results
}

const at = (results: VadResult[], ms: number): number =>
  results.find(({ atMs }) => atMs >= ms)?.probability ?? Number.NaN

test("A-12 it has the port of any detector: one result per window, at the instant of the window's end", async () => {
  const results = await judge([-20])
  expect(results.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, index) => (index + 1) * 20))
  for (const { rms } of results.slice(1, -1)) expect(rms).toBeCloseTo(-20, 0)
  expect(createEnergyVad().info).toEqual({ id: 'energy', windowSamples: 320, sampleRateHz: 16_000, contextSamples: 0 })
})

test('A-12 above -45 dBFS is speech, below is none', async () => {
  const results = await judge([-70, -40, -70, -50])
  expect(at(results, 500)).toBeLessThan(0.1)
  expect(at(results, 1_500)).toBeGreaterThan(0.9)
  expect(at(results, 2_500)).toBeLessThan(0.1)
  expect(at(results, 3_500)).toBeLessThan(0.1)
})

test('A-12 the floor adapts within 2 s, and speech 12 dB above it is heard', async () => {
  const results = await judge([-30, -30, -30, -20, -30, -16, -30])
  expect(at(results, 100)).toBeGreaterThan(0.9)
  expect(at(results, 2_020)).toBeLessThan(0.1)
  // 10 dB above the floor is not enough, 14 dB is.
  expect(at(results, 3_500)).toBeLessThan(0.5)
  expect(at(results, 5_500)).toBeGreaterThan(0.5)
})

test('A-12 the floor falls at once when the noise ends', async () => {
  const results = await judge([-30, -30, -30, -65, -40])
  expect(at(results, 4_500)).toBeGreaterThan(0.9)
})

test('defaults: -45 dBFS, 12 dB above the floor', async () => {
  expect(await judge([-44, -30, -30, -19])).toEqual(
    await judge([-44, -30, -30, -19], { thresholdDbfs: -45, aboveFloorDb: 12 }),
  )
  expect(await judge([-44])).not.toEqual(await judge([-44], { thresholdDbfs: -44 }))
  expect(await judge([-30, -30, -30])).not.toEqual(await judge([-30, -30, -30], { aboveFloorDb: 13 }))
})

test('a frame of another rate is told and left out; after reset and close nothing is kept', async () => {
  const codes: string[] = []
  let results = 0
  const stream = createEnergyVad().create({
    sampleRateHz: 8_000,
    onResult: () => (results += 1),
    onError: ({ code }) => codes.push(code),
  })
  stream.push({ samples: new Int16Array(320), sampleRateHz: 16_000, channels: 1, position: 0 }, 20)
  expect(codes).toEqual(['audio_frame_invalid'])
  const half = { samples: new Int16Array(80), sampleRateHz: 8_000, channels: 1, position: 0 } as const
  stream.push(half, 30)
  stream.reset()
  stream.push(half, 40)
  expect(results).toBe(0)
  stream.push(half, 50)
  expect(results).toBe(1)
  await stream.close()
  stream.push({ ...half, samples: new Int16Array(800) }, 60)
  expect(results).toBe(1)
})
