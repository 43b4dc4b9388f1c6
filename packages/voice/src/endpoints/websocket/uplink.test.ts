import { encodePcma, encodePcmu } from '@parley/audio'
import type { CallFrame } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createUplink } from './uplink.ts'

type Heard = { position: number; length: number; first: number; atMs: number }

function setUp(codec: CallFrame['codec'] = 'pcm16') {
  const clock = createVirtualClock()
  const heard: Heard[] = []
  const uplink = createUplink({
    codec,
    rate: 16_000,
    clock,
    onFrame: ({ samples, position }, atMs) =>
      void heard.push({ position, length: samples.length, first: samples[0] ?? 0, atMs }),
  })
  const frame = (position: number, more: Partial<CallFrame> = {}): CallFrame => ({
    codec,
    rate: 16_000,
    gap: false,
    last: false,
    priority: false,
    sequence: 0,
    position,
    epoch: 0,
    payload: new Uint8Array(Int16Array.from({ length: 320 }, () => 500).buffer),
    ...more,
  })
  const silent = () => heard.filter(({ first }) => first === 0)
  return { clock, heard, silent, uplink, frame }
}

test('O-9 a gap over 60 ms is filled with silence of equal length, each piece at its own time', async () => {
  const { clock, heard, silent, uplink, frame } = setUp()
  uplink.push(frame(1_000))
  await clock.advance(220)
  uplink.push(frame(1_000 + 320 + 3_200))
  expect(silent().map(({ length, atMs }) => [length, atMs])).toEqual(
    Array.from({ length: 10 }, (_, index) => [320, 20 * (index + 1)]),
  )
  expect(heard.at(-1)).toMatchObject({ position: 320 + 3_200, atMs: 220, first: 500 })
})

test('O-9 a gap that is no whole number of frames is filled to the sample', () => {
  const { heard, silent, uplink, frame } = setUp()
  uplink.push(frame(0))
  uplink.push(frame(320 + 1_200))
  expect(silent().map(({ length }) => length)).toEqual([320, 320, 560])
  expect(heard.at(-1)).toMatchObject({ position: 320 + 1_200 })
})

test('O-9 60 ms are no gap, and no more than 10 s are filled', () => {
  const { silent, uplink, frame } = setUp()
  uplink.push(frame(0))
  uplink.push(frame(320 + 960))
  expect(silent()).toHaveLength(0)
  uplink.push(frame(320 + 960 + 320 + 16_000 * 60))
  expect(silent()).toHaveLength(500)
})

test('O-9 frames that are late and come at once are no gap', async () => {
  const { clock, heard, uplink, frame } = setUp()
  uplink.push(frame(0))
  await clock.advance(900)
  for (let index = 1; index < 45; index++) uplink.push(frame(index * 320))
  expect(heard.map(({ position }) => position)).toEqual(Array.from({ length: 45 }, (_, index) => index * 320))
})

test('O-9 a sender that begins anew is placed by its arrival', async () => {
  const { clock, heard, uplink, frame } = setUp()
  uplink.push(frame(90_000))
  await clock.advance(1_020)
  expect(uplink.push(frame(0, { gap: true }))).toBe(true)
  expect(heard.at(-1)).toMatchObject({ position: 320 + 16_000 })
})

test('positions go on over the wrap of uint32, and what is sent twice is left out', () => {
  const { heard, uplink, frame } = setUp()
  uplink.push(frame(2 ** 32 - 320))
  uplink.push(frame(0))
  expect(uplink.push(frame(0))).toBe(false)
  expect(heard.map(({ position }) => position)).toEqual([0, 320])
})

test.each([
  ['pcmu', encodePcmu],
  ['pcma', encodePcma],
] as const)('%s is read as linear samples', (codec, encode) => {
  const { heard, uplink, frame } = setUp(codec)
  expect(uplink.push(frame(0, { payload: encode(Int16Array.from({ length: 320 }, () => 4_000)) }))).toBe(true)
  expect(heard[0]?.length).toBe(320)
  expect(Math.abs((heard[0]?.first ?? 0) - 4_000)).toBeLessThan(200)
})

test('10 to 60 ms are taken, nothing shorter or longer', () => {
  const { uplink, frame } = setUp()
  const sized = (samples: number) => uplink.push(frame(0, { payload: new Uint8Array(samples * 2), gap: true }))
  expect([159, 160, 960, 961].map(sized)).toEqual([false, true, true, false])
})
