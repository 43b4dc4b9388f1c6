import { createVirtualClock } from '@parley/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { testKit } from '../__fixtures__/test-kit.ts'
import { keys, testServer, type Call } from '../__fixtures__/test-server.ts'
import { openSocket, type TestSocket } from '../__fixtures__/test-socket.ts'
import type { ServerOptions } from '../server-options.ts'

const path = '/v1/rooms/r/ws'

async function started(options: Partial<ServerOptions> = {}) {
  const kit = testKit()
  const { server, call } = testServer({ kit, ...options })
  onTestFinished(() => server.close({ drainMs: 100 }))
  const { url } = await server.listen({ port: 0 })
  await call('POST', '/v1/rooms', { body: { id: 'r' } })
  const token = await join(call, 'ada')
  return { kit, server, call, url, token }
}

async function join(call: Call, participantId: string, also: object = {}): Promise<string> {
  const { body } = await call('POST', '/v1/rooms/r/join', { body: { participant_id: participantId, ...also } })
  return String(body['token'])
}

async function seated(url: string, token: string, resumeAfter?: number): Promise<TestSocket> {
  const socket = await openSocket(url, path)
  socket.send({ type: 'hello', token, ...(resumeAfter === undefined ? {} : { resume_after: resumeAfter }) })
  await socket.ofType('welcome')
  return socket
}

const say = (kit: ReturnType<typeof testKit>, text: string) => kit.sendSystem('r', { content: { type: 'text', text } })

describe('who may connect', () => {
  test('a token comes with hello, as a protocol or in a header, and says who it is', async () => {
    const { url, token } = await started()
    const ways = [
      await openSocket(url, path),
      await openSocket(url, path, { protocols: ['parley.room.v1', `parley.token.${token}`] }),
      await openSocket(url, path, { headers: { authorization: `Bearer ${token}` } }),
    ]
    ways[0]?.send({ type: 'hello', token })
    ways[1]?.send({ type: 'hello' })
    ways[2]?.send({ type: 'hello' })
    for (const socket of ways) {
      expect(socket.ws.protocol).toBe('parley.room.v1')
      expect(await socket.ofType('welcome')).toMatchObject({
        room: { id: 'r' },
        participant: { id: 'ada' },
        head: expect.any(Number),
      })
    }
  })

  test('a route may refuse before the upgrade, with a status and headers of its own', async () => {
    const asked: unknown[] = []
    const { url } = await started({
      sockets: [
        {
          path: '/media/:call',
          requiresPrincipal: false,
          async authorize(_request, principal, known) {
            asked.push([principal, known.params])
            return known.params['call'] === 'mine' ? null : { status: 403, headers: { 'retry-after': '7' } }
          },
          connect: async ({ socket }) => socket.close(4000, 'reached'),
        },
      ],
    })
    await expect(openSocket(url, '/media/other', { protocols: [] })).rejects.toThrow('403')
    const mine = await openSocket(url, '/media/mine', { protocols: [] })
    expect(await mine.closed).toBe(4000)
    expect(asked).toEqual([
      [undefined, { call: 'other' }],
      [undefined, { call: 'mine' }],
    ])
  })

  test('a page of another origin is refused before the upgrade, a listed one is not', async () => {
    const { url } = await started({ origins: ['https://app.example'] })
    await expect(openSocket(url, path, { origin: 'https://evil.example' })).rejects.toThrow('403')
    expect((await openSocket(url, path, { origin: 'https://app.example' })).ws.readyState).toBe(1)
  })

  test('a bad or expired token is refused at the upgrade, and with hello', async () => {
    const clock = createVirtualClock()
    const { url, call } = await started({ clock })
    const short = await join(call, 'ben', { ttl_ms: 1_000 })
    await clock.advance(1_000)
    for (const token of ['prt_nonsense', short, keys.expired, `${short}x`]) {
      await expect(openSocket(url, path, { headers: { authorization: `Bearer ${token}` } })).rejects.toThrow('401')
      const socket = await openSocket(url, path)
      socket.send({ type: 'hello', token })
      expect(await socket.ofType('error')).toMatchObject({ code: 'auth_invalid' })
      expect(await socket.closed).toBe(4401)
    }
  })

  test('a room of another organization does not exist; one that says nothing is let go', async () => {
    const clock = createVirtualClock()
    const { url } = await started({ clock })
    const stranger = await openSocket(url, path)
    stranger.send({ type: 'hello', token: keys.foreign })
    expect(await stranger.ofType('error')).toMatchObject({ code: 'room_not_found' })
    expect(await stranger.closed).toBe(4404)
    const silent = await openSocket(url, path)
    await clock.advance(5_000)
    expect(await silent.closed).toBe(4401)
    await expect(openSocket(url, '/v1/nothing')).rejects.toThrow('404')
  })

  test('a token that expires while connected ends the connection', async () => {
    const clock = createVirtualClock()
    const { url, call } = await started({ clock })
    const socket = await seated(url, await join(call, 'ben', { ttl_ms: 30_000 }))
    await clock.advance(30_000)
    expect(await socket.ofType('error')).toMatchObject({ code: 'auth_invalid' })
    expect(await socket.closed).toBe(4401)
  })

  test('fifty connections of one address are taken, the next is told to wait, and a place that is left is free', async () => {
    const { url } = await started()
    const open = await Promise.all(Array.from({ length: 50 }, () => openSocket(url, path)))
    await expect(openSocket(url, path)).rejects.toThrow('429')
    const [first] = open
    first?.ws.close()
    await first?.closed
    expect((await openSocket(url, path)).ws.readyState).toBe(1)
  })
})

