import { sampleRates, type SampleRate } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCallerLine } from './caller-line.ts'
import { listen } from './listen.ts'
import { toneText } from './tone-code.ts'
import { createVirtualClock } from '../virtual-clock.ts'

const clip = (samples: Int16Array, sampleRateHz: SampleRate = 16_000) => ({
  samples,
  sampleRateHz,
  channels: 1 as const,
})

describe('tone code', () => {
  test('WD-4 any Latin-1 text in any voice at any rate is read back whole', () => {
    const text = fc.string({
      minLength: 1,
      maxLength: 40,
      unit: fc.integer({ min: 33, max: 126 }).map((c) => String.fromCharCode(c)),
    })
    fc.assert(
      fc.property(
        text,
        fc.nat(7),
        fc.constantFrom(...sampleRates),
        fc.constantFrom(30, 45, 60),
        (said, voice, rate, ms) => {
          const samples = toneText(said, { voice, msPerChar: ms, sampleRateHz: rate })
          const heard = listen(clip(samples, rate), { voices: ['0', '1', '2', '3', '4', '5', '6', '7'] })
          expect(heard).toMatchObject([{ voice: String(voice), text: said, isWhole: true }])
        },
      ),
      { numRuns: 200 },
    )
  })

  test('WD-4 starting anywhere between samples changes nothing', () => {
    const said = 'The refund is 42.50, Mr. Grün.'
    for (let offset = 0; offset < 400; offset += 13) {
      const samples = toneText(said, { msPerChar: 30 })
      const moved = new Int16Array(samples.length + offset)
      moved.set(samples, offset)
      expect(listen(clip(moved))).toMatchObject([{ text: said, isWhole: true }])
    }
  })

  test('a cut shows how far the text was heard, a hole that something is missing', () => {
    const samples = toneText('hello there')
    expect(listen(clip(samples.subarray(0, 16 * 60 * 5)))).toMatchObject([{ text: 'hello', endMs: 300 }])
    const holed = samples.slice()
    holed.fill(0, 16 * 60 * 3, 16 * 60 * 5)
    expect(listen(clip(holed))).toMatchObject([{ text: 'hel there', isWhole: false }])
  })

  test('segments are joined by a space, other voices and long silences separate', () => {
    const said = [
      toneText('One.'),
      toneText('Two.'),
      toneText('Three.', { voice: 1 }),
      new Int16Array(16_000),
      toneText('Four.', { voice: 1 }),
    ]
    const samples = Int16Array.from(said.flatMap((part) => [...part]))
    expect(listen(clip(samples))).toMatchObject([
      { voice: 'alice', text: 'One. Two.', startMs: 0, endMs: 480 },
      { voice: 'bob', text: 'Three.', startMs: 480 },
      { voice: 'bob', text: 'Four.' },
    ])
  })

  test('noise and silence say nothing, and noise of -35 dBFS disturbs nothing', () => {
    const frames: number[] = []
    const line = createCallerLine({
      clock: createVirtualClock(),
      sampleRateHz: 16_000,
      seed: 7,
      onFrame: ({ samples }) => void frames.push(...samples),
      onMuted: () => {},
    })
    line.noise(-20)
    for (let n = 0; n < 100; n++) line.sendFrame()
    expect(listen(clip(Int16Array.from(frames.splice(0))))).toEqual([])
    line.noise(-35)
    void line.sayText('still understood')
    for (let n = 0; n < 60; n++) line.sendFrame()
    expect(listen(clip(Int16Array.from(frames)))).toMatchObject([{ text: 'still understood', isWhole: true }])
  })
})
