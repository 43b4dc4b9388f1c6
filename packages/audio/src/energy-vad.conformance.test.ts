import { toneText } from '@parley/testing'
import { vadSuite } from '@parley/testing/conformance'
import { createEnergyVad } from './energy-vad.ts'

vadSuite('energy', () => ({
  vad: createEnergyVad(),
  speech: { samples: toneText('hello there'), sampleRateHz: 16_000, channels: 1 },
}))
