import type { SttEvent, TtsEvent } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from '../virtual-clock.ts'
import { createAudioClock } from './audio-clock.ts'
import { createFakeStt, type FakeSttOptions } from './fake-stt.ts'
import { createFakeTts, type FakeTtsOptions } from './fake-tts.ts'
import { listen } from './listen.ts'
import { createScriptedTurnDetector } from './scripted-turn-detector.ts'
import { createScriptedVad } from './scripted-vad.ts'
import { createTestSpeechContext } from './speech-context.ts'
import { toneText } from './tone-code.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const

async function hear(options: FakeSttOptions) {
  const clock = createVirtualClock()
  const context = createTestSpeechContext({ clock, callId: 'call' })
  const stt = createFakeStt(options)
  const stream = await stt.open({ format }, context)
  const events: { atMs: number; event: SttEvent }[] = []
  void (async () => {
    for await (const event of stream.events) events.push({ atMs: clock.monotonicMs(), event })
  })()
  const audio = createAudioClock({ clock, feed: (frame) => stream.push(frame) })
  const finals = () =>
    events.flatMap(({ atMs, event }) =>
      event.type === 'final' ? [{ atMs, text: event.text, eager: event.eager === true }] : [],
    )
  return { clock, stt, stream, audio, events, finals }
}

async function speak(options: FakeTtsOptions, texts: readonly string[], voice = 'alice') {
  const clock = createVirtualClock()
  const tts = createFakeTts(options)
  const stream = await tts.open({ voice, format }, createTestSpeechContext({ clock }))
  const events: { atMs: number; event: TtsEvent }[] = []
  void (async () => {
    for await (const event of stream.events) events.push({ atMs: clock.monotonicMs(), event })
  })()
  texts.forEach((text, n) => stream.speak(text, { segmentId: `s${n}`, last: true }))
  await clock.advance(0)
  const frames = () => events.flatMap(({ event }) => (event.type === 'audio' ? [event.frame] : []))
  const kinds = (segmentId: string) =>
    events.flatMap(({ event }) => ('segmentId' in event && event.segmentId === segmentId ? [event.type] : []))
  return { clock, tts, stream, events, frames, kinds }
}

describe('fake recognizer', () => {
  test('a script says what each utterance of a call is, at once when it has ended', async () => {
    const now = await hear({ script: ['first', { text: 'second one', confidence: 0.4, language: 'de' }] })
    await now.audio.play(toneText('abc'))
    await now.audio.silence(300)
    await now.audio.play(toneText('def'))
    await now.audio.silence(300)
    expect(now.finals()).toMatchObject([{ text: 'first', atMs: 380 }, { text: 'second one' }])
    expect(now.events.at(-2)?.event).toMatchObject({ confidence: 0.4, language: 'de' })
    const other = await now.stt.open({ format }, createTestSpeechContext({ callId: 'another' }))
    expect(now.stt.openStreams).toBe(2)
    await other.close()
    await now.stream.close()
    expect(now.stt.openStreams).toBe(0)
    expect(now.stt.opened.map(({ callId }) => callId)).toEqual(['call', 'another'])
  })

  test('latency delays everything by as much', async () => {
    const now = await hear({ latencyMs: 250 })
    await now.audio.play(toneText('abc'))
    await now.audio.silence(600)
    expect(now.finals()).toMatchObject([{ text: 'abc', atMs: 380 + 250 }])
  })

  test.each([
    ['late', { lateMs: 1_000 }, ['abc']],
    ['silent', {}, []],
    ['fail', {}, []],
    ['twice', {}, ['abc', 'abc']],
    ['dead', {}, []],
  ] as const)('fault %s', async (fault, more, expected) => {
    const now = await hear({ script: [{ fault, ...more }] })
    await now.audio.play(toneText('abc'))
    await now.audio.silence(1_500)
    expect(now.finals().map(({ text }) => text)).toEqual(expected)
    if (fault === 'late') expect(now.finals()[0]?.atMs).toBe(1_380)
    const errors = now.events.filter(({ event }) => event.type === 'error')
    expect(errors).toHaveLength(fault === 'fail' ? 1 : 0)
    await now.audio.play(toneText('next'))
    await now.audio.silence(300)
    expect(now.finals().map(({ text }) => text)).toEqual(fault === 'dead' ? [] : [...expected, 'next'])
    await now.stream.close()
  })

  test('an eager final is taken back when the person goes on', async () => {
    const now = await hear({ eagerSilenceMs: 100, endSilenceMs: 400 })
    await now.audio.play(toneText('one '))
    await now.audio.silence(200)
    await now.audio.play(toneText('two'))
    await now.audio.silence(500)
    expect(now.finals().map(({ text, eager }) => `${text} ${eager}`)).toEqual([
      'one true',
      'one two true',
      'one two false',
    ])
    expect(now.events.map(({ event }) => event.type)).toContain('speechResumed')
  })

  test('frames that come late within a word are no pause of the speaker', async () => {
    const now = await hear({})
    const samples = toneText('you')
    await now.audio.play(samples.subarray(0, 1_600))
    await now.clock.advance(150)
    await now.audio.play(samples.subarray(1_600))
    await now.audio.silence(300)
    expect(now.finals()).toMatchObject([{ text: 'you' }])
    await now.stream.close()
  })

  test('a recognizer of clips refuses streams by name', async () => {
    const stt = createFakeStt({ streaming: false })
    await expect(stt.open({ format }, createTestSpeechContext())).rejects.toMatchObject({ code: 'voice_stt_failed' })
  })
})

