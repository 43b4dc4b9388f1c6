import { createSystemClock, type AudioFrame, type VadResult } from '@parley/spec'
import { createTestSpeechContext } from '@parley/testing'
import { vadSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFliteTts } from '../flite/flite-tts.ts'
import type { SileroEngine, SileroEngineOptions, SileroJob } from './silero-engine.ts'
import { createSileroSession, sileroSizes } from './silero-session.ts'
import { createSileroVad, createVadOverEngine, type SileroFallback, type SileroVad } from './silero-vad.ts'

const clock = createSystemClock()
const pass = (ms: number): Promise<void> => clock.sleep(ms)

async function speak(text: string): Promise<Int16Array> {
  const tts = createFliteTts({ workers: 1 })
  const format = { encoding: 'pcm16', sampleRateHz: 16000, channels: 1 } as const
  const stream = await tts.open({ voice: 'slt', format }, createTestSpeechContext({ clock }))
  stream.speak(text, { segmentId: 's', last: true })
  const samples: number[] = []
  for await (const event of stream.events) {
    if (event.type === 'audio') samples.push(...event.frame.samples)
    if (event.type === 'done') break
  }
  await tts.close()
  return Int16Array.from(samples)
}

const frameOf = (samples: Int16Array, sampleRateHz: 8000 | 16000 = 16000): AudioFrame => ({
  samples,
  sampleRateHz,
  channels: 1,
  position: 0,
})

let speech: Int16Array
beforeAll(async () => {
  speech = await speak('I was charged twice on my last bill.')
})

vadSuite('silero', async () => {
  const vad = createSileroVad({ runtime: 'web' })
  await vad.ready
  return {
    vad,
    pass,
    speech: { samples: speech, sampleRateHz: 16000, channels: 1 },
    tolerance: 0.001,
    close: () => vad.close(),
  }
})

describe('silero on speech', () => {
  let vad: SileroVad
  beforeAll(async () => {
    vad = createSileroVad({ runtime: 'web' })
    await vad.ready
  })
  afterAll(() => vad.close())

  /** All results of some audio. */
  async function judge(samples: Int16Array, sampleRateHz: 8000 | 16000 = 16000): Promise<VadResult[]> {
    const results: VadResult[] = []
    const stream = vad.create({ sampleRateHz, onResult: (result) => results.push(result) })
    stream.push(frameOf(samples, sampleRateHz), (samples.length * 1_000) / sampleRateHz)
    const expected = Math.floor(samples.length / sileroSizes[sampleRateHz].window)
    while (results.length < expected) await pass(5)
    await stream.close()
    return results
  }

  const voiced = (results: readonly VadResult[]): number =>
    results.filter(({ probability }) => probability > 0.5).length / results.length

  test('E-6 speech is speech, noise is none', async () => {
    expect(voiced(await judge(speech))).toBeGreaterThan(0.8)
    const noise = new Int16Array(16_000)
    for (let at = 0, state = 1; at < noise.length; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      noise[at] = (state / 2 ** 32 - 0.5) * 600
    }
    expect(voiced(await judge(noise))).toBeLessThan(0.1)
  })

  test('P-8 E-6 8 kHz goes in windows of 256 with a context of 32', async () => {
    const narrow = speech.filter((_sample, index) => index % 2 === 0)
    expect(sileroSizes[8000]).toEqual({ window: 256, context: 32 })
    expect(voiced(await judge(narrow, 8000))).toBeGreaterThan(0.6)
  })

  test('P-8 the left context is used: without it the same windows score lower', async () => {
    const session = await createSileroSession({ runtime: 'web' })
    const count = Math.floor(speech.length / 512)
    const streams = new Uint32Array(count).fill(1)
    const samples = speech.slice(0, count * 512)
    const withContext = await session.infer({ sampleRateHz: 16000, streams, resets: new Uint8Array(count), samples })
    session.forget(1)
    const resets = new Uint8Array(count).fill(1)
    const without = await session.infer({ sampleRateHz: 16000, streams, resets, samples })
    await session.close()
    const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(withContext)).toBeGreaterThan(mean(without) + 0.1)
  })

  test('E-6 windows of several streams run in one batch and are judged as if alone', async () => {
    const session = await createSileroSession({ runtime: 'web' })
    const windows = Math.floor(speech.length / 512)
    const alone: number[] = []
    for (let at = 0; at < windows; at += 1) {
      const samples = speech.slice(at * 512, (at + 1) * 512)
      const one = { sampleRateHz: 16000, streams: Uint32Array.of(7), resets: new Uint8Array(1), samples } as const
      alone.push((await session.infer(one))[0] ?? -1)
    }
    const together: number[] = []
    for (let at = 0; at < windows; at += 1) {
      const samples = new Int16Array(3 * 512)
      samples.set(speech.subarray(at * 512, (at + 1) * 512), 512)
      const streams = Uint32Array.of(1, 2, 3)
      const all = await session.infer({ sampleRateHz: 16000, streams, resets: new Uint8Array(3), samples })
      together.push(all[1] ?? -1)
    }
    await session.close()
    together.forEach((probability, at) => expect(Math.abs(probability - (alone[at] ?? 0))).toBeLessThan(0.001))
  })

  test('E-6 without its runtime the energy detector judges, and an event says so', async () => {
    const told: SileroFallback[] = []
    // The native runtime is an optional peer; where it is installed there is nothing to miss.
    const other = createSileroVad({ runtime: 'node', onFallback: (event) => told.push(event) })
    const results: VadResult[] = []
    const stream = other.create({ sampleRateHz: 16000, onResult: (result) => results.push(result) })
    const runtime = await other.ready
    stream.push(frameOf(speech), 3_000)
    expect(runtime === 'node' || told[0]?.reason === 'missing').toBe(true)
    while (results.length < Math.floor(speech.length / 512)) await pass(5)
    expect(voiced(results)).toBeGreaterThan(0.5)
    await other.close()
  })
})

