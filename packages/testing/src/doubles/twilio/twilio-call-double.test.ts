import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@parley/spec'
import { createSystemClock } from '@parley/spec'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { createSocketPair, type PairedSocket } from '../../socket-pair.ts'
import { createVirtualClock, type VirtualClock } from '../../virtual-clock.ts'
import type { CallerDriver } from '../../voice/caller-driver.ts'
import type { TwilioFault } from './faults.ts'
import { signTwilioRequest } from './sign-request.ts'
import { createTwilioCallDouble, type TwilioCallDouble, type TwilioCallDoubleOptions } from './twilio-call-double.ts'

type Message = { event: string; streamSid?: string; sequenceNumber?: string } & Record<string, unknown>

interface Call {
  clock: VirtualClock
  double: TwilioCallDouble
  ours: PairedSocket
  messages: Message[]
  send(message: object): void
}

/** A call in memory; what the double says is written down. */
async function call(options: Partial<TwilioCallDoubleOptions> = {}): Promise<Call> {
  const clock = createVirtualClock()
  const [ours, theirs] = createSocketPair()
  const messages: Message[] = []
  void (async () => {
    for await (const frame of ours.frames) if (typeof frame === 'string') messages.push(JSON.parse(frame) as Message) // the double's own
  })()
  const double = await createTwilioCallDouble({ socket: theirs, clock, ...options })
  onTestFinished(() => double.close())
  const send = (message: object): void => ours.send(JSON.stringify({ streamSid: double.streamSid, ...message }))
  return { clock, double, ours, messages, send }
}

const media = (ms: number, code = 0x10) => ({
  event: 'media',
  media: { payload: Buffer.alloc(ms * 8, code).toString('base64') },
})
const mark = (name: string) => ({ event: 'mark', mark: { name } })
const tone = (ms: number) =>
  ({ samples: new Int16Array(ms * 8).fill(4_000), sampleRateHz: 8_000, channels: 1 }) as const