describe('fake voice', () => {
  test('each character lasts 60 ms and nothing is waited for', async () => {
    const { frames, events, tts } = await speak({}, ['Hello.'])
    expect(frames().reduce((sum, { samples }) => sum + samples.length, 0)).toBe(6 * 60 * 16)
    expect(events.every(({ atMs }) => atMs === 0)).toBe(true)
    expect(tts.spoken).toEqual([{ voice: 'alice', segmentId: 's0', text: 'Hello.', cancelled: false }])
  })

  test('the first audio and the pace are as asked', async () => {
    const { clock, events } = await speak({ firstAudioMs: 300, speed: 2 }, ['Hello.'])
    await clock.advance(1_000)
    const audioAt = events.flatMap(({ atMs, event }) => (event.type === 'audio' ? [atMs] : []))
    expect([audioAt[0], audioAt[1], audioAt.at(-1)]).toEqual([300, 310, 470])
  })

  test.each([
    ['silent', []],
    ['error', ['error']],
    ['dead', []],
  ] as const)('failure %s', async (kind, expected) => {
    const { kinds } = await speak({ failures: [{ at: 1, kind }] }, ['One.', 'Two.', 'Three.'])
    expect(kinds('s0')).toContain('done')
    expect(kinds('s1')).toEqual(expected)
    expect(kinds('s2').includes('done')).toBe(kind !== 'dead')
  })

  test('failure slow is half of real time, wrongRate another rate, each only where asked', async () => {
    const slow = await speak({ failures: [{ text: 'Two', kind: 'slow' }] }, ['One.', 'Two.'])
    await slow.clock.advance(1_000)
    const lastOf = (id: string) =>
      slow.events.findLast(({ event }) => event.type === 'audio' && event.segmentId === id)?.atMs
    expect([lastOf('s0'), lastOf('s1')]).toEqual([0, 440])
    const wrong = await speak({ failures: [{ voice: 'bob', kind: 'wrongRate' }] }, ['One.'], 'bob')
    expect(wrong.frames()[0]?.sampleRateHz).toBe(8_000)
    const right = await speak({ failures: [{ voice: 'bob', kind: 'wrongRate' }] }, ['One.'], 'alice')
    expect(right.frames()[0]?.sampleRateHz).toBe(16_000)
  })

  test('WD-4 what each voice says can be read back, with its name', async () => {
    for (const voice of ['alice', 'heidi']) {
      const { frames } = await speak({}, ['Item 7, part 2.'], voice)
      const pieces = frames().map((frame) => ({ ...frame, atMs: (frame.position * 1000) / 16_000 }))
      expect(listen(pieces)).toMatchObject([{ voice, text: 'Item 7, part 2.', isWhole: true }])
    }
  })

  test('options that cannot be read back are refused', () => {
    expect(() => createFakeTts({ msPerChar: 10 })).toThrow(/at least 30 ms/)
    expect(() => createFakeTts({ voices: Array.from('abcdefghi') })).toThrow(/at most 8 voices/)
  })
})

describe('scripted detectors', () => {
  test('a timeline decides where speech is', () => {
    const seen: [number, number][] = []
    const vad = createScriptedVad([
      { fromMs: 20, toMs: 40 },
      { fromMs: 60, toMs: 80, probability: 0.4 },
    ])
    const stream = vad.create({
      sampleRateHz: 16_000,
      onResult: ({ atMs, probability }) => seen.push([atMs, probability]),
    })
    const samples = new Int16Array(320)
    for (let n = 1; n <= 5; n++) stream.push({ samples, sampleRateHz: 16_000, channels: 1, position: 0 }, n * 20)
    expect(seen.filter(([, probability]) => probability > 0)).toEqual([
      [30, 1],
      [40, 1],
      [70, 0.4],
      [80, 0.4],
    ])
  })

  test('answers come in order, and the last one stays', async () => {
    const detector = createScriptedTurnDetector({ script: [0.1, null, 0.9] })
    const ask = () => detector.predict({ turns: [], text: 'x', signal: new AbortController().signal })
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([0.1, null, 0.9, 0.9])
    expect(detector.asked).toHaveLength(4)
  })
})
