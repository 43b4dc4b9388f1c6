import type { CallFrame } from '@parley/spec'
import { expect, test } from 'vitest'
import type { CallPlayout, PlayedSamples } from './call-devices.ts'
import { createPlayoutTracker, type PlayoutReport } from './call-playout.ts'

function setUp({ outputLatencyMs = 0 } = {}) {
  const pushed: { length: number; isLast: boolean }[] = []
  const reports: PlayoutReport[] = []
  let progress = (_progress: PlayedSamples): void => {}
  let total = 0
  let at = 0
  const asked: string[] = []
  const standing = (): PlayedSamples => ({ played: at, buffered: total - at, underruns: 0 })
  const device: CallPlayout = {
    outputLatencyMs,
    push(samples, isLast) {
      pushed.push({ length: samples.length, isLast })
      total += samples.length
    },
    async clear() {
      const where = standing()
      at = total
      return where
    },
    async pause() {
      return standing()
    },
    resume: () => void asked.push('resume'),
    onProgress: (listener) => (progress = listener),
    onState() {},
    async close() {},
  }
  const tracker = createPlayoutTracker({
    device,
    rate: 24_000,
    decode: ({ codec, payload }) => (codec === 'pcm16' ? new Int16Array(payload.length / 2) : undefined),
    send: (report) => void reports.push(report),
  })
  const frame = (position: number, more: Partial<CallFrame> = {}): boolean =>
    tracker.frame({
      codec: 'pcm16',
      rate: 24_000,
      gap: false,
      last: false,
      priority: false,
      sequence: 0,
      position,
      epoch: 0,
      payload: new Uint8Array(960),
      ...more,
    })
  const play = (samples: number): void => {
    at = Math.min(total, at + samples)
    progress(standing())
  }
  return { tracker, frame, play, reports, pushed, asked }
}

test('what was played is told by utterance and place, with its end', () => {
  const { tracker, frame, play, reports } = setUp()
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  for (let index = 0; index < 5; index++) frame(index * 480, { last: index === 4 })
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'end' })
  tracker.segment({ epoch: 0, utteranceId: 'u2', phase: 'start' })
  frame(0, { last: true })
  play(1_200)
  play(1_440)
  play(10_000)
  expect(reports).toEqual([
    { type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 50, bufferedMs: 70 },
    { type: 'played', epoch: 0, utteranceId: 'u2', positionMs: 10, bufferedMs: 10 },
    { type: 'played', epoch: 0, utteranceId: 'u2', positionMs: 20, bufferedMs: 0, done: true },
  ])
})

test('the ear is behind the count by the latency of the speaker, until all has ended', () => {
  const { tracker, frame, play, reports } = setUp({ outputLatencyMs: 30 })
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  for (let index = 0; index < 5; index++) frame(index * 480, { last: index === 4 })
  play(1_200)
  play(10_000)
  expect(reports).toMatchObject([{ positionMs: 20 }, { positionMs: 100, done: true }])
})

test('an end that is known only after the last frame is told to the speaker and reported', () => {
  const { tracker, frame, play, reports, pushed } = setUp()
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  frame(0)
  play(10_000)
  expect(reports.at(-1)).not.toHaveProperty('done')
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'end' })
  expect(pushed.at(-1)).toEqual({ length: 0, isLast: true })
  expect(reports.at(-1)).toMatchObject({ positionMs: 20, done: true })
})

test('a clear drops what is older, says where the sound ended, and takes the new epoch', async () => {
  const { tracker, frame, play, reports, pushed } = setUp()
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  for (let index = 0; index < 10; index++) frame(index * 480)
  play(2_400)
  tracker.clear(1)
  await Promise.resolve()
  expect(reports.at(-1)).toEqual({ type: 'cleared', epoch: 1, positionMs: 100 })
  expect(frame(4_800)).toBe(false)
  expect(pushed).toHaveLength(10)
  tracker.segment({ epoch: 1, utteranceId: 'u1', phase: 'start' })
  frame(1_920, { epoch: 1 })
  play(240)
  expect(reports.at(-1)).toEqual({ type: 'played', epoch: 1, utteranceId: 'u1', positionMs: 90, bufferedMs: 10 })
})

test('frames that come again are left out as far as they were taken', () => {
  const { tracker, frame, pushed } = setUp()
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  frame(0)
  frame(480)
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  frame(480)
  frame(720)
  frame(1_200)
  expect(pushed.map(({ length }) => length)).toEqual([480, 480, 240, 480])
})

test('background sound is played and not reported', () => {
  const { frame, play, reports, pushed } = setUp()
  frame(0)
  play(480)
  expect(pushed).toEqual([{ length: 480, isLast: true }])
  expect(reports).toEqual([])
})

test('a pause says where it stopped, and only for its own epoch', async () => {
  const { tracker, frame, play, reports, asked } = setUp()
  tracker.segment({ epoch: 0, utteranceId: 'u1', phase: 'start' })
  for (let index = 0; index < 5; index++) frame(index * 480)
  play(960)
  tracker.pause(7)
  tracker.pause(0)
  await Promise.resolve()
  expect(reports.filter(({ type }) => type === 'paused')).toEqual([{ type: 'paused', epoch: 0, positionMs: 40 }])
  tracker.resume()
  expect(asked).toEqual(['resume'])
})

test('a wrong codec is not played', () => {
  const { frame, pushed } = setUp()
  expect(frame(0, { codec: 'opus' })).toBe(false)
  expect(pushed).toEqual([])
})
