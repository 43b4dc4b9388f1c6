import type { SocketFactory, SttEvent, SttStream } from '@parley/spec'
import { createAudioClock, createTestSpeechContext, createVirtualClock, toneText } from '@parley/testing'
import { sttSuite } from '@parley/testing/conformance'
import { createDeepgramDouble, type DeepgramDoubleOptions, type DeepgramFault } from '@parley/testing/doubles'
import { afterEach, describe, expect, test } from 'vitest'
import { createNodeSockets } from '../../endpoints/node-sockets.ts'
import { resolveDeepgramSettings, type DeepgramSttOptions } from './deepgram-options.ts'
import { createDeepgramStt } from './deepgram-stt.ts'

const format = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 } as const
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
          expect(double.violations).toEqual([])
        },
      }
    })
  }
}

interface Line {
  double: Awaited<ReturnType<typeof createDeepgramDouble>>
  clock: ReturnType<typeof createVirtualClock>
  stream: SttStream
  events: SttEvent[]
  /** Whether the events have ended. */
  isOver(): boolean
  say(text: string): Promise<void>
  quiet(ms: number): Promise<void>
  pass(ms: number): Promise<void>
  finals(): string[]
  errors(): { code: string; message: string; details: object }[]
}

describe('deepgram', () => {
  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
  })

  async function openLine(
    faults: readonly DeepgramFault[] = [],
    options: DeepgramSttOptions = {},
    double: DeepgramDoubleOptions = {},
    buffered?: { bytes: number },
  ): Promise<Line> {
    const clock = createVirtualClock({ monotonicMs: 1_000 })
    const server = await createDeepgramDouble({ clock, faults, ...double })
    closers.push(() => server.close())
    const abort = new AbortController()
    const connect = createNodeSockets()
    const sockets: SocketFactory = async (url, how) => {
      const socket = await connect(url, how)
      if (buffered === undefined) return socket
      return Object.defineProperty({ ...socket }, 'bufferedAmount', { get: () => buffered.bytes })
    }
    const context = createTestSpeechContext({ clock, sockets, signal: abort.signal })
    const stt = createDeepgramStt({ baseUrl: server.baseUrl, apiKey: server.apiKey, ...options })
    const opening = stt.open({ format }, context)
    opening.catch(() => {})
    let isOpen = false
    void opening.then(
      () => (isOpen = true),
      () => (isOpen = true),
    )
    for (let turn = 0; !isOpen && turn < 2_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (turn % 100 === 99) await clock.advance(1_000)
    }
    const stream = await opening
    closers.unshift(async () => {
      abort.abort()
      await stream.close()
    })
    const events: SttEvent[] = []
    let isOver = false
    void (async () => {
      for await (const event of stream.events) events.push(event)
      isOver = true
    })()
    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 20) {
        await clock.advance(Math.min(20, left))
        await server.settle()
      }
    }
    const settled = { ...clock, advance: pass }
    const audio = createAudioClock({ clock: settled, feed: (frame) => stream.push(frame) })
    return {
      double: server,
      clock,
      stream,
      events,
      isOver: () => isOver,
      say: (text) => audio.play(toneText(text)),
      quiet: (ms) => audio.silence(ms),
      pass,
      finals: () =>
        events.flatMap((event) => (event.type === 'final' && event.eager !== true && event.text !== '' ? [event.text] : [])),
      errors: () =>
        events.flatMap((event) =>
          event.type === 'error' ? [{ code: event.error.code, message: event.error.message, details: event.error.details }] : [],
        ),
    }
  }

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
    const starts = final?.type === 'final' ? final.words?.map((word) => Math.round((word.startMs - startMs) / 10) * 10) : []
    expect(starts).toEqual([0, 360])
  })

  test('an eager end is told and taken back', async () => {
    const line = await openLine([], { model: 'flux-general-en', eagerEotThreshold: 0.5 })
    await line.say('my number is')
    await line.quiet(300)
    await line.say(' five')
    await line.quiet(700)
    const told = line.events.flatMap((event) =>
      event.type === 'final' ? [`${event.eager === true ? 'eager' : 'final'} ${event.text}`] : event.type === 'speechResumed' ? ['resumed'] : [],
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

  test.each([
    [400, 'vendor_invalid_request', false],
    [401, 'vendor_auth', false],
    [402, 'vendor_quota', false],
    [403, 'vendor_auth', false],
    [429, 'vendor_rate_limited', true],
    [500, 'vendor_unavailable', true],
    [503, 'vendor_unavailable', true],
  ] as const)('WA-1 a refusal with %d is %s', async (status, code, retryable) => {
    const failure = openLine([{ kind: 'refuse', status, retryAfterMs: 7_000 }])
    await expect(failure).rejects.toMatchObject({ code, retryable, details: { status } })
    if (status === 429) await expect(failure).rejects.toMatchObject({ details: { retryAfterMs: 7_000 } })
    const error: unknown = await failure.catch((thrown: unknown) => thrown)
    expect(JSON.stringify(error)).not.toContain('test-key')
  })

  test('WA-1 a cut and a late upgrade are errors in time', async () => {
    await expect(openLine([{ kind: 'refuseConnection' }])).rejects.toMatchObject({ code: 'vendor_unavailable' })
    await expect(openLine([{ kind: 'slowConnect', ms: 60_000 }])).rejects.toMatchObject({ code: 'vendor_timeout' })
    const line = await openLine([{ kind: 'slowConnect', ms: 3_000 }])
    expect(line.double.sessions).toHaveLength(1)
  })

  test('WA-1 nothing of the key is in addresses and errors, and a function is asked for it anew', async () => {
    let asked = 0
    const apiKey = (): string => (asked++ === 0 ? 'wrong-secret' : 'test-key')
    const error: unknown = await openLine([], { apiKey }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'vendor_auth' })
    expect(JSON.stringify(error)).not.toContain('wrong-secret')
    const line = await openLine([], { apiKey })
    expect(JSON.stringify(line.double.received())).not.toContain('test-key')
  })

  /** Each fault, and what is understood of two utterances in spite of it. */
  const recoveries: [DeepgramFault, { finals?: string[]; sessions?: number; model?: string }][] = [
    [{ kind: 'slowFirst', ms: 600 }, {}],
    [{ kind: 'stall', afterMessages: 2, ms: 1_000 }, {}],
    [{ kind: 'silentDeath', afterMessages: 0 }, { sessions: 2 }],
    [{ kind: 'silentDeath', afterMessages: 2 }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 2 }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 3, code: 1011, reason: 'NET-0001' }, { sessions: 2 }],
    [{ kind: 'drop', afterMessages: 2, midMessage: true }, { sessions: 2 }],
    [{ kind: 'burst' }, {}],
    [{ kind: 'drip' }, {}],
    [{ kind: 'duplicate', type: 'Results' }, {}],
    [{ kind: 'duplicate', type: 'SpeechStarted' }, {}],
    [{ kind: 'reorder' }, {}],
    [{ kind: 'late', type: 'SpeechStarted', ms: 400 }, {}],
    [{ kind: 'malformed', how: 'json' }, {}],
    [{ kind: 'malformed', how: 'missing' }, {}],
    [{ kind: 'malformed', how: 'type' }, {}],
    [{ kind: 'malformed', how: 'unknown' }, {}],
    [{ kind: 'malformed', how: 'empty' }, {}],
    [{ kind: 'oversize', bytes: 100_000 }, {}],
    [{ kind: 'oversize', bytes: 2_000_000 }, { sessions: 2 }],
    [{ kind: 'clockSkew', ms: -2_000 }, {}],
    [{ kind: 'clockSkew', ms: 5_000 }, {}],
    [{ kind: 'finalLate', ms: 4_000 }, {}],
    [{ kind: 'finalNever' }, {}],
    [{ kind: 'finalTwice' }, {}],
    [{ kind: 'finalEarly' }, { finals: ['where', 'is my refund', 'thank you'] }],
    [{ kind: 'noSpeechFinal' }, {}],
    [{ kind: 'noSpeechStart' }, {}],
    [{ kind: 'doubleSpeechStart' }, {}],
    [{ kind: 'startInFuture' }, {}],
    [{ kind: 'interimShrinks' }, {}],
    [{ kind: 'otherLanguage', language: 'de' }, {}],
    [{ kind: 'wordsWithoutTimes' }, {}],
    [{ kind: 'finalLate', ms: 4_000 }, { model: 'flux-general-en' }],
    [{ kind: 'finalNever' }, { model: 'flux-general-en' }],
    [{ kind: 'finalTwice' }, { model: 'flux-general-en' }],
    [{ kind: 'noSpeechStart' }, { model: 'flux-general-en' }],
    [{ kind: 'doubleSpeechStart' }, { model: 'flux-general-en' }],
    [{ kind: 'interimShrinks' }, { model: 'flux-general-en' }],
    [{ kind: 'silentDeath', afterMessages: 2 }, { model: 'flux-general-en', sessions: 2 }],
    [{ kind: 'drop', afterMessages: 3 }, { model: 'flux-general-en', sessions: 2 }],
  ]
  test.each(recoveries)('WA-1 no word is lost: %o %o', async (fault, { finals, sessions = 1, model }) => {
    const line = await openLine([fault], model === undefined ? {} : { model })
    await line.say('where is my refund')
    await line.quiet(8_000)
    await line.say('thank you')
    await line.quiet(8_000)
    expect(line.errors()).toEqual([])
    expect(line.finals()).toEqual(finals ?? ['where is my refund', 'thank you'])
    expect(line.double.sessions).toHaveLength(sessions)
    for (const event of line.events) {
      if (event.type !== 'speechStart' && event.type !== 'speechEnd') continue
      expect(event.atMs ?? 0).toBeLessThanOrEqual(line.clock.monotonicMs())
    }
    const starts = line.events.filter(({ type }) => type === 'speechStart').length
    expect(starts).toBe((finals ?? [1, 2]).length)
    const ids = line.events.flatMap((event) => (event.type === 'final' && event.text !== '' ? [event.id] : []))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('WA-1 a finalize that is not answered ends with the words that are known, and the late final says nothing new', async () => {
    const line = await openLine([{ kind: 'finalLate', ms: 4_000 }])
    await line.say('where is my refund ')
    line.stream.finalize()
    await line.pass(1_100)
    expect(line.finals()).toEqual(['where is my refund'])
    await line.quiet(6_000)
    expect(line.finals()).toEqual(['where is my refund'])
    expect(line.errors()).toEqual([])
  })

  test('WA-1 five messages that cannot be read within 10 s make the connection anew', async () => {
    const line = await openLine(Array.from({ length: 5 }, () => ({ kind: 'malformed', how: 'json' }) as const))
    await line.say('one two three four five six')
    await line.quiet(3_000)
    expect(line.double.sessions.length).toBe(2)
    expect(line.errors()).toEqual([])
  })

  test('WA-1 a server that stays away is an error after three more tries, and the stream ends', async () => {
    const line = await openLine([{ kind: 'drop', afterMessages: 1 }])
    for (let n = 0; n < 3; n++) line.double.fault({ kind: 'refuse', status: 503 })
    await line.say('hello there everybody')
    for (let n = 0; n < 400 && !line.isOver(); n++) {
      await line.pass(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(line.errors()).toMatchObject([{ code: 'vendor_unavailable' }])
    expect(line.isOver()).toBe(true)
    expect(line.clock.pending).toBe(0)
  })

  test('WA-1 credentials that end mid-call are an error at once', async () => {
    const line = await openLine([{ kind: 'drop', afterMessages: 1 }])
    line.double.fault({ kind: 'refuse', status: 401 })
    await line.say('hello there everybody')
    for (let n = 0; n < 400 && !line.isOver(); n++) {
      await line.pass(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(line.errors()).toMatchObject([{ code: 'vendor_auth' }])
  })

  test('WA-1 a reader that stops makes audio drop, not memory grow', async () => {
    const buffered = { bytes: 0 }
    const line = await openLine([], {}, {}, buffered)
    await line.say('hello there')
    await line.quiet(400)
    await line.pass(20)
    const before = line.double.received({ type: 'audio' }).length
    buffered.bytes = 300_000
    await line.say('nobody reads this')
    expect(line.double.received({ type: 'audio' })).toHaveLength(before)
    buffered.bytes = 0
    await line.quiet(1_000)
    await line.say('here again')
    await line.quiet(1_000)
    expect(line.finals()).toEqual(['hello there', 'here again'])
    expect(line.errors()).toEqual([])
  })

  test('WA-1 a reader that stops for a while loses nothing', async () => {
    const line = await openLine([{ kind: 'slowReader', ms: 2_000 }])
    await line.say('hello there')
    await line.quiet(3_000)
    expect(line.finals()).toEqual(['hello there'])
    expect(line.double.sessions).toHaveLength(1)
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
    closers.push(() => double.close())
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
    expect(double.received({ type: 'open' })[0]?.body).toMatchObject({ encoding: 'mulaw', keyterm: ['Parley', 'refund'] })
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
