import type { SpeechToText, TextToSpeech, VoiceActivityDetector } from '@parley/spec'
import {
  createFakeStt,
  createFakeTts,
  createScriptedTurnDetector,
  createScriptedVad,
  type FakeTtsFailure,
  type FakeUtterance,
} from '@parley/testing'
import { createFallbackStt, createFallbackTts } from '@parley/voice'
import { describe, expect, test } from 'vitest'
import { expectAnswering, openCall, say, talker } from './call-bench.ts'

const failing = (): never => {
  throw new Error('the engine broke, with a path of this machine in its words')
}

describe('a recognizer', () => {
  const sttWith = (first: FakeUtterance): { voice: { stt: SpeechToText } } => ({
    voice: { stt: createFakeStt({ script: [first], finalLatency: { p50Ms: 0, p99Ms: 1_000 } }) },
  })

  test('that returns nothing asks nobody, says so, and the next turn is answered', async () => {
    const bench = await openCall(sttWith({ fault: 'silent' }))
    await say(bench, 'good morning', 20_000)
    expect(await bench.lines()).toEqual([])
    expect(bench.events).toContainEqual({ type: 'stall', stage: 'stt' })
    await expectAnswering(bench)
  })

  test('whose final comes late is answered once, by what it said at last', async () => {
    const bench = await openCall(sttWith({ text: 'good morning', fault: 'late', lateMs: 4_000 }))
    await say(bench, 'good morning', 20_000)
    const lines = await bench.lines()
    expect(lines.filter((line) => line.startsWith('ada'))).toEqual(['ada: good morning'])
    expect(lines.filter((line) => line.startsWith('riley'))).toEqual(['riley: of course'])
    await expectAnswering(bench)
  })

  test('whose final comes twice is answered once', async () => {
    const bench = await openCall(sttWith({ fault: 'twice' }))
    await say(bench, 'good morning', 20_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    await expectAnswering(bench)
  })

  test('that fails at one utterance is told, and hears the next', async () => {
    const bench = await openCall(sttWith({ fault: 'fail' }))
    await say(bench, 'good morning', 20_000)
    expect(bench.events.filter(({ type }) => type === 'stall' || type === 'error')).toMatchObject([
      { type: 'stall', stage: 'stt' },
      { type: 'error', error: { code: 'voice_stt_failed' } },
    ])
    await expectAnswering(bench)
  })

  test('that dies is started anew', async () => {
    let opened = 0
    const dead = createFakeStt({ script: [{ fault: 'dead' }] })
    const well = createFakeStt()
    const stt: SpeechToText = { ...dead, open: (o, context) => (opened++ === 0 ? dead : well).open(o, context) }
    const bench = await openCall({ voice: { stt } })
    await say(bench, 'good morning', 12_000)
    // Nothing comes of this one: that is how it is noticed.
    await say(bench, 'is anybody hearing what i say at all', 20_000)
    expect(opened).toBe(2)
    expect(bench.events.filter(({ type }) => type === 'stall')).toEqual([{ type: 'stall', stage: 'stt' }])
    await expectAnswering(bench)
  })

  test('whose stream ends, and which cannot be opened again, leaves typed text', async () => {
    let opened = 0
    const fake = createFakeStt({ script: [{ fault: 'dead' }] })
    const stt: SpeechToText = { ...fake, open: (o, context) => (opened++ === 0 ? fake.open(o, context) : failing()) }
    const bench = await openCall({ voice: { stt } })
    await say(bench, 'good morning good morning good morning', 40_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    bench.endpoint.caller.type('hello by hand')
    await bench.clock.advance(8_000)
    expect(await bench.lines()).toEqual(expect.arrayContaining(['ada: hello by hand', 'riley: of course']))
  })

  test('that fails is replaced by its fallback in the same turn', async () => {
    const first = createFakeStt({ id: 'first', script: () => ({ fault: 'fail' }) })
    const bench = await openCall({ voice: { stt: createFallbackStt([first, createFakeStt({ id: 'second' })]) } })
    await say(bench, 'good morning', 20_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    await expectAnswering(bench)
  })
})

describe('a detector', () => {
  test('of speech that gives no result is started anew, and the call goes on by transcripts', async () => {
    const mute: VoiceActivityDetector = {
      info: createScriptedVad().info,
      create: () => ({ push: () => {}, reset: () => {}, close: () => Promise.resolve() }),
    }
    const bench = await openCall({ voice: { vad: mute } })
    await say(bench, 'good morning', 15_000)
    expect(bench.events).toContainEqual({ type: 'stall', stage: 'vad' })
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    await expectAnswering(bench)
  })

  test('of speech that throws at a frame does not end the call', async () => {
    const broken: VoiceActivityDetector = {
      info: createScriptedVad().info,
      create: () => ({ push: failing, reset: () => {}, close: () => Promise.resolve() }),
    }
    const bench = await openCall({ voice: { vad: broken } })
    await say(bench, 'good morning', 15_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    expect(bench.events.filter(({ type }) => type === 'stall').length).toBeLessThan(4)
    await expectAnswering(bench)
  })

  test('P-9 of turns that throws counts as none, and is reported once', async () => {
    const turnDetector = createScriptedTurnDetector({ script: failing })
    const bench = await openCall({ voice: { turnDetector } })
    await say(bench, 'good morning')
    await expectAnswering(bench)
    expect(bench.errors).toHaveLength(1)
  })

  test('of turns that never answers delays nobody for longer than its bound', async () => {
    const turnDetector = createScriptedTurnDetector({ script: () => new Promise(() => {}) })
    const bench = await openCall({ voice: { turnDetector } })
    await say(bench, 'good morning', 12_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    await expectAnswering(bench)
  })
})

describe('a voice', () => {
  const ttsWith = (
    kind: FakeTtsFailure['kind'],
    also: Partial<FakeTtsFailure> = { at: 0 },
  ): { voice: { tts: TextToSpeech } } => ({
    voice: { tts: createFakeTts({ failures: [{ kind, ...also }] }) },
  })

  test.each(['silent', 'error'] as const)(
    'that is %s for a sentence is told, and the next reply is heard',
    async (kind) => {
      const bench = await openCall(ttsWith(kind))
      await say(bench, 'good morning', 30_000)
      expect(bench.events).toContainEqual({ type: 'stall', stage: 'tts' })
      // Nothing was heard of it: nothing of it is in the log.
      const lines = await bench.lines()
      expect(lines[0]).toBe('ada: good morning')
      expect(lines.filter((line) => line === 'riley: of course')).toEqual([])
      await expectAnswering(bench)
    },
  )

  test('that is slow is heard to its end', async () => {
    const bench = await openCall(ttsWith('slow'))
    await say(bench, 'good morning', 30_000)
    expect(await bench.lines()).toEqual(['ada: good morning', 'riley: of course'])
    await expectAnswering(bench)
  })

  test('that speaks at another rate than asked for breaks nothing', async () => {
    const bench = await openCall(ttsWith('wrongRate'))
    await say(bench, 'good morning', 30_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    await expectAnswering(bench)
  })

  test('that is dead gives captions and a call that listens', async () => {
    const bench = await openCall(ttsWith('dead', { text: 'of' }))
    await say(bench, 'good morning', 40_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    await say(bench, 'still there', 40_000)
    expect((await bench.lines()).filter((line) => line.startsWith('ada'))).toEqual([
      'ada: good morning',
      'ada: still there',
    ])
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
  })

  test('that falls silent in the middle is replaced at the next sentence', async () => {
    const text = 'The first sentence is said as it should be. The second sentence comes from the other voice.'
    const tts = createFallbackTts([
      createFakeTts({ id: 'first', failures: [{ kind: 'dead', text: 'second' }] }),
      createFakeTts({ id: 'second' }),
    ])
    const bench = await openCall({ agents: [talker('riley', [text])], voice: { tts } })
    await say(bench, 'good morning', 60_000)
    expect(bench.heard()).toBe(text)
    expect(await bench.lines()).toEqual(['ada: good morning', `riley: ${text}`])
  })

  test('that cannot be opened leaves the call with captions', async () => {
    const fake = createFakeTts()
    let fails = true
    const tts: TextToSpeech = { ...fake, open: (o, context) => (fails ? failing() : fake.open(o, context)) }
    const bench = await openCall({ voice: { tts } })
    await say(bench, 'good morning', 20_000)
    expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
    fails = false
    await expectAnswering(bench)
  })
})