/** An engine that the test answers for. */
function manualEngine(): {
  start: (handlers: Omit<SileroEngineOptions, 'runtime'>) => SileroEngine
  jobs: SileroJob[]
  handlers: () => Omit<SileroEngineOptions, 'runtime'>
} {
  const jobs: SileroJob[] = []
  let own: Omit<SileroEngineOptions, 'runtime'> | undefined
  return {
    jobs,
    start: (handlers) => {
      own = handlers
      return {
        submit: (_rate, job) => void jobs.push(job),
        forget: () => {},
        ready: Promise.resolve('web'),
        close: async () => {},
      }
    },
    handlers: () => {
      if (!own) throw new Error('The engine was not started.')
      return own
    },
  }
}

describe('silero without its model', () => {
  const window = (level: number): AudioFrame => frameOf(new Int16Array(512).fill(level))

  test('E-6 exact silence of 10 windows is no longer inferred and resets the state', () => {
    const engine = manualEngine()
    const results: VadResult[] = []
    const vad = createVadOverEngine(engine.start, {})
    const stream = vad.create({ sampleRateHz: 16000, onResult: (result) => results.push(result) })
    for (let count = 1; count <= 15; count += 1) stream.push(window(0), count * 32)
    expect(engine.jobs).toHaveLength(10)
    expect(results).toEqual([])
    for (const job of engine.jobs) job.onProbability(0.01)
    expect(results).toHaveLength(15)
    expect(results.slice(10).every(({ probability }) => probability === 0)).toBe(true)
    stream.push(window(1), 16 * 32)
    expect(engine.jobs.at(-1)).toMatchObject({ reset: true })
    stream.push(window(1), 17 * 32)
    expect(engine.jobs.at(-1)).toMatchObject({ reset: false })
  })

  test('E-6 over half of real time the newest stream moves, and the results stay in order', () => {
    const engine = manualEngine()
    const told: SileroFallback[] = []
    const vad = createVadOverEngine(engine.start, { onFallback: (event) => told.push(event) })
    const heard: VadResult[][] = [[], []]
    const streams = heard.map((list) => vad.create({ sampleRateHz: 16000, onResult: (result) => list.push(result) }))
    for (const stream of streams) stream.push(window(3_000), 32)
    engine.handlers().onTrouble('slow', 'too slow')
    for (const stream of streams) stream.push(window(3_000), 64)
    expect(told).toEqual([{ reason: 'slow', message: 'too slow', streams: 1 }])
    expect(engine.jobs).toHaveLength(3)
    expect(heard[1]).toEqual([])
    for (const job of engine.jobs) job.onProbability(0.7)
    expect(heard[0]?.map(({ atMs }) => atMs)).toEqual([32, 64])
    const instants = heard[1]?.map(({ atMs }) => atMs) ?? []
    expect(instants[0]).toBe(32)
    expect(instants.length).toBeGreaterThan(1)
    expect(instants).toEqual(instants.toSorted((a, b) => a - b))
  })

  test('E-6 when the worker is lost, what was on its way is judged by its level', () => {
    const engine = manualEngine()
    const results: VadResult[] = []
    const vad = createVadOverEngine(engine.start, {})
    const stream = vad.create({ sampleRateHz: 16000, onResult: (result) => results.push(result) })
    stream.push(window(8_000), 32)
    stream.push(window(1), 64)
    engine.handlers().onTrouble('failed', 'gone')
    expect(results.map(({ probability }) => probability > 0.5)).toEqual([true, false])
  })

  test('other rates are refused when a stream is made', () => {
    const vad = createVadOverEngine(manualEngine().start, {})
    // What JavaScript may pass, whatever the type says.
    const sampleRateHz = 44_100 as unknown as 16000
    expect(() => vad.create({ sampleRateHz, onResult: () => {} })).toThrow(
      expect.objectContaining({ code: 'audio_format_unsupported' }),
    )
  })
})
