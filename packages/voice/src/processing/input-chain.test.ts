import type { AudioFrame, AudioProcessor } from '@parley/spec'
import { expect, test } from 'vitest'
import { createGainControl, defaultGainControlOptions } from './gain-control.ts'
import { createNoiseReduction, defaultNoiseReductionOptions } from './noise-reduction.ts'
import { BUDGET_WINDOW_MS, createInputChain, STAGE_BUDGET_MS, type BypassReason } from './input-chain.ts'

const frame = (value = 1): AudioFrame => ({
  samples: new Int16Array(320).fill(value),
  sampleRateHz: 16_000,
  channels: 1,
  position: 0,
})

/** A stage that adds to every sample and takes its time. */
function stage(id: string, add: number, costMs: () => number = () => 0) {
  const time = { nowMs: 0 }
  const processor: AudioProcessor = {
    id,
    process(given) {
      time.nowMs += costMs()
      return { ...given, samples: given.samples.map((sample) => sample * 10 + add) }
    },
    reset() {},
  }
  return { processor, time }
}

test('C-16 defaults: budget of a stage, gain control, noise reduction', () => {
  expect([STAGE_BUDGET_MS, BUDGET_WINDOW_MS]).toEqual([2, 1_000])
  expect(defaultGainControlOptions).toEqual({ targetDbfs: -20, maxGainDb: 18, silenceDbfs: -50, rate: 0.05 })
  expect(defaultNoiseReductionOptions).toEqual({ reductionDb: 12, aboveFloorDb: 9, hangoverMs: 200 })
})

test('C-16 stages run in their order', () => {
  const chain = createInputChain([stage('one', 1).processor, stage('two', 2).processor], { onBypass: () => {} })
  expect(chain.process(frame()).samples[0]).toBe(112)
})

test('C-16 a stage that takes more than 2 ms on average over 1 s is left out, with an event', () => {
  const told: [string, BypassReason][] = []
  const slow = stage('slow', 1, () => 2.1)
  const chain = createInputChain([slow.processor, stage('fast', 2).processor], {
    measure: () => slow.time.nowMs,
    onBypass: (id, reason) => told.push([id, reason]),
  })
  for (let index = 0; index < 49; index++) chain.process(frame())
  expect(told).toEqual([])
  chain.process(frame())
  expect(told).toEqual([['slow', { reason: 'slow', averageMs: expect.closeTo(2.1, 5) }]])
  expect(chain.process(frame()).samples[0]).toBe(12)
  expect(chain.active).toEqual(['fast'])
})

test('C-16 one slow frame is no reason, nor is 2 ms exactly', () => {
  const told: string[] = []
  let calls = 0
  const spiky = stage('spiky', 1, () => (calls++ === 0 ? 90 : 0))
  const even = stage('even', 1, () => 2)
  for (const { processor, time } of [spiky, even]) {
    const chain = createInputChain([processor], { measure: () => time.nowMs, onBypass: (id) => told.push(id) })
    for (let index = 0; index < 500; index++) chain.process(frame())
  }
  expect(told).toEqual([])
})

test('C-16 a stage that throws is left out, and its frame passes', () => {
  const told: [string, BypassReason][] = []
  const error = new Error('broken')
  const chain = createInputChain(
    [
      {
        id: 'broken',
        process() {
          throw error
        },
        reset() {},
      },
      stage('fine', 2).processor,
    ],
    { onBypass: (id, reason) => told.push([id, reason]) },
  )
  expect(chain.process(frame()).samples[0]).toBe(12)
  chain.process(frame())
  expect(told).toEqual([['broken', { reason: 'failed', error }]])
})

test('C-16 gain control brings quiet people up to -20 dBFS, at most by 18 dB, and leaves silence alone', () => {
  const levelAfter = (value: number, frames: number): number => {
    const control = createGainControl()
    let last = 0
    for (let index = 0; index < frames; index++) {
      const given = frame()
      given.samples.forEach((_, at) => (given.samples[at] = at % 2 === 0 ? value : -value))
      last = Math.abs(control.process(given).samples.at(-1) ?? 0)
    }
    return last
  }
  expect(Math.abs(levelAfter(1_000, 300) - 3_277)).toBeLessThan(30)
  expect(Math.abs(levelAfter(200, 300) - 200 * 10 ** (18 / 20))).toBeLessThan(20)
  expect(levelAfter(50, 300)).toBe(50)
  expect(Math.abs(levelAfter(30_000, 300) - 3_277)).toBeLessThan(60)
})

test('C-16 noise reduction turns pauses down by 12 dB, and leaves speech and its quiet ends alone', () => {
  const reduction = createNoiseReduction()
  const pass = (value: number, frames: number): number[] =>
    Array.from({ length: frames }, () => reduction.process(frame(value)).samples.at(-1) ?? 0)
  pass(100, 50)
  expect(pass(100, 1)[0]).toBe(25)
  expect(pass(2_000, 250)).toEqual(Array(250).fill(2_000))
  // 200 ms of what follows is the end of a word.
  const after = pass(100, 20)
  expect(after.slice(0, 9)).toEqual(Array(9).fill(100))
  expect(after.at(-1)).toBe(25)
})

test('C-16 noise reduction follows a line that became louder', () => {
  const reduction = createNoiseReduction()
  const pass = (value: number): number => reduction.process(frame(value)).samples.at(-1) ?? 0
  for (let index = 0; index < 50; index++) pass(50)
  expect(pass(400)).toBe(400)
  let last = 0
  for (let index = 0; index < 400; index++) last = pass(400)
  expect(last).toBe(100)
})
