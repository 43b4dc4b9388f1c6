import type { AudioFrame } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import type { VirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { createPacer } from './pacer.ts'
import type { Pacer, PacerOptions } from './pacer.ts'

interface Sent {
  atMs: number
  tag: string | undefined
  isLast: boolean
  position: number
  samples: number[]
}

interface Bench {
  clock: VirtualClock
  pacer: Pacer<string>
  sent: Sent[]
  drained: number[]
}

function setUp(options: Partial<PacerOptions<string>> = {}): Bench {
  const clock = createVirtualClock({ monotonicMs: 1_000 })
  const sent: Sent[] = []
  const drained: number[] = []
  const pacer = createPacer<string>({
    clock,
    sampleRateHz: 8_000,
    send({ samples, position }, { tag, isLast }) {
      sent.push({ atMs: clock.monotonicMs(), tag, isLast, position, samples: [...samples] })
    },
    onDrained: () => drained.push(clock.monotonicMs()),
    ...options,
  })
  return { clock, pacer, sent, drained }
}

function audio(ms: number, value = 1_000): AudioFrame {
  return { samples: new Int16Array(ms * 8).fill(value), sampleRateHz: 8_000, channels: 1, position: 0 }
}

const repeated = (count: number, value: number): number[] => Array.from({ length: count }, () => value)
const instants = (sent: Sent[]): number[] => sent.map(({ atMs }) => atMs)
const steps = (samples: number[]): number =>
  samples.reduce(
    (most, sample, index) => (index === 0 ? 0 : Math.max(most, Math.abs(sample - (samples[index - 1] ?? 0)))),
    0,
  )

test('A-9 the first frames go in the very call of push, the others on the absolute schedule', async () => {
  const { clock, pacer, sent, drained } = setUp()
  pacer.push(audio(200), 'a')
  expect(instants(sent)).toEqual([1_000, 1_000, 1_000, 1_000])
  await clock.advance(300)
  // Frame n at start + n * 20 - 60.
  expect(instants(sent).slice(4)).toEqual([1_020, 1_040, 1_060, 1_080, 1_100, 1_120])
  expect(sent.map(({ position }) => position)).toEqual(Array.from({ length: 10 }, (_, index) => index * 160))
  expect(drained).toEqual([1_120])
  expect(clock.pending).toBe(0)
  expect(pacer.isRunning).toBe(false)
})

test('A-9 drift after one hour is under one frame, timers that come late included', async () => {
  const clock = createVirtualClock()
  // Every timer of this clock comes 3 ms late.
  const lateClock = { ...clock, setTimer: (delayMs: number, run: () => void) => clock.setTimer(delayMs + 3, run) }
  let frames = 0
  let worstMs = 0
  const pacer = createPacer({
    clock: lateClock,
    sampleRateHz: 8_000,
    send() {
      if (frames >= 4) worstMs = Math.max(worstMs, Math.abs(clock.monotonicMs() - (frames * 20 - 60)))
      frames += 1
    },
  })
  const second = audio(1_000)
  // A second always waits, so that the far end never runs dry.
  pacer.push(second)
  for (let at = 0; at < 3_600; at++) {
    pacer.push(second)
    await clock.advance(1_000)
  }
  expect(frames).toBeGreaterThanOrEqual(3_600 * 50)
  expect(worstMs).toBeLessThan(20)
  pacer.close()
})

test('A-9 after a stall of more than 200 ms it begins anew instead of bursting, after a shorter one it catches up', async () => {
  for (const [stallMs, expected] of [
    [150, 9],
    [400, 4],
  ] as const) {
    let isStalled = false
    const clock = createVirtualClock()
    const stalling = {
      ...clock,
      setTimer: (delayMs: number, run: () => void) => {
        const lateMs = isStalled ? stallMs : 0
        isStalled = false
        return clock.setTimer(delayMs + lateMs, run)
      },
    }
    const at: number[] = []
    const pacer = createPacer({ clock: stalling, sampleRateHz: 8_000, send: () => at.push(clock.monotonicMs()) })
    pacer.push(audio(2_000))
    await clock.advance(100)
    isStalled = true
    await clock.advance(20)
    const before = at.length
    await clock.advance(stallMs + 25)
    expect(at.length - before).toBe(expected)
    await clock.advance(200)
    // Again one at a time.
    expect(new Set(at.slice(-6)).size).toBe(6)
    pacer.close()
  }
})

test('A-9 a far end that ran dry is given the whole start again', async () => {
  const { clock, pacer, sent } = setUp()
  pacer.push(audio(100))
  await clock.advance(500)
  const before = sent.length
  pacer.push(audio(200))
  expect(sent.length - before).toBe(4)
  await clock.advance(20)
  expect(sent.length - before).toBe(5)
})

test('A-9 only whole frames are sent, the last one filled with silence', async () => {
  const { clock, pacer, sent, drained } = setUp()
  pacer.push(audio(30), 'a')
  expect(sent).toHaveLength(1)
  await clock.advance(100)
  expect(sent).toHaveLength(1)
  expect(drained).toEqual([])
  expect(pacer.queuedMs).toBe(10)
  pacer.flush()
  expect(sent).toHaveLength(2)
  expect(sent[1]).toMatchObject({ tag: 'a', isLast: true })
  expect(sent[1]?.samples).toEqual([...repeated(80, 1_000), ...repeated(80, 0)])
  expect(drained).toHaveLength(1)
})

test('A-9 clear takes effect within one frame', async () => {
  const { clock, pacer, sent } = setUp()
  pacer.push(audio(2_000), 'a')
  await clock.advance(100)
  const before = sent.length
  pacer.clear()
  expect(sent.length - before).toBe(1)
  expect(pacer.queuedMs).toBe(0)
  await clock.advance(500)
  expect(sent.length - before).toBe(1)
  expect(clock.pending).toBe(0)
  pacer.clear()
  expect(sent.length - before).toBe(1)
  pacer.push(audio(20), 'b')
  expect(sent.at(-1)).toMatchObject({ tag: 'b' })
})

test('A-10 clear fades out, so no step exceeds 0.1 of full scale', async () => {
  const { clock, pacer, sent } = setUp()
  pacer.push(audio(2_000, 30_000), 'a')
  await clock.advance(100)
  pacer.clear()
  const all = sent.flatMap(({ samples }) => samples)
  expect(all.at(-1)).toBe(0)
  expect(steps(all)).toBeLessThan(3_276)
})

test('A-10 pause fades out, resume fades in where it stopped, and no frame is lost', async () => {
  const { clock, pacer, sent } = setUp()
  pacer.push(audio(2_000, 30_000), 'a')
  await clock.advance(100)
  pacer.pause()
  const paused = sent.length
  expect(sent.at(-1)?.samples.at(-1)).toBeLessThan(3_276)
  await clock.advance(1_000)
  expect(sent).toHaveLength(paused)
  expect(pacer.isRunning).toBe(false)
  expect(clock.pending).toBe(0)
  pacer.resume()
  await clock.advance(3_000)
  expect(sent).toHaveLength(100)
  expect(steps(sent.flatMap(({ samples }) => samples))).toBeLessThan(3_276)
})

test('a cut without a fade sends nothing more', async () => {
  const { clock, pacer, sent } = setUp()
  pacer.push(audio(2_000))
  await clock.advance(100)
  const before = sent.length
  pacer.pause({ fade: false })
  pacer.resume()
  expect(sent[before - 1]?.samples.at(-1)).toBe(1_000)
  pacer.clear({ fade: false })
  expect(sent).toHaveLength(before)
})

test('A-9 one shared timer drives all pacers of a clock, and none is left when all are idle', async () => {
  const clock = createVirtualClock()
  const counts: number[] = Array.from({ length: 200 }, () => 0)
  const pacers = counts.map((_, index) =>
    createPacer({ clock, sampleRateHz: 8_000, send: () => (counts[index] = (counts[index] ?? 0) + 1) }),
  )
  for (const [index, pacer] of pacers.entries()) {
    pacer.push(audio(400))
    if (index % 50 === 0) await clock.advance(7)
  }
  expect(clock.pending).toBe(1)
  await clock.advance(1_000)
  expect(new Set(counts)).toEqual(new Set([20]))
  expect(clock.pending).toBe(0)
  for (const pacer of pacers) pacer.close()
})

test('one pacer that throws does not stop the others', async () => {
  const errors: unknown[] = []
  const clock = createVirtualClock({ onError: (error) => errors.push(error) })
  let sent = 0
  let isBroken = false
  const broken = createPacer({
    clock,
    sampleRateHz: 8_000,
    send() {
      if (isBroken) throw new Error('broken')
    },
  })
  const whole = createPacer({ clock, sampleRateHz: 8_000, send: () => (sent += 1) })
  broken.push(audio(200))
  whole.push(audio(200))
  isBroken = true
  await clock.advance(500)
  expect(sent).toBe(10)
  expect(errors.length).toBeGreaterThan(0)
})

test('defaults: 20 ms frames, 80 ms at once, 60 ms ahead, 10 s may wait', async () => {
  const { clock, pacer, sent } = setUp()
  expect(pacer.push(audio(10_000))).toBe('ok')
  expect(sent).toHaveLength(4)
  expect(sent[0]?.samples).toHaveLength(160)
  expect(pacer.queuedMs).toBe(9_920)
  expect(pacer.push(audio(80))).toBe('ok')
  expect(pacer.push(audio(1))).toBe('full')
  await clock.advance(59)
  expect(sent).toHaveLength(6)
  pacer.close()
})

test('what does not fit is refused, and ready says when there is room again', async () => {
  const { clock, pacer } = setUp({ queueMs: 1_000 })
  expect(pacer.push(audio(1_000))).toBe('ok')
  expect(pacer.push(audio(200))).toBe('full')
  let isReady = false
  void pacer.ready().then(() => (isReady = true))
  await clock.advance(100)
  expect(isReady).toBe(false)
  await clock.advance(60)
  expect(isReady).toBe(true)
  expect(pacer.push(audio(200))).toBe('ok')
  const waiting = pacer.ready()
  pacer.close()
  await waiting
  expect(pacer.push(audio(20))).toBe('ok')
  expect(pacer.queuedMs).toBe(0)
})

test('A-14 audio may be written over as soon as push has returned', async () => {
  const { clock, pacer, sent } = setUp()
  const frame = audio(200, 5)
  pacer.push(frame)
  frame.samples.fill(9)
  await clock.advance(500)
  expect(new Set(sent.flatMap(({ samples }) => samples))).toEqual(new Set([5]))
})

test('tags follow their audio through a queue that grows', async () => {
  const { clock, pacer, sent } = setUp()
  for (let at = 0; at < 50; at++) pacer.push(audio(100, at), `t${at}`)
  pacer.flush()
  await clock.advance(6_000)
  expect(sent).toHaveLength(250)
  for (const [index, { tag, samples, isLast }] of sent.entries()) {
    expect(tag).toBe(`t${Math.floor(index / 5)}`)
    expect(samples[0]).toBe(Math.floor(index / 5))
    expect(isLast).toBe(index === 249)
  }
})

test('audio that is pushed by who hears that all was sent goes on at once', async () => {
  let rounds = 0
  const { clock, pacer, sent } = setUp({
    onDrained() {
      rounds += 1
      if (rounds === 1) pacer.push(audio(100), 'more')
    },
  })
  pacer.push(audio(100), 'a')
  await clock.advance(1_000)
  expect(sent).toHaveLength(10)
  expect(rounds).toBe(2)
})
