import type { SocketFactory } from '@parley/spec'
import { createAudioClock, createTestSpeechContext, createVirtualClock, toneText } from '@parley/testing'
import { sttSuite } from '@parley/testing/conformance'
import { createDeepgramDouble } from '@parley/testing/doubles'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createNodeSockets } from '../../endpoints/node-sockets.ts'
import { openLine } from './__fixtures__/open-line.ts'
import { resolveDeepgramSettings } from './deepgram-options.ts'
import { createDeepgramStt } from './deepgram-stt.ts'

const speech16 = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
const speech = { samples: toneText('where is my refund please'), sampleRateHz: 16_000, channels: 1 } as const

for (const [name, model, faults] of [
  ['results', 'nova-3', []],
  ['turns', 'flux-general-en', []],
  ['results, dripping', 'nova-3', Array.from({ length: 40 }, () => ({ kind: 'drip' }) as const)],
] as const) {
  for (const emptyFinalize of ['empty', 'nothing'] as const) {
    sttSuite(`deepgram, ${name}, a finalize of nothing says ${emptyFinalize}`, async () => {
      const clock = createVirtualClock({ monotonicMs: 10_000 })
      const double = await createDeepgramDouble({ clock, emptyFinalize, faults })
      return {
        stt: createDeepgramStt({ baseUrl: double.baseUrl, apiKey: double.apiKey, model }),
        context: (options = {}) => createTestSpeechContext({ clock, sockets: createNodeSockets(), ...options }),
        async pass(ms) {
          await clock.advance(ms)
          await double.settle()
        },
        speech,
        says: /where is my refund please/,
        isRemote: true,
        graceMs: 100,
        async close() {
          await double.close()
          if (double.violations.length > 0) throw new Error(double.violations.join('; '))
        },
      }
    })
  }
}