describe('a call in virtual time', () => {
  test('WD-3 says what Twilio says, numbers as strings, a frame each 20 ms, and the same script gives the same bytes', async () => {
    const run = async (): Promise<Message[]> => {
      const { clock, messages, double } = await call({ audio: tone(100), parameters: { room: 'r1' } })
      await clock.advance(60)
      double.dtmf('7')
      await clock.advance(0)
      return messages
    }
    const messages = await run()
    expect(messages.map(({ event }) => event)).toEqual(['connected', 'start', 'media', 'media', 'media', 'dtmf'])
    expect(messages[0]).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    expect(messages[1]).toMatchObject({
      sequenceNumber: '1',
      start: {
        tracks: ['inbound'],
        customParameters: { room: 'r1' },
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      },
    })
    expect(messages[3]).toMatchObject({ sequenceNumber: '3', media: { track: 'inbound', chunk: '2', timestamp: '20' } })
    expect(messages[5]).toMatchObject({ dtmf: { track: 'inbound_track', digit: '7' } })
    expect(await run()).toEqual(messages)
  })

  test('plays in order at real speed; a mark comes back when all before it was played, at once when nothing waits', async () => {
    const { clock, double, send } = await call()
    send(mark('empty'))
    await clock.advance(10)
    expect(double.marks).toEqual([{ name: 'empty', atMs: 0, isBecauseOfClear: false }])
    send(media(200))
    send(mark('first'))
    send(media(100))
    send(mark('second'))
    await clock.advance(1_000)
    expect(double.marks.slice(1)).toEqual([
      { name: 'first', atMs: 210, isBecauseOfClear: false },
      { name: 'second', atMs: 310, isBecauseOfClear: false },
    ])
    expect(double.heardAudio()).toHaveLength(2_400)
    expect(double.heard()[0]?.atMs).toBe(10)
  })

  test('a clear empties the buffer and gives all marks back at once, in order', async () => {
    const { clock, double, send, messages } = await call()
    send(media(1_000))
    send(mark('a'))
    send(mark('b'))
    await clock.advance(110)
    send({ event: 'clear' })
    await clock.advance(0)
    expect(double.marks.map(({ name, atMs, isBecauseOfClear }) => [name, atMs, isBecauseOfClear])).toEqual([
      ['a', 110, true],
      ['b', 110, true],
    ])
    expect(messages.filter(({ event }) => event === 'mark').map((message) => message['mark'])).toEqual([
      { name: 'a' },
      { name: 'b' },
    ])
    await clock.advance(1_000)
    expect(double.heardAudio()).toHaveLength(110 * 8)
    expect(double.bufferedMs).toBe(0)
  })

  test('WD-2 what Twilio would not take ends the stream with 1003 and is written down', async () => {
    for (const [message, violation] of [
      [{ event: 'media', media: { payload: 'no base64!' } }, 'payload'],
      [{ event: 'media', media: { payload: 'AAAA' }, extra: 1 }, 'extra'],
      [{ event: 'clear', streamSid: 'MZother' }, 'streamSid'],
      [{ event: 'speak' }, 'event'],
    ] as const) {
      const { clock, double, send, ours } = await call()
      send(message)
      await clock.advance(0)
      expect(double.violations.join()).toContain(violation)
      expect(await ours.closed).toMatchObject({ code: 1003 })
    }
    const { clock, double, ours } = await call()
    ours.send('{')
    await clock.advance(0)
    expect(double.violations).toEqual(['no JSON'])
  })

  test('WD-2 an uneven payload and too much ahead are breaches that do not end the call', async () => {
    const { clock, double, send } = await call()
    send({ event: 'media', media: { payload: Buffer.alloc(100).toString('base64') } })
    send(media(3_000))
    await clock.advance(0)
    expect(double.violations).toEqual([
      'payload of 100 bytes, not a multiple of 160',
      expect.stringContaining('wait to be played'),
    ])
    expect(double.hasEnded).toBe(false)
  })

  test('muted and lost frames are not sent and timestamps jump', async () => {
    const times = async (faults: TwilioFault[]): Promise<number[]> => {
      const { clock, messages } = await call({ faults })
      await clock.advance(1_000)
      return messages.flatMap((message) =>
        message.event === 'media' ? [Number((message['media'] as { timestamp: string }).timestamp)] : [],
      )
    }
    expect(await times([{ kind: 'muted', atMs: 200, ms: 600 }])).toEqual([
      ...Array.from({ length: 10 }, (_, index) => index * 20),
      ...Array.from({ length: 10 }, (_, index) => 800 + index * 20),
    ])
    const lossy = await times([{ kind: 'loss', percent: 20 }])
    expect(lossy.length).toBeLessThan(48)
    expect(lossy.length).toBeGreaterThan(30)
    expect(await times([{ kind: 'clockSkew', ms: 500 }])).toContain(1_480)
    expect(await times([{ kind: 'silentDeath', atMs: 400 }])).toHaveLength(20)
    expect(await times([{ kind: 'duplicate' }])).toHaveLength(100)
  })

  test('jitter and a stall delay frames and keep their order', async () => {
    for (const fault of [
      { kind: 'jitter', maxMs: 120 },
      { kind: 'stall', atMs: 200, ms: 400 },
    ] as const) {
      const { clock, messages } = await call({ faults: [fault] })
      await clock.advance(500)
      if (fault.kind === 'stall') expect(messages.filter(({ event }) => event === 'media')).toHaveLength(10)
      await clock.advance(700)
      const chunks = messages.flatMap((message) =>
        message.event === 'media' ? [Number((message['media'] as { chunk: string }).chunk)] : [],
      )
      expect(chunks).toEqual(Array.from({ length: chunks.length }, (_, index) => index + 1))
      expect(chunks.length).toBeGreaterThanOrEqual(54)
    }
  })

  test('marks may never come or come late, and playout may be slow', async () => {
    for (const [fault, marks] of [
      [{ kind: 'marksNever' }, []],
      [{ kind: 'marksLate', ms: 1_000 }, [2_000]],
      [{ kind: 'playoutSpeed', speed: 0.5 }, [2_000]],
    ] as const) {
      const { clock, double, send } = await call({ faults: [fault] })
      send(media(1_000))
      send(mark('end'))
      await clock.advance(3_000)
      expect(double.marks.map(({ atMs }) => atMs)).toEqual(marks)
    }
  })

  test('no start, a second start, and ends of each kind', async () => {
    const events = async (fault: TwilioFault): Promise<{ events: string[]; code: number | undefined }> => {
      const { clock, messages, ours, send } = await call({ faults: [fault] })
      let code: number | undefined
      void ours.closed.then((end) => (code = end.code))
      send(media(600))
      await clock.advance(600)
      return { events: messages.map(({ event }) => event).filter((event) => event !== 'media'), code }
    }
    expect(await events({ kind: 'noStart' })).toEqual({ events: ['connected'], code: undefined })
    expect(await events({ kind: 'duplicateStart', atMs: 100 })).toEqual({
      events: ['connected', 'start', 'start'],
      code: undefined,
    })
    expect(await events({ kind: 'stop', atMs: 200 })).toEqual({ events: ['connected', 'start', 'stop'], code: 1000 })
    expect(await events({ kind: 'stop', duringPlayout: 300 })).toEqual({
      events: ['connected', 'start', 'stop'],
      code: 1000,
    })
    expect(await events({ kind: 'drop', atMs: 200 })).toEqual({ events: ['connected', 'start'], code: 1006 })
  })

  test('a simulated caller speaks through it', async () => {
    const { clock, double, messages, send } = await call()
    const driver: CallerDriver = double
    const said = driver.say(tone(100))
    driver.noise(-40)
    send(media(60))
    await clock.advance(120)
    await said
    driver.mute(true)
    await clock.advance(100)
    expect(messages.filter(({ event }) => event === 'media')).toHaveLength(6)
    expect(driver.heard().reduce((sum, { samples }) => sum + samples.length, 0)).toBe(480)
    await driver.hangup()
    expect(driver.hasEnded).toBe(true)
  })

  test('WD-9 states the version of the interface', async () => {
    const { double } = await call()
    expect(double.info).toEqual({ vendor: 'twilio', interface: 'Media Streams 1.0.0, REST 2010-04-01' })
  })
})

