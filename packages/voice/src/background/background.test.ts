import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { defaultBackgroundOptions } from './background-options.ts'
import { createBackground, type Background } from './background.ts'
import { synthesizeSound } from './built-in-sounds.ts'
import { mixLayers } from './mix-layers.ts'

const RATE = 16_000
/** A loop of constant value: its level is its sample. */
const steady = { samples: new Int16Array(RATE).fill(10_000), sampleRateHz: 16_000 as const, channels: 1 as const }
const levelOf = (dbfs: number): number => 32_768 * 10 ** (dbfs / 20)

/** Mixes silence (or speech of value 0) for a while. @returns every sample that went out */
async function play(
  clock: ReturnType<typeof createVirtualClock>,
  background: Background,
  ms: number,
  isSpeech = false,
): Promise<number[]> {
  const out: number[] = []
  for (let passed = 0; passed < ms; passed += 20) {
    const frame = new Int16Array(320)
    background.mix(frame, isSpeech)
    out.push(...frame)
    await clock.advance(20)
  }
  return out
}

test('BG-1 defaults: background', () => {
  expect(defaultBackgroundOptions).toEqual({
    ambience: false,
    thinking: false,
    hold: 'chime',
    ambienceDbfs: -24,
    thinkingDbfs: -30,
    holdDbfs: -24,
    duckingDb: -9,
    fadeMs: 300,
    thinkingAfterMs: 300,
  })
})

test('BG-1 ambience comes within 300 ms to -24 dBFS, and ducks by 9 dB under speech', async () => {
  const clock = createVirtualClock()
  const background = await createBackground({ clock, sampleRateHz: RATE, ambience: steady })
  const start = await play(clock, background, 300)
  expect(start[2_400]).toBeCloseTo(levelOf(-24) / 2, -2)
  const full = await play(clock, background, 1_000)
  expect(Math.abs((full.at(-1) ?? 0) - levelOf(-24))).toBeLessThan(2)
  const under = await play(clock, background, 1_000, true)
  expect(Math.abs((under.at(-1) ?? 0) - levelOf(-33))).toBeLessThan(2)
  // No step is audible.
  const all = [...start, ...full, ...under]
  expect(Math.max(...all.slice(1).map((sample, index) => Math.abs(sample - (all[index] ?? 0))))).toBeLessThan(10)
})

test('BG-1 ambience goes on when speech is cleared', async () => {
  const clock = createVirtualClock()
  const background = await createBackground({ clock, sampleRateHz: RATE, ambience: steady })
  await play(clock, background, 1_000, true)
  const after = await play(clock, background, 400)
  expect(Math.min(...after)).toBeGreaterThan(levelOf(-33) - 2)
  expect(after.at(-1)).toBeGreaterThan(levelOf(-24) - 2)
})

test('BG-1 thinking is heard from 300 ms on until the first word', async () => {
  const clock = createVirtualClock()
  const background = await createBackground({ clock, sampleRateHz: RATE, thinking: steady, hold: false })
  background.thinking(true)
  const before = await play(clock, background, 300)
  expect(Math.max(...before)).toBe(0)
  const heard = await play(clock, background, 600)
  expect(heard.at(-1)).toBeGreaterThan(levelOf(-30) - 2)
  await play(clock, background, 300, true)
  expect(Math.max(...(await play(clock, background, 1_000)))).toBe(0)
})

test('BG-1 a short thought stays silent', async () => {
  const clock = createVirtualClock()
  const background = await createBackground({ clock, sampleRateHz: RATE, thinking: steady, hold: false })
  background.thinking(true)
  await play(clock, background, 280)
  background.thinking(false)
  expect(Math.max(...(await play(clock, background, 1_000)))).toBe(0)
})

test('BG-1 hold music takes the place of the ambience and goes when the caller is back', async () => {
  const clock = createVirtualClock()
  const quiet = { ...steady, samples: new Int16Array(RATE).fill(-10_000) }
  const background = await createBackground({ clock, sampleRateHz: RATE, ambience: quiet, hold: steady })
  await play(clock, background, 500)
  background.hold(true)
  expect((await play(clock, background, 500)).at(-1)).toBeGreaterThan(levelOf(-24) - 2)
  background.hold(false)
  expect((await play(clock, background, 500)).at(-1)).toBeLessThan(-levelOf(-24) + 2)
})

test('BG-1 a loop of another rate is converted once', async () => {
  const clock = createVirtualClock()
  const samples = Int16Array.from(
    { length: 8_000 },
    (_, index) => 10_000 * Math.sin((2 * Math.PI * 400 * index) / 8_000),
  )
  const background = await createBackground({
    clock,
    sampleRateHz: RATE,
    ambience: { samples, sampleRateHz: 8_000, channels: 1 },
  })
  const out = (await play(clock, background, 900)).slice(6_400)
  let crossings = 0
  for (let index = 1; index < out.length; index++)
    if ((out[index - 1] ?? 0) < 0 && (out[index] ?? 0) >= 0) crossings += 1
  expect(Math.abs(crossings / (out.length / RATE) - 400)).toBeLessThan(6)
})

test.each(['room', 'keyboard', 'chime'] as const)(
  'BG-1 the built-in %s has no seam, and no peak above half of full scale',
  async (sound) => {
    for (const rate of [8_000, 16_000, 24_000] as const) {
      const samples = synthesizeSound(sound, rate)
      expect(Math.abs((samples.at(-1) ?? 0) - (samples[0] ?? 0))).toBeLessThan(3_277)
      expect(samples.some((sample) => Math.abs(sample) > 500)).toBe(true)
      expect(synthesizeSound(sound, rate)).toEqual(samples)
    }
    const clock = createVirtualClock()
    const background = await createBackground({ clock, sampleRateHz: RATE, ambience: sound })
    const out = await play(clock, background, 7_000)
    expect(Math.max(...out.map(Math.abs))).toBeLessThanOrEqual(16_384)
    expect(Math.max(...out.map(Math.abs))).toBeGreaterThan(500)
  },
)

test('BG-1 without a sound no frame is needed, and a misspelt option is refused', async () => {
  const clock = createVirtualClock()
  expect((await createBackground({ clock, sampleRateHz: RATE, hold: false })).isAlwaysOn).toBe(false)
  expect((await createBackground({ clock, sampleRateHz: RATE })).isAlwaysOn).toBe(true)
  // @ts-expect-error the misspelt option is what is tested
  await expect(createBackground({ clock, sampleRateHz: RATE, duckDb: 1 })).rejects.toThrow(/duckingDb/)
})

test('BG-1 several layers sound together', () => {
  const frame = new Int16Array(4)
  const add = (value: number) => ({
    mix: (samples: Int16Array) => samples.forEach((sample, index) => (samples[index] = sample + value)),
  })
  mixLayers(add(1), add(2))(frame, false)
  expect([...frame]).toEqual([3, 3, 3, 3])
})