describe('deepgram', () => {
  test('defaults: the settings of createDeepgramStt', () => {
    expect(resolveDeepgramSettings({})).toEqual({
      baseUrl: 'wss://api.deepgram.com',
      apiKey: null,
      model: 'nova-3',
      interface: 'results',
      endpointingMs: 300,
      utteranceEndMs: 1_000,
      smartFormat: true,
      eotThreshold: 0.7,
      eagerEotThreshold: 0,
      eotTimeoutMs: 5_000,
      keepAliveMs: 4_000,
      connectTimeoutMs: 10_000,
      finalizeTimeoutMs: 1_000,
      stallMs: 5_000,
      maxReconnects: 3,
      maxBufferedBytes: 262_144,
      record: null,
      recordText: false,
    })
    expect(() => createDeepgramStt({ modle: 'x' } as never)).toThrow(/Did you mean "model"/)
    expect(() => createDeepgramStt({ baseUrl: 'ws://host?key=1' })).toThrow(/baseUrl/)
  })

  test('P-1 the only address asked for is the one that is given, by the sockets that are given', async () => {
    const asked: string[] = []
    const refuse: SocketFactory = (url) => {
      asked.push(url)
      return Promise.reject(new Error('no network'))
    }
    const context = createTestSpeechContext({ sockets: refuse })
    const stt = createDeepgramStt({ baseUrl: 'http://127.0.0.1:9/', apiKey: 'secret-key' })
    await expect(stt.open({ format: speech16 }, context)).rejects.toMatchObject({ code: 'vendor_unavailable' })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^ws:\/\/127\.0\.0\.1:9\/v1\/listen\?model=nova-3&encoding=linear16&sample_rate=16000&/)
    expect(asked[0]).not.toContain('secret-key')
  })

  test('WD-7 the adapter reaches the double: several finals before the end of speech are one text', async () => {
    const line = await openLine()
    await line.say('one two three four five six seven')
    await line.quiet(500)
    expect(line.finals()).toEqual(['one two three four five six seven'])
    const kinds = line.events.map(({ type }) => type)
    expect(kinds.filter((type) => type === 'speechStart' || type === 'speechEnd')).toEqual(['speechStart', 'speechEnd'])
  })

  test('a sign of life is sent every 4 s while nothing is said', async () => {
    const line = await openLine()
    await line.pass(60_000)
    expect(line.double.received({ type: 'KeepAlive' })).toHaveLength(15)
    expect(line.double.sessions).toMatchObject([{ isOpen: true }])
    await line.say('still here')
    await line.quiet(400)
    expect(line.finals()).toEqual(['still here'])
  })

  test('words keep their instants after long silence without audio', async () => {
    const line = await openLine()
    await line.pass(30_000)
    const startMs = line.clock.monotonicMs()
    await line.say('hello there')
    await line.quiet(400)
    const final = line.events.find((event) => event.type === 'final')
    const starts =
      final?.type === 'final' ? final.words?.map((word) => Math.round((word.startMs - startMs) / 10) * 10) : []
    expect(starts).toEqual([0, 360])
  })

  test('an eager end is told and taken back', async () => {
    const line = await openLine([], { model: 'flux-general-en', eagerEotThreshold: 0.5 })
    await line.say('my number is')
    await line.quiet(300)
    await line.say(' five')
    await line.quiet(700)
    const told = line.events.flatMap((event) =>
      event.type === 'final'
        ? [`${event.eager === true ? 'eager' : 'final'} ${event.text}`]
        : event.type === 'speechResumed'
          ? ['resumed']
          : [],
    )
    expect(told).toEqual(['eager my number is', 'resumed', 'eager my number is five', 'final my number is five'])
    const ids = line.events.flatMap((event) => (event.type === 'final' ? [event.id] : []))
    expect(new Set(ids).size).toBe(1)
  })

  test('WA-1 an open turn gets audio all the time, also when the microphone sends none', async () => {
    const line = await openLine([], { model: 'flux-general-en' })
    await line.say('hello')
    await line.pass(2_000)
    expect(line.finals()).toEqual(['hello'])
  })

  test('WA-2 a recording holds no credentials and no words, and the double serves it again', async () => {
    const recorded: { atMs: number; direction: string; text?: string; bytes?: number }[] = []
    const line = await openLine([], { record: (frame) => recorded.push(frame) })
    await line.say('where is my refund')
    await line.quiet(1_500)
    expect(recorded.some(({ direction, bytes }) => direction === 'out' && bytes === 640)).toBe(true)
    expect(JSON.stringify(recorded)).not.toMatch(/refund|test-key/)

    const open = recorded.flatMap(({ atMs, direction, text }) =>
      direction === 'in' && text !== undefined ? [{ atMs, text }] : [],
    )
    const again = await openLine([], {}, { recorded: open })
    await again.quiet(3_000)
    expect(again.finals()).toEqual(['xxxxx xx xx xxxxxx'])
  })

  test('WA-2 words are recorded where that is allowed', async () => {
    const texts: string[] = []
    const line = await openLine([], { recordText: true, record: ({ text }) => texts.push(text ?? '') })
    await line.say('hello there')
    await line.quiet(500)
    expect(texts.join()).toContain('hello')
  })

  test('WA-3 both answers to a finalize of nothing, and both kinds of frames, are taken', async () => {
    const line = await openLine([], {}, { emptyFinalize: 'nothing' })
    line.stream.finalize()
    await line.pass(1_100)
    expect(line.events).toMatchObject([{ type: 'final', text: '' }])
    line.double.inject({ type: 'UtteranceEnd', channel: [0, 1], last_word_end: -1 })
    await line.say('go on')
    await line.quiet(500)
    expect(line.finals()).toEqual(['go on'])
  })

  test('G.711 goes out as it is asked for', async () => {
    const clock = createVirtualClock()
    const double = await createDeepgramDouble({ clock })
    onTestFinished(() => double.close())
    const context = createTestSpeechContext({ clock, sockets: createNodeSockets() })
    const stt = createDeepgramStt({ baseUrl: double.baseUrl, apiKey: 'test-key' })
    const pcmu = { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 } as const
    const stream = await stt.open({ format: pcmu, keyTerms: ['Parley', 'refund'], language: 'en' }, context)
    const finals: string[] = []
    void (async () => {
      for await (const event of stream.events) if (event.type === 'final') finals.push(event.text)
    })()
    const settled = { ...clock, advance: (ms: number) => clock.advance(ms).then(() => double.settle()) }
    const audio = createAudioClock({ clock: settled, sampleRateHz: 8_000, feed: (frame) => stream.push(frame) })
    await audio.play(toneText('by phone', { sampleRateHz: 8_000 }))
    await audio.silence(500)
    expect(finals).toEqual(['by phone'])
    expect(double.received({ type: 'audio' })[0]?.bytes).toBe(160)
    expect(double.received({ type: 'open' })[0]?.body).toMatchObject({
      encoding: 'mulaw',
      keyterm: ['Parley', 'refund'],
    })
    await stream.close()
    expect(double.violations).toEqual([])
  })

  test('a new language or new key terms need a new stream', async () => {
    const { stream } = await openLine()
    expect(await stream.update({ language: 'de' })).toBe('reopen')
    expect(await stream.update({ keyTerms: ['x'] })).toBe('reopen')
    expect(await stream.update({})).toBe('applied')
  })
})