/** A bare server that takes calls, in real time. */
async function listener(): Promise<{ url: string; next: Promise<{ ws: WebSocket; request: IncomingMessage }> }> {
  const http = createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: true })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const client of server.clients) client.terminate()
    server.close()
    http.close()
  })
  const next = new Promise<{ ws: WebSocket; request: IncomingMessage }>((resolve) =>
    server.on('connection', (ws, request) => resolve({ ws, request })),
  )
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/media`, next } // a listening TCP server has a port
}

const clock: Clock = createSystemClock()

describe('a call over the network', () => {
  test('WD-1 WD-5 dials with the signature of its address, and its HTTP interface checks the key', async () => {
    const { url, next } = await listener()
    const double = await createTwilioCallDouble({ url, signedUrl: 'wss://calls.example.com/media', clock })
    onTestFinished(() => double.close())
    const { request } = await next
    expect(request.headers['x-twilio-signature']).toBe(
      await signTwilioRequest('test-key', 'wss://calls.example.com/media'),
    )
    expect(double.apiBase).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const address = `${double.apiBase}/2010-04-01/Accounts/${double.accountSid}/Calls/${double.callSid}.json`
    const post = (key: string, body = 'Status=completed'): Promise<Response> =>
      fetch(address, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa(`${double.accountSid}:${key}`)}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body,
      })
    const refused = await post('wrong')
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 20003 }])
    double.refuseRest(429, { code: 20429 }, { 'retry-after': '1' })
    expect((await post('test-key')).headers.get('retry-after')).toBe('1')
    const ended = await post('test-key')
    expect([ended.status, await ended.json()]).toMatchObject([200, { status: 'completed' }])
    const again = await post('test-key')
    expect([again.status, await again.json()]).toMatchObject([404, { code: 20404 }])
    expect(double.hasEnded).toBe(true)
    expect(double.restRequests.map(({ status }) => status)).toEqual([401, 429, 200, 404])
    expect(JSON.stringify(double.restRequests)).not.toContain('test-key')
  })

  test('WD-6 what was received has its time of arrival and no credentials', async () => {
    const { url, next } = await listener()
    const double = await createTwilioCallDouble({ url, authToken: 'secret-of-the-account', clock })
    onTestFinished(() => double.close())
    const { ws } = await next
    const before = clock.monotonicMs()
    ws.send(JSON.stringify({ event: 'mark', streamSid: double.streamSid, mark: { name: 'm' } }))
    await new Promise<void>((resolve) => ws.on('message', (data) => String(data).includes('"mark"') && resolve()))
    const [first] = double.received()
    expect(first?.atMs).toBeGreaterThanOrEqual(before)
    expect(JSON.stringify([double.received(), double.restRequests, double.info])).not.toContain('secret-of-the-account')
  })

  test('WD-8 a dripping line fragments its messages, answers pings and offers compression', async () => {
    const { url, next } = await listener()
    const double = await createTwilioCallDouble({
      url,
      parameters: { name: 'Zoë — 電話' },
      faults: [{ kind: 'drip' }],
      clock,
    })
    onTestFinished(() => double.close())
    const { ws, request } = await next
    expect(request.headers['sec-websocket-extensions']).toContain('permessage-deflate')
    const pong = new Promise((resolve) => ws.on('pong', resolve))
    const start = new Promise<string>((resolve) =>
      ws.on('message', (data) => String(data).includes('"start"') && resolve(String(data))),
    )
    ws.ping()
    await pong
    expect(JSON.parse(await start)).toMatchObject({ start: { customParameters: { name: 'Zoë — 電話' } } })
    ws.close(1001, 'going away')
    expect(await double.closed).toMatchObject({ code: 1001, reason: 'going away' })
  })

  test('a refused upgrade ends the call leg with the status', async () => {
    const http = createServer()
    http.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n'))
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void http.close())
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/media` // a listening TCP server has a port
    await expect(createTwilioCallDouble({ url, clock })).rejects.toThrow('403')
  })
})