describe('frames', () => {
  test('a malformed frame is answered and changes nothing; ten in a row end it', async () => {
    const { url, token, kit } = await started()
    const socket = await seated(url, token)
    const { latestIndex } = await kit.getRoom('r')
    const faulty: (object | string | Uint8Array)[] = [
      'no json',
      new Uint8Array([1, 2, 3]),
      { type: 'fly' },
      { type: 'send', content: { type: 'text', text: 'no key' } },
      { type: 'send', idempotency_key: 'k', content: { type: 'text' } },
    ]
    for (const frame of faulty) socket.send(frame)
    const last = await socket.find(({ ref }) => ref === 'k')
    expect(last).toMatchObject({ type: 'error', code: 'frame_invalid', retryable: false })
    socket.send({ type: 'ping' })
    await socket.ofType('pong')
    for (let count = 0; count < 10; count++) socket.send('no json')
    expect(await socket.closed).toBe(4400)
    expect((await kit.getRoom('r')).latestIndex).toBe(latestIndex)
  })

  test('a frame over 64 KiB is answered and nothing is stored, one over the hard limit ends the connection', async () => {
    const { url, token, kit } = await started()
    const socket = await seated(url, token)
    const { latestIndex } = await kit.getRoom('r')
    const send = (bytes: number) =>
      socket.send({ type: 'send', idempotency_key: `of ${bytes}`, content: { type: 'text', text: 'x'.repeat(bytes) } })
    send(70_000)
    expect(await socket.ofType('error')).toMatchObject({ code: 'body_too_large', ref: 'of 70000' })
    send(300_000)
    expect(await socket.closed).toBe(1009)
    expect((await kit.getRoom('r')).latestIndex).toBe(latestIndex)
  })

  test('too many frames are refused with a time to wait, and can be sent again', async () => {
    const { url, token } = await started({ limits: { frameBurst: 3, framesPerSecond: 1 } })
    const socket = await seated(url, token)
    for (let count = 0; count < 4; count++)
      socket.send({ type: 'send', idempotency_key: `k${count}`, content: { type: 'text', text: `${count}` } })
    const refused = await socket.find(({ code }) => code === 'rate_limited')
    expect(refused).toMatchObject({ retryable: true, details: { retry_after_ms: expect.any(Number) } })
  })

  test('a message is acknowledged with its index and comes back as an event, after the one before it', async () => {
    const { url, token, kit } = await started()
    const socket = await seated(url, token)
    const { latestIndex } = await kit.getRoom('r')
    socket.send({
      type: 'send',
      idempotency_key: 'a',
      content: { type: 'text', text: 'hello' },
      metadata: { my_key: 1 },
    })
    expect(await socket.ofType('ack')).toEqual({
      type: 'ack',
      idempotency_key: 'a',
      index: latestIndex + 1,
      duplicate: false,
    })
    expect(await socket.ofType('event')).toMatchObject({
      index: latestIndex + 1,
      after: latestIndex,
      event: { content: { text: 'hello' }, source: { participant_id: 'ada' }, metadata: { my_key: 1 } },
    })
    await kit.closeRoom('r')
    socket.send({ type: 'send', idempotency_key: 'b', content: { type: 'text', text: 'late' } })
    expect(await socket.find(({ ref }) => ref === 'b')).toMatchObject({ type: 'error', code: 'room_closed' })
  })

  test('an observer reads and may not write', async () => {
    const { url, call } = await started()
    const socket = await seated(url, await join(call, 'olga', { role: 'observer' }))
    socket.send({ type: 'send', idempotency_key: 'a', content: { type: 'text', text: 'hello' } })
    expect(await socket.ofType('error')).toMatchObject({ code: 'forbidden', ref: 'a' })
  })
})

