import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createVirtualClock } from '../../virtual-clock.ts'
import { toneText } from '../../voice/tone-code.ts'
import { deepgramDifferences } from './server-schemas.ts'
import { createDeepgramDouble, type DeepgramDouble, type DeepgramDoubleOptions } from './deepgram-double.ts'

const query =
  'model=nova-3&encoding=linear16&sample_rate=16000&channels=1&interim_results=true&punctuate=true&smart_format=true&vad_events=true&endpointing=300&utterance_end_ms=1000'

describe('deepgram double', () => {
  const doubles: DeepgramDouble[] = []
  const clients: WebSocket[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) client.terminate()
    for (const double of doubles.splice(0)) await double.close()
  })

  const start = async (options: DeepgramDoubleOptions = {}): Promise<DeepgramDouble> => {
    const double = await createDeepgramDouble({ clock: createVirtualClock(), ...options })
    doubles.push(double)
    return double
  }
  const dial = (double: DeepgramDouble, path = `/v1/listen?${query}`, authorization = 'Token test-key') => {
    const ws = new WebSocket(`${double.baseUrl}${path}`, { headers: { authorization } })
    clients.push(ws)
    const messages: Record<string, unknown>[] = []
    ws.on('message', (data: Buffer) => void messages.push(JSON.parse(data.toString('utf8'))))
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      ws.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') })),
    )
    const opened = new Promise<{ status: number; body: string } | undefined>((resolve, reject) => {
      ws.on('open', () => resolve(undefined))
      ws.on('unexpected-response', (_, response) => {
        let body = ''
        response.on('data', (part: Buffer) => (body += part.toString('utf8')))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      ws.on('error', reject)
    })
    const say = (text: string, quietMs = 500): void => {
      const samples = toneText(text)
      const all = new Int16Array(samples.length + quietMs * 16)
      all.set(samples)
      for (let at = 0; at < all.length; at += 320) ws.send(Buffer.from(all.slice(at, at + 320).buffer))
    }
    return { ws, messages, opened, closed, say }
  }

  test('WD-1 it listens on a free port of 127.0.0.1, HTTP and sockets on one', async () => {
    const [one, other] = [await start(), await start()]
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(one.url).not.toBe(other.url)
    const status = await new Promise((resolve) => {
      request(`${one.url}/v1/projects`, (response) => resolve(response.statusCode)).end()
    })
    expect(status).toBe(404)
    expect(await dial(one).opened).toBeUndefined()
    expect(one.env()).toEqual({ DEEPGRAM_BASE_URL: one.baseUrl, DEEPGRAM_API_KEY: 'test-key' })
  })

  test('WD-2 an unknown query key is refused as the vendor does, and is a violation', async () => {
    const double = await start()
    const answer = await dial(double, `/v1/listen?${query}&colour=red`).opened
    expect(answer).toMatchObject({ status: 400 })
    expect(JSON.parse(answer?.body ?? '{}')).toMatchObject({ err_code: 'Bad Request', request_id: expect.any(String) })
    expect(double.violations).toEqual([expect.stringContaining('colour')])
  })

  test.each([
    ['unknown text', '{"type":"Sing"}'],
    ['audio in JSON', '{"type":"KeepAlive","audio":"AAAA"}'],
    ['no JSON', 'hello'],
  ])('WD-2 %s ends the stream with 1008, and is a violation', async (_, text) => {
    const double = await start()
    const { ws, opened, closed } = dial(double)
    await opened
    ws.send(text)
    expect(await closed).toMatchObject({ code: 1008, reason: expect.stringContaining('DATA-0000') })
    expect(double.violations).toHaveLength(1)
  })

  test('WD-2 half a sample is a violation', async () => {
    const double = await start()
    const { ws, opened, closed } = dial(double)
    await opened
    ws.send(Buffer.alloc(321))
    expect(await closed).toMatchObject({ code: 1008 })
    expect(double.violations).toHaveLength(1)
  })

  test('WD-3 the same script gives the same bytes, a minute in no time', async () => {
    const runs: string[] = []
    for (let n = 0; n < 2; n++) {
      const double = await start()
      const line = dial(double)
      await line.opened
      for (let minute = 0; minute < 6; minute++) line.say('one two three four five', 8_500)
      await double.settle()
      runs.push(JSON.stringify(line.messages))
    }
    expect(runs[0]).toBe(runs[1])
    expect(runs[0]).toContain('"start":')
  })

  test('WD-3 10 s of the injected clock without audio and sign of life end the stream', async () => {
    const clock = createVirtualClock()
    const double = await start({ clock })
    const { ws, opened, closed } = dial(double)
    await opened
    await clock.advance(9_000)
    ws.send('{"type":"KeepAlive"}')
    await double.settle()
    await clock.advance(9_000)
    expect(double.sessions).toMatchObject([{ isOpen: true }])
    await clock.advance(1_000)
    expect(await closed).toMatchObject({ code: 1011, reason: expect.stringContaining('NET-0001') })
  })

  test.each(['', 'Token wrong', 'Basic test-key'])(
    'WD-5 the key "%s" gets the status and body of the vendor',
    async (key) => {
      const answer = await dial(await start(), `/v1/listen?${query}`, key).opened
      expect(answer?.status).toBe(401)
      expect(JSON.parse(answer?.body ?? '{}')).toMatchObject({ err_code: 'INVALID_AUTH' })
    },
  )

  test('WD-5 another key is accepted where it is set, as token or bearer', async () => {
    const double = await start({ apiKey: 'other' })
    expect(await dial(double, `/v1/listen?${query}`, 'Bearer other').opened).toBeUndefined()
    expect(await dial(double, `/v1/listen?${query}`, 'Token test-key').opened).toMatchObject({ status: 401 })
  })

  test('WD-6 what was received is kept with its time, never the key', async () => {
    const clock = createVirtualClock({ monotonicMs: 77 })
    const double = await start({ clock })
    const { ws, opened } = dial(double)
    await opened
    ws.send('{"type":"KeepAlive"}')
    expect(await double.waitFor('KeepAlive')).toEqual({ type: 'KeepAlive', session: 0, atMs: 77 })
    expect(double.received().map(({ type }) => type)).toEqual(['open', 'KeepAlive'])
    expect(JSON.stringify(double.received())).not.toContain('test-key')
  })

  test('WD-8 deflate is offered, fragments are sent, pings are answered, reasons fit', async () => {
    const double = await start({
      faults: [{ kind: 'drip' }, { kind: 'drop', afterMessages: 3, code: 1011, reason: 'x'.repeat(200) }],
    })
    const line = dial(double)
    await line.opened
    expect(line.ws.extensions).toContain('permessage-deflate')
    const pong = new Promise((resolve) => line.ws.on('pong', resolve))
    line.ws.ping()
    await pong
    line.say('one two three four five')
    const { code, reason } = await line.closed
    expect([code, reason.length]).toEqual([1011, 123])
    expect(line.messages.map(({ type }) => type)).toEqual(['SpeechStarted', 'Results', 'Results'])
  })

  test('WD-8 a socket may stay half open: nothing is sent any more', async () => {
    const double = await start({ faults: [{ kind: 'silentDeath', afterMessages: 1 }] })
    const line = dial(double)
    await line.opened
    line.say('one two three')
    await double.settle()
    expect(line.messages).toHaveLength(1)
    expect(double.sessions).toMatchObject([{ isOpen: true }])
  })

  test('WD-9 it says which interface it follows', async () => {
    expect((await start()).info).toEqual({ vendor: 'deepgram', interface: expect.stringMatching(/v1 and v2/) })
  })

  test('several finals precede the one that ends speech; positions count audio', async () => {
    const double = await start()
    const line = dial(double)
    await line.opened
    line.say('one two three four five six', 1_500)
    await double.settle()
    const results = line.messages.filter(({ type, is_final }) => type === 'Results' && is_final === true)
    expect(results.map(({ speech_final, start }) => [speech_final, start])).toEqual([
      [false, 0],
      [true, expect.closeTo(1.08, 1)],
    ])
    const end = line.messages.filter(({ type }) => type === 'UtteranceEnd')
    expect(end).toMatchObject([{ last_word_end: expect.closeTo(1.62, 1) }])
  })

  test('an end of the stream gives the last finals, then metadata, then 1000', async () => {
    const double = await start({ script: ['said by script'] })
    const line = dial(double)
    await line.opened
    line.say('x y z', 0)
    line.ws.send('{"type":"CloseStream"}')
    expect(await line.closed).toMatchObject({ code: 1000 })
    expect(line.messages.slice(-2)).toMatchObject([
      { type: 'Results', is_final: true, channel: { alternatives: [{ transcript: 'said by script' }] } },
      { type: 'Metadata', duration: 0.3, channels: 1 },
    ])
  })

  test('the turn-based interface tells start, updates, eager end, resumption and end', async () => {
    const double = await start()
    const path = '/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.5'
    const line = dial(double, path)
    await line.opened
    line.say('my number is', 300)
    line.say(' five', 800)
    await double.settle()
    const events = line.messages.map(({ type, event }) => event ?? type)
    expect(events[0]).toBe('Connected')
    const told = events.filter((event) => event !== 'Update' && event !== 'Connected')
    expect(told).toEqual(['StartOfTurn', 'EagerEndOfTurn', 'TurnResumed', 'EagerEndOfTurn', 'EndOfTurn'])
    expect(line.messages.find(({ event }) => event === 'EndOfTurn')).toMatchObject({
      turn_index: 0,
      transcript: 'my number is five',
    })
  })

  test.each([
    '/v1/listen?' + query,
    '/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.5',
  ])('all it says fits the schema that the vendor is compared with: %s', async (path) => {
    const double = await start()
    const line = dial(double, path)
    await line.opened
    line.say('one two three four five six', 1_500)
    line.ws.send('{"type":"CloseStream"}')
    await line.closed
    expect(line.messages.length).toBeGreaterThan(4)
    expect(line.messages.flatMap((message) => deepgramDifferences(JSON.stringify(message)))).toEqual([])
    expect(deepgramDifferences('{"type":"SpeechStarted","channel":[0,1],"timestamp":1,"mood":2}')).not.toEqual([])
  })

  test('close leaves nothing that listens', async () => {
    const double = await start()
    const line = dial(double)
    await line.opened
    await Promise.all([double.close(), double.close()])
    await line.closed
    const refused = new Promise((resolve) => {
      connect({ port: Number(new URL(double.url).port), host: '127.0.0.1' }).on('error', resolve)
    })
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' })
  })
})
