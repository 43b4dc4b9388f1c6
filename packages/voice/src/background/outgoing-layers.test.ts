import { createDtmfDetector } from '@parley/audio'
import { expect, test } from 'vitest'
import { createToneLayer } from '../dtmf/tone-layer.ts'
import { createLoopback, speak } from '../output/__fixtures__/loopback.ts'
import { createBackground } from './background.ts'
import { mixLayers } from './mix-layers.ts'

const RATE = 8_000
const steady = { samples: new Int16Array(RATE).fill(10_000), sampleRateHz: 8_000 as const, channels: 1 as const }
const full = 32_768 * 10 ** (-24 / 20)

test('BG-1 the person hears ambience before, under and after speech, and an interruption clears speech only', async () => {
  const { clock, output, heard } = createLoopback()
  const background = await createBackground({ clock, sampleRateHz: RATE, ambience: steady })
  output.setMixer(background.mix, { alwaysOn: background.isAlwaysOn })
  await clock.advance(1_000)
  speak(output, 's1', 3_000).flush()
  await clock.advance(1_500)
  output.clear()
  await clock.advance(1_500)
  output.setMixer(undefined)
  await clock.runToRest()
  const levelAt = (atMs: number): number => heard.findLast((entry) => entry.atMs <= atMs)?.samples[80] ?? 0
  expect(Math.abs(levelAt(900) - full)).toBeLessThan(5)
  expect(Math.abs(levelAt(3_800) - full)).toBeLessThan(5)
  const times = heard.map(({ atMs }) => atMs)
  expect(times).toEqual(times.map((_, index) => index * 20))
  expect(heard.filter(({ frame, atMs }) => frame.kind === 'speech' && atMs > 2_760)).toEqual([])
})

test('D-5 digits go out while nobody speaks, and wait for the end of speech', async () => {
  const { clock, output, heard } = createLoopback()
  const background = await createBackground({ clock, sampleRateHz: RATE, hold: false })
  const tones = createToneLayer({ sampleRateHz: RATE })
  output.setMixer(mixLayers(background, tones), { alwaysOn: true })
  speak(output, 's1', 400).flush()
  const sent = tones.send('42')
  await clock.advance(1_500)
  await sent
  output.setMixer(undefined)
  await clock.runToRest()
  const digits: [string, number][] = []
  const detector = createDtmfDetector({
    sampleRateHz: RATE,
    onDigit: (digit, _durationMs, at) => digits.push([digit, at / 8]),
  })
  for (const { samples } of heard) detector.push({ samples })
  expect(digits.map(([digit]) => digit)).toEqual(['4', '2'])
  expect(digits[0]?.[1]).toBeGreaterThanOrEqual(380)
})
