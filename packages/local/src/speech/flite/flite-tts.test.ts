import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemClock, ParleyError, type AudioFormat, type TtsEvent } from '@parley/spec'
import { createTestSpeechContext } from '@parley/testing'
import { ttsSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileFlite } from './flite-pool.ts'
import { createFliteTts, defaultWorkers, type FliteTts } from './flite-tts.ts'

const clock = createSystemClock()
const format: AudioFormat = { encoding: 'pcm16', sampleRateHz: 16000, channels: 1 }
const context = (options: { signal?: AbortSignal } = {}) => createTestSpeechContext({ clock, ...options })

ttsSuite('flite', () => {
  const tts = createFliteTts({ workers: 1 })
  return { tts, context, pass: (ms) => clock.sleep(ms), voice: 'slt', format, close: () => tts.close() }
})

/** Events of some speech up to the end of its last segment. */
async function speakAll(tts: FliteTts, voice: string, texts: readonly string[]): Promise<TtsEvent[]> {
  const stream = await tts.open({ voice, format }, context())
  texts.forEach((text, index) => stream.speak(text, { segmentId: `s${index}`, last: true }))
  const events: TtsEvent[] = []
  for await (const event of stream.events) {
    events.push(event)
    const isEnd = event.type === 'done' || event.type === 'error'
    if (isEnd && event.segmentId === `s${texts.length - 1}`) break
  }
  await stream.close()
  return events
}

const audioMs = (events: readonly TtsEvent[], id: string): number =>
  events.reduce((sum, event) => sum + (event.type === 'audio' && event.segmentId === id ? 20 : 0), 0)

describe('one engine', () => {
  let tts: FliteTts
  beforeAll(() => {
    tts = createFliteTts({ workers: 1 })
  })
  afterAll(() => tts.close())

  test('E-1 the module is compiled once per process', async () => {
    expect(compileFlite()).toBe(compileFlite())
    expect(await compileFlite()).toBe(await compileFlite())
  })

  test('E-1 defaults: a thread less than there are cores, from 1 to 4', () => {
    expect([1, 2, 3, 5, 64].map(defaultWorkers)).toEqual([1, 1, 2, 4, 4])
  })

  test('E-1 64 texts wait, the next is refused as busy, and closing frees all', async () => {
    const stream = await tts.open({ voice: 'slt', format }, context())
    for (let count = 0; count < 66; count += 1) stream.speak('Hello there.', { segmentId: `s${count}`, last: true })
    const errors: unknown[] = []
    for await (const event of stream.events) {
      if (event.type === 'error') errors.push([event.segmentId, event.error.code])
      // All that were taken come before the one that was not; three of them are enough to know the queue moves.
      if (event.type === 'done' && event.segmentId === 's2') break
    }
    for (let count = 3; count < 65; count += 1) stream.cancel(`s${count}`)
    await stream.close()
    expect(errors).toEqual([['s65', 'speech_busy']])
  })

  test('E-1 over 1 000 characters are split, and all of it is spoken', async () => {
    const sentence = 'Your refund of twelve dollars is on its way to you. '
    const events = await speakAll(tts, 'slt', [sentence.repeat(24)])
    const usage = events.flatMap((event) => (event.type === 'usage' ? [event.characters] : []))
    expect(usage).toHaveLength(2)
    expect(Math.max(...usage)).toBeLessThanOrEqual(1_000)
    expect(audioMs(events, 's0')).toBeGreaterThan(24 * 2_000)
  })

  test('E-1 a text is no option and no shell command', async () => {
    const file = join(tmpdir(), `parley-touched-${process.pid}`)
    const events = await speakAll(tts, 'slt', [`-voice kal $(touch ${file}); "quoted" \`touch ${file}\``])
    expect(existsSync(file)).toBe(false)
    expect(events.at(-1)).toEqual({ type: 'done', segmentId: 's0' })
    expect(audioMs(events, 's0')).toBeGreaterThan(500)
  })

  test('E-1 a cancelled segment gives its place to the next', async () => {
    const stream = await tts.open({ voice: 'slt', format }, context())
    stream.speak('word '.repeat(190), { segmentId: 'long', last: true })
    await clock.sleep(150)
    stream.cancel('long')
    const askedAtMs = clock.monotonicMs()
    stream.speak('Yes.', { segmentId: 'short', last: true })
    for await (const event of stream.events) {
      expect(event.type === 'usage' || event.segmentId === 'short').toBe(true)
      if (event.type === 'done') break
    }
    await stream.close()
    // The long one takes several times as long.
    expect(clock.monotonicMs() - askedAtMs).toBeLessThan(3_000)
  })

  test('E-2 four voices differ and sound at 16 kHz, in frames of 20 ms', async () => {
    const sounds = new Set<string>()
    for (const { id } of await tts.info.voices()) {
      const events = await speakAll(tts, id, ['I was charged twice.'])
      const frames = events.flatMap((event) => (event.type === 'audio' ? [event.frame] : []))
      expect(frames.every(({ sampleRateHz, samples }) => sampleRateHz === 16_000 && samples.length === 320)).toBe(true)
      expect(audioMs(events, 's0')).toBeGreaterThan(900)
      expect(audioMs(events, 's0')).toBeLessThan(2_500)
      sounds.add(frames.flatMap(({ samples }) => [...samples.subarray(0, 10)]).join())
    }
    expect(sounds.size).toBe(4)
  })

  test('E-2 an unknown voice is refused with the list', async () => {
    const error: unknown = await tts.open({ voice: 'bob', format }, context()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'voice_unknown',
      details: { voice: 'bob', known: ['slt', 'rms', 'awb', 'kal'] },
    })
    expect(ParleyError.isInstance(error) && error.message).toContain('slt, rms, awb, kal')
  })

  test('E-2 the pause before the first sound is short', async () => {
    const events = await speakAll(tts, 'slt', ['Hello.'])
    const first = events.findIndex(
      (event) => event.type === 'audio' && event.frame.samples.some((sample) => Math.abs(sample) > 100),
    )
    expect(first * 20).toBeLessThanOrEqual(60)
  })

  test('faster speech is shorter', async () => {
    const lengthAt = async (speed: number): Promise<number> => {
      const stream = await tts.open({ voice: 'slt', format, speed }, context())
      stream.speak('This is a sentence of some length.', { segmentId: 's0', last: true })
      let length = 0
      for await (const event of stream.events) {
        if (event.type === 'audio') length += 20
        if (event.type === 'done') break
      }
      await stream.close()
      return length
    }
    expect(await lengthAt(1.5)).toBeLessThan((await lengthAt(1)) * 0.8)
  })

  test('nothing is left in the temporary folder', async () => {
    await speakAll(tts, 'slt', ['One.', 'Two.'])
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`parley-voice-${process.pid}-`))).toEqual([])
  })
})
