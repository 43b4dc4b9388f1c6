import { createDtmfDetector, dtmfTone } from '@parley/audio'
import type { AudioFrame, MediaEndpoint } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createDtmfInput } from './dtmf-input.ts'
import { sendDigits } from './send-digits.ts'
import { createToneLayer } from './tone-layer.ts'

const toFrame = (samples: Int16Array): AudioFrame => ({ samples, sampleRateHz: 8_000, channels: 1, position: 0 })

/** What a far end hears of mixed frames. */
function farEnd() {
  const keys: [string, number][] = []
  const detector = createDtmfDetector({
    sampleRateHz: 8_000,
    onDigit: (digit, durationMs) => keys.push([digit, durationMs]),
  })
  return { keys, hear: (samples: Int16Array) => detector.push({ samples }) }
}

test('D-1 keys are found in the audio, and the recognizer hears silence for the tone and 100 ms', async () => {
  const clock = createVirtualClock()
  const digits: [string, number][] = []
  const input = createDtmfInput({
    clock,
    endpointReports: false,
    sampleRateHz: 8_000,
    onDigit: (digit, durationMs) => digits.push([digit, durationMs]),
  })
  const line = new Int16Array(8_000).fill(500)
  line.set(dtmfTone('5', { sampleRateHz: 8_000, toneMs: 100, gapMs: 100 }).samples, 1_600)
  const passed: boolean[] = []
  for (let at = 0; at < line.length; at += 160) {
    const given = toFrame(line.subarray(at, at + 160))
    await clock.advance(20)
    passed.push(input.pass(given) === given)
  }
  expect(digits).toEqual([['5', expect.any(Number)]])
  const silentMs = passed.filter((isPassed) => !isPassed).length * 20
  expect(Math.abs(silentMs - ((digits[0]?.[1] ?? 0) + 100))).toBeLessThanOrEqual(20)
  expect(passed.at(-1)).toBe(true)
})

test('D-1 where the endpoint reports keys, the audio is not searched', async () => {
  const clock = createVirtualClock()
  const digits: string[] = []
  const input = createDtmfInput({
    clock,
    endpointReports: true,
    sampleRateHz: 8_000,
    onDigit: (digit) => digits.push(digit),
  })
  const { samples } = dtmfTone('5', { sampleRateHz: 8_000, toneMs: 200, gapMs: 200 })
  for (let at = 0; at + 160 <= samples.length; at += 160) input.pass(toFrame(samples.subarray(at, at + 160)))
  expect(digits).toEqual([])
  input.report('7', 160)
  expect(digits).toEqual(['7'])
  const given = toFrame(new Int16Array(160).fill(9))
  const silence = input.pass(given)
  expect([silence.samples.length, silence.samples.some((sample) => sample !== 0)]).toEqual([160, false])
  await clock.advance(259)
  expect(input.pass(given)).not.toBe(given)
  await clock.advance(1)
  expect(input.pass(given)).toBe(given)
})

test('D-1 a report is ignored where keys are searched for in the audio', () => {
  const digits: string[] = []
  createDtmfInput({
    clock: createVirtualClock(),
    endpointReports: false,
    sampleRateHz: 8_000,
    onDigit: (digit) => digits.push(digit),
  }).report('7', 100)
  expect(digits).toEqual([])
})

test('D-5 sent digits are heard by the far end as tones of 100 ms, in their order', async () => {
  const layer = createToneLayer({ sampleRateHz: 8_000 })
  const { keys, hear } = farEnd()
  let isSent = false
  void layer.send('1w2#').then(() => (isSent = true))
  for (let index = 0; index < 60; index++) {
    const samples = new Int16Array(160)
    layer.mix(samples, false)
    hear(samples)
  }
  await Promise.resolve()
  expect(keys.map(([digit]) => digit)).toEqual(['1', '2', '#'])
  for (const [, durationMs] of keys) expect(Math.abs(durationMs - 100)).toBeLessThanOrEqual(20)
  await new Promise<void>((resolve) => setImmediate(resolve))
  expect([isSent, layer.isSounding]).toEqual([true, false])
})

test('D-5 tones wait while speech plays', () => {
  const layer = createToneLayer({ sampleRateHz: 8_000 })
  void layer.send('1')
  const spoken = new Int16Array(160).fill(1)
  layer.mix(spoken, true)
  expect([...new Set(spoken)]).toEqual([1])
  expect(layer.isSounding).toBe(true)
  const quiet = new Int16Array(160)
  layer.mix(quiet, false)
  expect(quiet.some((sample) => Math.abs(sample) > 1_000)).toBe(true)
})

test('D-5 digits that were not sent when the leg ends are reported', async () => {
  const layer = createToneLayer({ sampleRateHz: 8_000 })
  const sent = layer.send('1')
  layer.close(new Error('gone'))
  await expect(sent).rejects.toThrow('gone')
})

test('D-5 an endpoint that can send digits does, to the leg that is meant', async () => {
  const sent: string[] = []
  const legOf = (name: string, dtmfOut: boolean) => ({
    endpoint: {
      info: { capabilities: { dtmfOut } },
      sendDtmf: async (digits: string) => void sent.push(`${name} ${digits}`),
    } as unknown as MediaEndpoint, // Only these parts are used.
    tones: createToneLayer({ sampleRateHz: 8_000 }),
  })
  const [caller, phone, plain] = [legOf('caller', true), legOf('phone', true), legOf('plain', false)]
  await sendDigits(phone, '1w2#')
  expect(sent).toEqual(['phone 1w2#'])
  expect([caller.tones.isSounding, phone.tones.isSounding]).toEqual([false, false])
  void sendDigits(plain, '1')
  expect(plain.tones.isSounding).toBe(true)
  await expect(sendDigits(phone, '1x')).rejects.toMatchObject({ code: 'invalid_options' })
  expect(sent).toHaveLength(1)
})
