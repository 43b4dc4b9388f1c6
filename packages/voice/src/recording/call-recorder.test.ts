import { createHash } from 'node:crypto'
import type { AudioFrame, RecordingSink } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import {
  createCallRecorder,
  type CallRecorder,
  type CallRecorderOptions,
  type RecordingState,
} from './call-recorder.ts'
import { defaultRecordingOptions } from './recording-options.ts'

const RATE = 16_000

/** Keeps files in memory; what was written so far can be read at any time. */
function memorySink() {
  const files = new Map<string, { bytes: number[]; isDiscarded: boolean; isClosed: boolean }>()
  const sink: RecordingSink = {
    async create({ name }) {
      const file = { bytes: [] as number[], isDiscarded: false, isClosed: false }
      files.set(name, file)
      return {
        async write(bytes) {
          file.bytes.push(...bytes)
        },
        async patch(offset, bytes) {
          bytes.forEach((byte, index) => (file.bytes[offset + index] = byte))
        },
        async close() {
          file.isClosed = true
          return { where: name }
        },
        async discard() {
          file.isDiscarded = true
        },
      }
    },
  }
  /** Samples of one channel after the header of 44 bytes. */
  const channel = (name: string, index = 0, channels = 2): number[] => {
    const bytes = Uint8Array.from(files.get(name)?.bytes ?? [])
    const view = new DataView(bytes.buffer, 44)
    return Array.from({ length: Math.floor(view.byteLength / 2 / channels) }, (_, at) =>
      view.getInt16((at * channels + index) * 2, true),
    )
  }
  return { sink, files, channel }
}

const frame = (value: number, rate: 8000 | 16000 = 16_000): AudioFrame => ({
  samples: new Int16Array(rate / 50).fill(value),
  sampleRateHz: rate,
  channels: 1,
  position: 0,
})

function start(options: Partial<CallRecorderOptions> = {}) {
  const clock = createVirtualClock({ monotonicMs: 5_000 })
  const memory = memorySink()
  const states: RecordingState[] = []
  const errors: unknown[] = []
  const recorder = createCallRecorder({
    clock,
    startedAtMs: 5_000,
    name: 'call-1',
    who: ['ada', 'riley'],
    mode: 'on',
    sink: memory.sink,
    onState: (state) => states.push(state),
    onError: (error) => errors.push(error),
    ...options,
  })
  return { clock, recorder, states, errors, ...memory }
}

/** The caller says `value` for a while, in frames that arrive when they end. */
async function say(
  clock: ReturnType<typeof createVirtualClock>,
  recorder: CallRecorder,
  ms: number,
  value = 1_000,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    await clock.advance(20)
    recorder.caller(frame(value), clock.monotonicMs() - 20)
  }
}

const at = (ms: number): number => (ms * RATE) / 1_000
const levels = (samples: number[], fromMs: number, toMs: number): Set<number> =>
  new Set(samples.slice(at(fromMs), at(toMs)))

