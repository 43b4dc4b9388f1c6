import { expect, test } from 'vitest'

import { levels } from './levels.ts'
import { tone } from './tone.ts'

test('levels are dBFS, and digital silence is -Infinity', () => {
  expect(levels({ samples: new Int16Array(100) })).toEqual({ rmsDbfs: -Infinity, peakDbfs: -Infinity })
  expect(levels({ samples: Int16Array.of(-32_768) })).toEqual({ rmsDbfs: 0, peakDbfs: 0 })
  const { rmsDbfs, peakDbfs } = levels(
    tone({ frequencyHz: 440, durationMs: 1_000, sampleRateHz: 16_000, levelDbfs: -20 }),
  )
  expect(rmsDbfs).toBeCloseTo(-20, 1)
  expect(peakDbfs).toBeCloseTo(-17, 1)
})

test('defaults: a tone is -10 dBFS', () => {
  expect(levels(tone({ frequencyHz: 440, durationMs: 1_000, sampleRateHz: 8_000 })).rmsDbfs).toBeCloseTo(-10, 1)
})
