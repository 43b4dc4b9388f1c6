import { sampleRates } from '@parley/spec'
import type { SampleRate } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createResampler } from './resampler.ts'
import type { ResamplerOptions } from './resampler.ts'

const pairs = sampleRates.flatMap((from) => sampleRates.filter((to) => to !== from).map((to) => [from, to] as const))

function sine(frequency: number, rate: number, count: number, amplitude = 16_000): Int16Array {
  return Int16Array.from(
    { length: count },
    (_, index) => amplitude * Math.sin((2 * Math.PI * frequency * index) / rate),
  )
}

async function convert(
  from: SampleRate,
  to: SampleRate,
  input: Int16Array,
  options?: ResamplerOptions,
): Promise<Int16Array> {
  const resampler = await createResampler(from, to, options)
  const head = resampler.push(input).slice()
  const tail = resampler.flush()
  resampler.close()
  const all = new Int16Array(head.length + tail.length)
  all.set(head)
  all.set(tail, head.length)
  return all
}

/** Amplitude of a frequency in the middle of the samples, and the level of all else relative to `reference`, in dB. */
function spectrum(samples: Int16Array, frequency: number, rate: number): { amplitude: number; rest: number } {
  const cut = Math.floor(samples.length / 5)
  const middle = samples.subarray(cut, samples.length - cut)
  let [ss, sc, cc, xs, xc] = [0, 0, 0, 0, 0]
  middle.forEach((value, index) => {
    const angle = (2 * Math.PI * frequency * index) / rate
    const [s, c] = [Math.sin(angle), Math.cos(angle)]
    ss += s * s
    sc += s * c
    cc += c * c
    xs += value * s
    xc += value * c
  })
  const determinant = ss * cc - sc * sc
  const a = (xs * cc - xc * sc) / determinant
  const b = (xc * ss - xs * sc) / determinant
  let left = 0
  middle.forEach((value, index) => {
    const angle = (2 * Math.PI * frequency * index) / rate
    left += (value - a * Math.sin(angle) - b * Math.cos(angle)) ** 2
  })
  return { amplitude: Math.hypot(a, b), rest: Math.sqrt((2 * left) / middle.length) }
}

function peakOfMiddle(samples: Int16Array): number {
  const cut = Math.floor(samples.length / 5)
  return Math.max(...samples.subarray(cut, samples.length - cut).map(Math.abs))
}

const dB = (ratio: number): number => 20 * Math.log10(ratio)

test('A-4 streaming equals one-shot output for any chunking, at any pair of rates', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...pairs),
      fc.constantFrom(1 as const, 2 as const),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 8 }),
      async ([from, to], channels, lengths) => {
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const input = Int16Array.from({ length: total * channels }, (_, index) => ((index * 7_919) % 60_001) - 30_000)
        const whole = await convert(from, to, input, { channels })
        const resampler = await createResampler(from, to, { channels })
        const parts: number[] = []
        let at = 0
        for (const length of lengths) {
          parts.push(...resampler.push(input.subarray(at * channels, (at + length) * channels)))
          at += length
        }
        parts.push(...resampler.flush())
        expect(parts).toEqual([...whole])
        expect(whole.length).toBe(Math.ceil((total * to) / from) * channels)
      },
    ),
    { numRuns: 60 },
  )
})

test('A-4 streaming equals one-shot output at high quality too', async () => {
  const input = sine(440, 24_000, 6_000)
  const whole = await convert(24_000, 16_000, input, { quality: 'high' })
  const resampler = await createResampler(24_000, 16_000, { quality: 'high' })
  const parts: number[] = []
  for (let at = 0; at < input.length; at += 333) parts.push(...resampler.push(input.subarray(at, at + 333)))
  parts.push(...resampler.flush())
  resampler.close()
  expect(parts).toEqual([...whole])
  expect(whole.length).toBe(4_000)
})

test('A-4 the passband is flat within 0.5 dB up to 0.42 of the lower rate', async () => {
  for (const [from, to] of pairs) {
    const lower = Math.min(from, to)
    for (const part of [0.05, 0.3, 0.42]) {
      const output = await convert(from, to, sine(part * lower, from, from / 5))
      expect(
        Math.abs(dB(spectrum(output, part * lower, to).amplitude / 16_000)),
        `${from} to ${to} at ${part}`,
      ).toBeLessThan(0.5)
    }
  }
})

