import fc from 'fast-check'
import { expect, test } from 'vitest'

import { callBudgetDefaults, createCallCost } from './call-cost.ts'

test('defaults: what crossing a cap does', () => {
  expect(callBudgetDefaults).toEqual({ onSoft: 'notify', onHard: 'wrapUp' })
})

test('stages add up in integer nano-USD', () => {
  const cost = createCallCost()
  cost.model('openai', 1_000)
  cost.model('openai', 500)
  cost.model('live', 300, 'realtime')
  cost.stt('dg', 30_000, { perMinute: 4_300_000 })
  cost.tts('el', 100, { perCharacter: 15_000 })
  cost.telephony('twilio', 61_000, 8_500_000)
  cost.recording('twilio', 30_000, 2_000_000)
  expect(cost.report()).toEqual({
    totalNanoUsd: 1_500 + 300 + 2_150_000 + 1_500_000 + 17_000_000 + 1_000_000,
    stages: {
      model: 1_500,
      realtime: 300,
      stt: 2_150_000,
      tts: 1_500_000,
      telephony: 17_000_000,
      recording: 1_000_000,
    },
    unknown: [],
    cached: { segments: 0, characters: 0 },
  })
})

test('telephony is billed by the started minute, and a later total replaces an earlier one', () => {
  const cost = createCallCost()
  cost.telephony('t', 59_000, 10)
  expect(cost.report().totalNanoUsd).toBe(10)
  cost.telephony('t', 60_000, 10)
  expect(cost.report().totalNanoUsd).toBe(10)
  cost.telephony('t', 60_001, 10)
  expect(cost.report().totalNanoUsd).toBe(20)
})

test('parts without a price are named, and are not 0', () => {
  const cost = createCallCost()
  cost.model('m', null)
  cost.stt('s', 10, undefined)
  cost.tts('t', 10, {})
  cost.telephony('p', 1, undefined)
  cost.recording('r', 0, undefined)
  expect(cost.report()).toMatchObject({
    totalNanoUsd: 0,
    stages: {},
    unknown: ['model:m', 'stt:s', 'telephony:p', 'tts:t'],
  })
})

test('speech from the cache costs nothing and is counted', () => {
  const cost = createCallCost()
  cost.cachedTts(40)
  expect(cost.report()).toMatchObject({ totalNanoUsd: 0, unknown: [], cached: { segments: 1, characters: 40 } })
})

test('minutes are rounded up once, however the time came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000), { minLength: 1 }), fc.nat(9_999_999), (pieces, perMinute) => {
      const cost = createCallCost()
      for (const ms of pieces) cost.stt('s', ms, { perMinute })
      const total = pieces.reduce((one, other) => one + other, 0)
      expect(cost.report().totalNanoUsd).toBe(Math.ceil((total * perMinute) / 60_000))
    }),
  )
})

test('a cap that is crossed is told once', () => {
  const cost = createCallCost({ softUsd: 0.000001, hardUsd: 0.000002, onSoft: 'downgrade', onHard: 'transfer' })
  expect(cost.crossings()).toEqual([])
  cost.model('m', 1_000)
  expect(cost.crossings()).toEqual([{ cap: 'soft', action: 'downgrade' }])
  expect(cost.crossings()).toEqual([])
  cost.model('m', 1_000)
  expect(cost.crossings()).toEqual([{ cap: 'hard', action: 'transfer' }])
  expect(() => createCallCost({ softUsd: 2, hardUsd: 1 })).toThrow('softUsd is above hardUsd')
})