describe('connections', () => {
  test('a socket that gives no sign for a minute is let go', async () => {
    const clock = createVirtualClock()
    const { url, token, server } = await started({ clock })
    const socket = await seated(url, token)
    let pings = 0
    socket.ws.on('ping', () => pings++)
    await clock.advance(25_000)
    // The peer answers pings only while it reads.
    socket.ws.pause()
    for (let waited = 0; waited < 75_000; waited += 25_000) await clock.advance(25_000)
    socket.ws.resume()
    expect(await socket.closed).toBe(1006)
    expect(pings).toBeGreaterThan(0)
    await server.close({ drainMs: 0 })
  })

  test('RS-5 a reader that stops costs others nothing, and gets everything once it reads again', async () => {
    const { url, token, kit, call } = await started({ limits: { bufferedBytes: 65_536 } })
    const slow = await seated(url, token)
    const quick = await seated(url, await join(call, 'ben'))
    slow.ws.pause()
    const text = 'x'.repeat(200_000)
    for (let count = 0; count < 80; count++) await say(kit, `${count} ${text}`)
    const { latestIndex } = await kit.getRoom('r')
    await quick.find(({ index }) => index === latestIndex)
    expect(slow.frames.some(({ index }) => index === latestIndex)).toBe(false)
    slow.ws.resume()
    await slow.find(({ index }) => index === latestIndex)
    const indexes = (socket: TestSocket) =>
      socket.frames
        .filter(({ type, event }) => type === 'event' && (event as { type: string }).type === 'message')
        .map(({ index }) => index)
    expect(indexes(slow)).toEqual(indexes(quick))
    await expect(slow.ofType('resync')).resolves.toMatchObject({ from: expect.any(Number) })
  })

  test("RS-5 a desk's socket that stays slow is closed with 4008", async () => {
    const clock = createVirtualClock()
    const { url, kit } = await started({ clock, limits: { bufferedBytes: 65_536 } })
    const desk = await seated(url, keys.admin)
    desk.ws.pause()
    for (let count = 0; count < 80; count++) await say(kit, `${count} ${'x'.repeat(200_000)}`)
    await clock.advance(31_000)
    await clock.advance(31_000)
    desk.ws.resume()
    expect(await desk.closed).toBe(4008)
  })

  test('closing the server tells sockets to come back', async () => {
    const { url, token, server } = await started()
    const socket = await seated(url, token)
    await server.close({ drainMs: 1_000 })
    expect(await socket.closed).toBe(1012)
    await expect(openSocket(url, path)).rejects.toThrow()
  })
})