test.for([
  ['voice', 50],
  ['high', 80],
] as const)('A-4 images and aliases of %s are %i dB down', async ([quality, downDb]) => {
  const tested =
    quality === 'voice'
      ? pairs
      : ([
          [24_000, 16_000],
          [8_000, 24_000],
          [44_100, 16_000],
        ] as const)
  for (const [from, to] of tested) {
    const lower = Math.min(from, to)
    // What is added to a tone of the passband: images of it, and rounding to 16 bits, which is 93 dB below.
    const inside = spectrum(
      await convert(from, to, sine(0.31 * lower, from, from / 4, 32_000), { quality }),
      0.31 * lower,
      to,
    )
    expect(dB(inside.rest / 32_000), `image, ${from} to ${to}`).toBeLessThan(-downDb)
    if (to > from) continue
    // What is left of a tone beyond the passband of the lower rate.
    for (const part of [0.505, 0.6, 0.9].filter((candidate) => candidate * to < from / 2)) {
      const outside = await convert(from, to, sine(part * to, from, from / 4, 32_000), { quality })
      expect(dB(peakOfMiddle(outside) / 32_000), `alias of ${part}, ${from} to ${to}`).toBeLessThan(-downDb)
    }
  }
})

test('A-4 delaySamples says how much is held back, and nothing is shifted by it', async () => {
  for (const quality of ['voice', 'high'] as const) {
    const resampler = await createResampler(24_000, 16_000, { quality })
    const given = resampler.push(sine(500, 24_000, 24_000)).slice()
    expect(Math.abs(16_000 - given.length - resampler.delaySamples)).toBeLessThanOrEqual(3)
    const expected = sine(500, 16_000, 16_000)
    let worst = 0
    for (let index = 400; index < 15_000; index++)
      worst = Math.max(worst, Math.abs((given[index] ?? 0) - (expected[index] ?? 0)))
    expect(worst).toBeLessThan(40)
    resampler.close()
    resampler.close()
  }
})

test('A-4 our own filter and libsamplerate give the same sound', async () => {
  const input = Int16Array.from(
    { length: 24_000 },
    (_, index) => 8_000 * Math.sin(index / 9) + 6_000 * Math.sin(index / 4.1) + 2_000 * Math.sin(index / 2.2),
  )
  const own = await convert(24_000, 16_000, input)
  const theirs = await convert(24_000, 16_000, input, { quality: 'high' })
  let difference = 0
  for (let index = 500; index < 15_500; index++) difference += ((own[index] ?? 0) - (theirs[index] ?? 0)) ** 2
  expect(dB(Math.sqrt(difference / 15_000) / 10_000)).toBeLessThan(-50)
})

test('A-4 the same rate is a pass-through that copies nothing', async () => {
  const resampler = await createResampler(16_000, 16_000)
  const samples = sine(300, 16_000, 320)
  expect(resampler.push(samples)).toBe(samples)
  expect(resampler.flush()).toHaveLength(0)
  expect(resampler.delaySamples).toBe(0)
})

test('defaults: one channel, quality voice', async () => {
  const input = sine(1_000, 24_000, 2_400)
  expect(await convert(24_000, 16_000, input)).toEqual(
    await convert(24_000, 16_000, input, { channels: 1, quality: 'voice' }),
  )
  const [voice, high] = [
    await createResampler(24_000, 16_000),
    await createResampler(24_000, 16_000, { quality: 'high' }),
  ]
  expect(voice.delaySamples).toBeLessThan(high.delaySamples / 3)
  high.close()
})

test('reset forgets what was pushed', async () => {
  for (const quality of ['voice', 'high'] as const) {
    const resampler = await createResampler(48_000, 16_000, { quality })
    const first = resampler.push(sine(700, 48_000, 4_800)).slice()
    resampler.reset()
    expect(resampler.push(sine(700, 48_000, 4_800))).toEqual(first)
    resampler.close()
  }
})

test('A-1 an unknown rate is refused when the resampler is made', async () => {
  // A rate that does not exist, as from a configuration.
  await expect(createResampler(11_025 as SampleRate, 16_000)).rejects.toMatchObject({
    code: 'audio_format_unsupported',
    details: { from: { sampleRateHz: 11_025 }, to: { sampleRateHz: 16_000 } },
  })
})
