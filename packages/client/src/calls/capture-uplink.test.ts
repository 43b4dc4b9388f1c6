import type { CallFrame } from '@parley/spec'
import { expect, test } from 'vitest'
import type { CallCapture } from './call-devices.ts'
import { createCaptureUplink } from './capture-uplink.ts'

function microphone(sampleRateHz: number) {
  let listener = (_samples: Float32Array): void => {}
  let isOpen = true
  const capture: CallCapture = {
    sampleRateHz,
    removesEcho: true,
    onSamples: (next) => (listener = next),
    onEnded() {},
    async close() {
      isOpen = false
    },
  }
  const speak = (lengthMs: number): void => {
    for (let left = Math.round((sampleRateHz * lengthMs) / 1_000); left > 0; left -= 128) {
      listener(Float32Array.from({ length: Math.min(128, left) }, () => 0.25))
    }
  }
  return { capture, speak, isOpen: () => isOpen }
}

function setUp() {
  const sent: CallFrame[] = []
  let accepts = true
  const uplink = createCaptureUplink((frame) => {
    if (accepts) sent.push(frame)
    return accepts
  })
  return { sent, uplink, accept: (next: boolean) => void (accepts = next) }
}

test.each([16_000, 44_100, 48_000])(
  'a microphone at %i Hz becomes frames of 20 ms at 16 kHz, one after the other',
  async (rate) => {
    const { sent, uplink } = setUp()
    const { capture, speak } = microphone(rate)
    await uplink.use(capture)
    speak(500)
    expect(sent.length).toBeGreaterThanOrEqual(23)
    expect(sent.length).toBeLessThanOrEqual(25)
    expect(
      sent.every(({ payload, codec, rate: to }) => payload.length === 640 && codec === 'pcm16' && to === 16_000),
    ).toBe(true)
    expect(sent.map(({ position }) => position)).toEqual(sent.map((_, index) => index * 320))
    expect(sent.map(({ sequence }) => sequence)).toEqual(sent.map((_, index) => index))
    const level = new DataView(sent[10]?.payload.slice().buffer ?? new ArrayBuffer(2)).getInt16(300, true)
    expect(Math.abs(level - 8_192)).toBeLessThan(100)
    await uplink.close()
  },
)

test('a rate that is none of a call is refused when the microphone is opened', async () => {
  await expect(setUp().uplink.use(microphone(96_000).capture)).rejects.toMatchObject({
    code: 'audio_format_unsupported',
  })
})

test('nothing is sent while muted, and time goes on', async () => {
  const { sent, uplink } = setUp()
  const { capture, speak } = microphone(16_000)
  await uplink.use(capture)
  speak(40)
  uplink.setOpen(false)
  speak(100)
  uplink.setOpen(true)
  speak(20)
  expect(sent.map(({ position }) => position)).toEqual([0, 320, 320 * 7])
})

test('W-2 what could not be sent leaves a gap that the next frame tells of', async () => {
  const { sent, uplink, accept } = setUp()
  const { capture, speak } = microphone(16_000)
  await uplink.use(capture)
  speak(20)
  accept(false)
  speak(60)
  accept(true)
  speak(40)
  expect(sent.map(({ position, gap }) => [position, gap])).toEqual([
    [0, false],
    [1_280, true],
    [1_600, false],
  ])
  uplink.markGap()
  speak(40)
  expect(sent.slice(3).map(({ gap }) => gap)).toEqual([true, false])
})

test('another microphone takes over, and the one before is closed', async () => {
  const { sent, uplink } = setUp()
  const first = microphone(16_000)
  const second = microphone(48_000)
  await uplink.use(first.capture)
  first.speak(20)
  await uplink.use(second.capture)
  expect(first.isOpen()).toBe(false)
  first.speak(20)
  expect(sent).toHaveLength(1)
  second.speak(100)
  expect(sent.length).toBeGreaterThan(3)
  await uplink.close()
  expect(second.isOpen()).toBe(false)
})