describe('recording', () => {
  test('defaults: recording', () => {
    expect(defaultRecordingOptions).toEqual({
      mode: 'off',
      layout: 'stereo',
      format: 'wav',
      sampleRateHz: 16_000,
      holdbackMs: 2_000,
      consentHoldMs: 30_000,
      consentTimeoutMs: 10_000,
    })
  })

  test('recording: caller left, agent right, each where it sounded', async () => {
    const { clock, recorder, channel } = start()
    await say(clock, recorder, 1_000)
    for (let index = 0; index < 50; index++) recorder.agent(frame(500), { atMs: 6_500 + index * 20 })
    await say(clock, recorder, 2_000, 2_000)
    const receipt = await recorder.finish()
    const [left, right] = [channel('call-1.wav', 0), channel('call-1.wav', 1)]
    expect(left).toHaveLength(at(3_000))
    expect(levels(left, 0, 1_000)).toEqual(new Set([1_000]))
    expect(levels(left, 1_000, 3_000)).toEqual(new Set([2_000]))
    expect(levels(right, 0, 1_500)).toEqual(new Set([0]))
    expect(levels(right, 1_500, 2_500)).toEqual(new Set([500]))
    expect(levels(right, 2_500, 3_000)).toEqual(new Set([0]))
    expect(receipt).toMatchObject({
      who: ['ada', 'riley'],
      durationMs: 3_000,
      layout: 'stereo',
      where: 'call-1.wav',
      consent: 'notAsked',
      lostMs: 0,
    })
  })

  test("recording: the receipt's hash is that of the audio in the file", async () => {
    const { clock, recorder, files } = start()
    await say(clock, recorder, 700)
    const receipt = await recorder.finish()
    const audio = Uint8Array.from(files.get('call-1.wav')?.bytes ?? []).subarray(44)
    expect(receipt?.hash).toBe(`sha256:${createHash('sha256').update(audio).digest('hex')}`)
    expect(receipt?.files[0]?.bytes).toBe(44 + audio.length)
    expect(receipt?.startedAt).toBe(clock.now() - 700)
  })

  test('recording: jitter of arrival does not tear the caller apart, and a real gap stays one', async () => {
    const { clock, recorder, channel } = start()
    let due = clock.monotonicMs()
    for (let index = 0; index < 100; index++) {
      await clock.advance(20)
      recorder.caller(frame(1_000), due + (index % 7) * 12)
      due += 20
    }
    await clock.advance(1_000)
    due += 1_000
    for (let index = 0; index < 50; index++) {
      await clock.advance(20)
      recorder.caller(frame(1_000), due)
      due += 20
    }
    await recorder.finish()
    const left = channel('call-1.wav')
    expect(levels(left, 0, 2_000)).toEqual(new Set([1_000]))
    expect(levels(left, 2_000, 3_000)).toEqual(new Set([0]))
    expect(levels(left, 3_000, 4_000)).toEqual(new Set([1_000]))
  })

  test('recording: a clock that drifts is followed to within 20 ms', async () => {
    const { clock, recorder, channel } = start()
    // 0.2 % slow: after 60 s the stream is 120 ms behind the clock.
    for (let index = 0; index < 3_000; index++) {
      await clock.advance(20)
      recorder.caller(frame(index === 2_999 ? 9_000 : 1_000), 5_000 + index * 20.04)
    }
    await clock.advance(1_000)
    await recorder.finish()
    const found = channel('call-1.wav').indexOf(9_000) / 16
    expect(Math.abs(found - 2_999 * 20.04)).toBeLessThanOrEqual(21)
  })

  test('recording: cleared audio is absent, however far ahead it was sent', async () => {
    const { clock, recorder, channel } = start()
    for (let index = 0; index < 100; index++) recorder.agent(frame(500), { atMs: 5_000 + index * 20 })
    await say(clock, recorder, 600)
    recorder.cleared(clock.monotonicMs())
    recorder.agent(frame(300), { atMs: 6_500 })
    await say(clock, recorder, 1_400)
    await recorder.finish()
    const right = channel('call-1.wav', 1)
    expect(levels(right, 0, 600)).toEqual(new Set([500]))
    expect(levels(right, 610, 1_500)).toEqual(new Set([0]))
    expect(levels(right, 1_500, 1_520)).toEqual(new Set([300]))
  })

  test('recording: audio of 8 kHz lies where it sounded', async () => {
    const { clock, recorder, channel } = start()
    for (let index = 0; index < 100; index++) {
      await clock.advance(20)
      recorder.caller(frame(1_000, 8_000), clock.monotonicMs() - 20)
    }
    await clock.advance(500)
    await recorder.finish()
    const left = channel('call-1.wav')
    const loud = left.flatMap((sample, index) => (Math.abs(sample) > 500 ? [index] : []))
    expect((loud[0] ?? 0) / 16).toBeLessThan(20)
    expect(Math.abs((loud.at(-1) ?? 0) / 16 - 2_000)).toBeLessThan(20)
  })

  test('recording: masked audio of a side never reaches the sink', async () => {
    const { clock, recorder, channel, files } = start()
    await say(clock, recorder, 500)
    const endMask = recorder.mask('caller', clock.monotonicMs())
    for (let index = 0; index < 100; index++) recorder.agent(frame(500), { atMs: clock.monotonicMs() + index * 20 })
    await say(clock, recorder, 1_500, 7_777)
    endMask(clock.monotonicMs())
    await say(clock, recorder, 4_000)
    expect(files.get('call-1.wav')?.bytes.length).toBeGreaterThan(44 + at(2_000) * 4)
    expect(channel('call-1.wav', 0)).not.toContain(7_777)
    const receipt = await recorder.finish()
    expect(levels(channel('call-1.wav', 0), 500, 2_000)).toEqual(new Set([0]))
    expect(levels(channel('call-1.wav', 1), 500, 2_000)).toEqual(new Set([500]))
    expect(receipt?.maskedMs).toBe(1_500)
  })

  test('D-4 a mask may come up to 2 s after the audio, spoken digits of both sides included', async () => {
    const { clock, recorder, channel } = start()
    await say(clock, recorder, 500)
    await say(clock, recorder, 1_900, 7_777)
    recorder.mask('both', 5_500, 7_400)
    await say(clock, recorder, 3_000)
    await recorder.finish()
    expect(channel('call-1.wav', 0)).not.toContain(7_777)
  })

  test('recording: what is said during a pause is not kept, and time goes on', async () => {
    const { clock, recorder, channel, states } = start()
    await say(clock, recorder, 500)
    recorder.pause()
    await say(clock, recorder, 700, 7_777)
    recorder.resume()
    await say(clock, recorder, 500)
    const receipt = await recorder.finish()
    expect(states).toEqual(['on', 'paused', 'on', 'done'])
    expect(channel('call-1.wav', 0)).not.toContain(7_777)
    expect(levels(channel('call-1.wav', 0), 1_200, 1_700)).toEqual(new Set([1_000]))
    expect(receipt?.durationMs).toBe(1_700)
  })

  test('recording: with consent, what came before the answer is kept', async () => {
    const { clock, recorder, channel, states, files } = start({ mode: 'consent' })
    await say(clock, recorder, 4_000)
    recorder.asked()
    await say(clock, recorder, 9_000)
    expect(files.size).toBe(0)
    recorder.consent(true)
    await say(clock, recorder, 1_000, 2_000)
    const receipt = await recorder.finish()
    expect(states).toEqual(['asking', 'on', 'done'])
    expect(levels(channel('call-1.wav'), 0, 13_000)).toEqual(new Set([1_000]))
    expect(receipt).toMatchObject({ consent: 'given', durationMs: 14_000 })
  })

  test('recording: at most 30 s before the answer are held', async () => {
    const { clock, recorder } = start({ mode: 'consent' })
    await say(clock, recorder, 60_000)
    recorder.consent(true)
    const receipt = await recorder.finish()
    expect(receipt?.durationMs).toBeGreaterThanOrEqual(30_000)
    expect(receipt?.durationMs).toBeLessThanOrEqual(33_000)
    expect(receipt?.startedAt).toBe(clock.now() - (receipt?.durationMs ?? 0))
  })

  test('recording: refusal keeps nothing, from the first frame on', async () => {
    const { clock, recorder, states, files } = start({ mode: 'consent' })
    await say(clock, recorder, 4_000)
    recorder.consent(false)
    recorder.consent(true)
    await say(clock, recorder, 4_000)
    expect(await recorder.finish()).toBeNull()
    expect(files.size).toBe(0)
    expect(states).toEqual(['asking', 'refused'])
  })

  test('recording: no answer in 10 s is refusal, and so is the end of the call', async () => {
    const { clock, recorder, states } = start({ mode: 'consent' })
    recorder.asked()
    await clock.advance(9_999)
    expect(recorder.state).toBe('asking')
    await clock.advance(1)
    expect(states).toEqual(['asking', 'refused'])
    const ended = start({ mode: 'consent' })
    ended.recorder.asked()
    expect(await ended.recorder.finish()).toBeNull()
    expect(ended.files.size).toBe(0)
    expect(ended.clock.pending).toBe(0)
  })

  test('recording: consent taken back removes what was kept', async () => {
    const { clock, recorder, files } = start({ mode: 'consent' })
    recorder.consent(true)
    await say(clock, recorder, 5_000)
    recorder.consent(false)
    await clock.advance(0)
    expect(files.get('call-1.wav')?.isDiscarded).toBe(true)
    expect(await recorder.finish()).toBeNull()
  })

  test('recording: what reached the sink before a crash can be read', async () => {
    const { clock, recorder, files } = start()
    await say(clock, recorder, 10_000)
    const bytes = Uint8Array.from(files.get('call-1.wav')?.bytes ?? [])
    const text = (from: number): string => String.fromCharCode(...bytes.subarray(from, from + 4))
    expect([text(0), text(8), text(36)]).toEqual(['RIFF', 'WAVE', 'data'])
    expect([0, 0xffffffff]).toContain(new DataView(bytes.buffer).getUint32(40, true))
    expect(bytes.length - 44).toBeGreaterThanOrEqual(at(7_000) * 4)
  })

  test('recording: finished files say how long they are', async () => {
    const { clock, recorder, files } = start()
    await say(clock, recorder, 1_000)
    await recorder.finish()
    const bytes = Uint8Array.from(files.get('call-1.wav')?.bytes ?? [])
    expect(new DataView(bytes.buffer).getUint32(40, true)).toBe(at(1_000) * 4)
    expect(files.get('call-1.wav')?.isClosed).toBe(true)
  })

  test('recording: mixed puts both into one channel without wrapping, tracks into a file each', async () => {
    const mixed = start({ layout: 'mixed' })
    await say(mixed.clock, mixed.recorder, 200, 30_000)
    for (let index = 0; index < 5; index++) mixed.recorder.agent(frame(30_000), { atMs: 5_000 + index * 20 })
    await mixed.recorder.finish()
    expect(levels(mixed.channel('call-1.wav', 0, 1), 0, 100)).toEqual(new Set([32_767]))
    expect(levels(mixed.channel('call-1.wav', 0, 1), 100, 200)).toEqual(new Set([30_000]))
    const tracks = start({ layout: 'tracks' })
    await say(tracks.clock, tracks.recorder, 200)
    for (let index = 0; index < 5; index++) tracks.recorder.agent(frame(500), { atMs: 5_000 + index * 20 })
    const receipt = await tracks.recorder.finish()
    expect(receipt?.files.map(({ side, where }) => [side, where])).toEqual([
      ['caller', 'call-1-caller.wav'],
      ['agent', 'call-1-agent.wav'],
    ])
    expect(levels(tracks.channel('call-1-agent.wav', 0, 1), 0, 100)).toEqual(new Set([500]))
  })

  test('recording: a sink that fails ends the recording once, and the call goes on', async () => {
    const { clock, recorder, states, errors } = start({
      sink: {
        create: async () => ({
          write: async () => {
            throw new Error('disk full')
          },
          patch: async () => {},
          close: async () => ({ where: '' }),
          discard: async () => {},
        }),
      },
    })
    await say(clock, recorder, 5_000)
    expect(await recorder.finish()).toBeNull()
    expect(states).toEqual(['on', 'done'])
    expect(errors).toHaveLength(1)
  })

  test('recording: a sink that stands still costs audio, not memory or time', async () => {
    let release: () => void = () => {}
    const blocked = new Promise<void>((resolve) => (release = resolve))
    const written: number[] = []
    const { clock, recorder } = start({
      sink: {
        create: async () => ({
          async write(bytes) {
            await blocked
            written.push(bytes.length)
          },
          patch: async () => {},
          close: async () => ({ where: 'here' }),
          discard: async () => {},
        }),
      },
    })
    for (let second = 0; second < 120; second++) await say(clock, recorder, 1_000)
    release()
    const receipt = await recorder.finish()
    expect(receipt?.lostMs).toBeGreaterThan(40_000)
    expect(written.reduce((sum, length) => sum + length, 0) - 44).toBe(at(120_000) * 4)
  })

  test('recording: off takes nothing, and a mode that records needs a sink', async () => {
    const clock = createVirtualClock()
    const recorder = createCallRecorder({ clock, startedAtMs: 0, name: 'x' })
    recorder.caller(frame(1), 0)
    expect(recorder.state).toBe('off')
    expect(await recorder.finish()).toBeNull()
    expect(() => createCallRecorder({ clock, startedAtMs: 0, name: 'x', mode: 'on' })).toThrow(/sink/)
    // @ts-expect-error a recording that somebody asked for must not silently be none
    expect(() => createCallRecorder({ clock, startedAtMs: 0, name: 'x', mode: 'always' })).toThrow(/off, on, consent/)
    // @ts-expect-error the misspelt option is what is tested
    expect(() => createCallRecorder({ clock, startedAtMs: 0, name: 'x', layuot: 'mixed' })).toThrow(/layout/)
  })
})
