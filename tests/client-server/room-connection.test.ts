import { createClient, createWebSocketFactory, type RoomConnection } from '@parley/client'
import type { Socket, SocketFactory } from '@parley/spec'
import { onTestFinished, describe, expect, test } from 'vitest'
import { createMemoryRooms } from '../../packages/server/src/__fixtures__/memory-rooms.ts'
import { keys, live, next, record, startRooms, type Started } from './start-rooms.ts'

async function openRoom(started: Started): Promise<{ roomId: string; token: string }> {
  const room = await started.client.rooms.create()
  const { token } = await started.client.rooms.join(room.id, { participantId: 'ada', displayName: 'Ada' })
  return { roomId: room.id, token }
}

function join(started: Started, roomId: string, token: string, openSocket?: SocketFactory): RoomConnection {
  const client = createClient({ baseUrl: started.url, ...(openSocket === undefined ? {} : { openSocket }) })
  const connection = client.joinRoom(roomId, { token })
  onTestFinished(() => connection.close())
  return connection
}

/** Sockets that a test can cut, as a lost network does. */
function cuttable(): { openSocket: SocketFactory; cut(): void; opened: number; beforeSend?: (frame: string) => boolean } {
  const open = createWebSocketFactory()
  let current: Socket | undefined
  const control: { openSocket: SocketFactory; cut(): void; opened: number; beforeSend?: (frame: string) => boolean } = {
    opened: 0,
    cut: () => current?.close(4_999, 'cut by the test'),
    openSocket: async (url, options) => {
      const socket = await open(url, options)
      current = socket
      control.opened++
      return {
        closed: socket.closed,
        frames: socket.frames,
        ping: () => socket.ping(),
        close: (code, reason) => socket.close(code, reason),
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send(data) {
          if (typeof data === 'string' && control.beforeSend?.(data) === false) return
          socket.send(data)
        },
      }
    },
  }
  return control
}

describe('a room over a socket', () => {
  test('what one person says arrives at the other, once, in order, with the names of code', async () => {
    const started = await startRooms(createMemoryRooms())
    const { roomId, token } = await openRoom(started)
    const ben = await started.client.rooms.join(roomId, { participantId: 'ben' })
    const ada = join(started, roomId, token)
    const hears = record(join(started, roomId, ben.token))
    await live(ada)
    const sent = [ada.send('one'), ada.send({ text: 'two', metadata: { my_key: 1 } }), ada.send('three')]
    expect(sent.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending'])
    expect((await Promise.all(sent.map(({ settled }) => settled))).map(({ index }) => index)).toEqual([0, 1, 2])
    await hears.reach(2)
    expect(hears.events.map(({ index, content }) => [index, content])).toEqual([
      [0, { type: 'text', text: 'one' }],
      [1, { type: 'text', text: 'two' }],
      [2, { type: 'text', text: 'three' }],
    ])
    expect(hears.events[1]).toMatchObject({ roomId, source: { participantId: 'ada' }, metadata: { my_key: 1 } })
  })

  test('RS-5 a socket lost in the middle of a reply resumes without gap or repeat', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const sockets = cuttable()
    const ada = join(started, roomId, token, sockets.openSocket)
    const hears = record(ada)
    await live(ada)
    for (let part = 0; part < 5; part++) rooms.append(roomId, { content: { type: 'text', text: `part ${part}` } })
    await hears.reach(2)
    sockets.cut()
    for (let part = 5; part < 400; part++) rooms.append(roomId, { content: { type: 'text', text: `part ${part}` } })
    await hears.reach(399)
    rooms.append(roomId, { content: { type: 'text', text: 'end' } })
    await hears.reach(400)
    expect(sockets.opened).toBe(2)
    expect(hears.events.map(({ index }) => index)).toEqual(Array.from({ length: 401 }, (_, index) => index))
  })

  test('a message whose answer was lost with the socket is sent again and committed once', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const sockets = cuttable()
    const ada = join(started, roomId, token, sockets.openSocket)
    await live(ada)
    // The frame goes out, and the socket dies before the answer can come back.
    sockets.beforeSend = (frame) => {
      if (frame.includes('"send"')) queueMicrotask(sockets.cut)
      return true
    }
    const sent = ada.send('only once')
    delete sockets.beforeSend
    await next(ada, 'status', ({ status }) => status === 'reconnecting')
    const waiting = ada.send('while away')
    expect(waiting.status).toBe('pending')
    await Promise.all([sent.settled, waiting.settled])
    const { events } = await started.client.rooms.events(roomId)
    expect(events.map(({ content }) => content)).toEqual([
      { type: 'text', text: 'only once' },
      { type: 'text', text: 'while away' },
    ])
    expect([sent.status, waiting.status, ada.pending.length]).toEqual(['sent', 'sent', 0])
  })

  test('a hole in what the socket brings is filled from the log', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const open = createWebSocketFactory()
    const dropping: SocketFactory = async (url, options) => {
      const socket = await open(url, options)
      async function* frames(): AsyncGenerator<string | Uint8Array> {
        for await (const frame of socket.frames) if (!String(frame).includes('lost on the way')) yield frame
      }
      return Object.create(socket, { frames: { value: frames() }, closed: { value: socket.closed }, send: { value: socket.send.bind(socket) }, close: { value: socket.close.bind(socket) } }) as Socket // a socket but for its frames
    }
    const ada = join(started, roomId, token, dropping)
    const hears = record(ada)
    await live(ada)
    rooms.append(roomId, { content: { type: 'text', text: 'first' } })
    rooms.append(roomId, { content: { type: 'text', text: 'lost on the way' } })
    rooms.append(roomId, { content: { type: 'text', text: 'last' } })
    await hears.reach(2)
    expect(hears.events.map(({ content }) => (content.type === 'text' ? content.text : ''))).toEqual(['first', 'lost on the way', 'last'])
  })

  test('typing, presence and live text pass by and are not stored', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const ben = await started.client.rooms.join(roomId, { participantId: 'ben' })
    const ada = join(started, roomId, token)
    await live(ada)
    const benOnline = next(ada, 'ephemeral', ({ event }) => event.type === 'presence' && event.from === 'ben')
    const benConnection = join(started, roomId, ben.token)
    await live(benConnection)
    expect((await benOnline).event.data).toEqual({ status: 'online' })
    const typing = next(ada, 'ephemeral', ({ event }) => event.type === 'typingStarted')
    benConnection.typing()
    expect((await typing).event.from).toBe('ben')
    const delta = next(ada, 'delta')
    rooms.publish(roomId, { type: 'outputDelta', from: 'riley', data: { turnId: 't', segmentId: 's', seq: 0, text: 'Hel' } })
    expect((await delta).delta).toEqual({ from: 'riley', turnId: 't', segmentId: 's', seq: 0, text: 'Hel' })
    const stopped = next(ada, 'ephemeral', ({ event }) => event.type === 'typingStopped')
    const offline = next(ada, 'ephemeral', ({ event }) => event.type === 'presence' && event.from === 'ben')
    benConnection.close()
    await stopped
    expect((await offline).event.data).toEqual({ status: 'offline' })
    expect((await started.client.rooms.events(roomId)).head).toBe(-1)
  })

  test('VI-1 a participant never sees what is internal, on the socket and by HTTP; the desk does', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const ada = join(started, roomId, token)
    const hears = record(ada)
    const desk = started.client.joinRoom(roomId, { participantId: 'kim' })
    onTestFinished(() => desk.close())
    const seen = record(desk)
    await Promise.all([live(ada), live(desk)])
    await started.client.desk.note(roomId, 'be careful', { participantId: 'kim' })
    rooms.append(roomId, { content: { type: 'text', text: 'public' } })
    await Promise.all([hears.reach(1), seen.reach(1)])
    expect(hears.events.map(({ index }) => index)).toEqual([1])
    expect(seen.events.map(({ index, type }) => [index, type])).toEqual([[0, 'note'], [1, 'message']])
    const byToken = createClient({ baseUrl: started.url, token })
    expect((await byToken.rooms.events(roomId)).events.map(({ index }) => index)).toEqual([1])
  })

  test('a request of the room is shown to its person and answered once', async () => {
    const rooms = createMemoryRooms()
    const started = await startRooms(rooms)
    const { roomId, token } = await openRoom(started)
    const request = { roomId, organizationId: 'harbor', agentId: 'riley', turnId: 't', sensitive: true, mode: 'suspend', createdAt: '', expiresAt: '', status: 'open' } as const
    rooms.requests.set('pin', { ...request, id: 'pin', kind: 'input' })
    rooms.requests.set('credit', { ...request, id: 'credit', kind: 'approval' })
    const ada = join(started, roomId, token)
    const asked = await next(ada, 'request')
    expect(asked.request).toMatchObject({ id: 'pin', kind: 'input', agentId: 'riley' })
    const refused = next(ada, 'error')
    ada.answer('pin', { decision: 'answer', value: 4821 })
    expect((await refused).error.code).toBe('value_invalid')
    const closed = next(ada, 'requestClosed')
    ada.answer('pin', { decision: 'answer', value: '4821' })
    expect(await closed).toMatchObject({ requestId: 'pin', status: 'answered' })
    const forbidden = next(ada, 'error')
    ada.answer('credit', { decision: 'approve' })
    expect((await forbidden).error.code).toBe('request_not_found')
  })

  test('a connection to a room that does not exist for this key ends for good', async () => {
    const started = await startRooms(createMemoryRooms())
    const { roomId } = await openRoom(started)
    const stranger = createClient({ baseUrl: started.url, token: keys.other }).joinRoom(roomId)
    const { error } = await next(stranger, 'status', ({ status }) => status === 'closed')
    expect(error?.code).toBe('room_not_found')
    expect(() => stranger.send('hello')).toThrow(expect.objectContaining({ code: 'connection_lost' }))
  })

  test('a server that goes down tells sockets to come back, and they do', async () => {
    const rooms = createMemoryRooms()
    const first = await startRooms(rooms)
    const { roomId, token } = await openRoom(first)
    const ada = join(first, roomId, token)
    const hears = record(ada)
    await live(ada)
    const port = Number(new URL(first.url).port)
    const lostIt = next(ada, 'status', ({ status }) => status === 'reconnecting')
    await first.server.close({ drainMs: 100 })
    await lostIt
    rooms.append(roomId, { content: { type: 'text', text: 'said meanwhile' } })
    const second = (await startRooms(rooms)).server
    await second.close()
    const { createServer, lookupIn } = await import('@parley/server')
    const { secret } = await import('./start-rooms.ts')
    const again = createServer({ kit: rooms, auth: { keys: lookupIn([]), secrets: [secret] } })
    onTestFinished(() => again.close({ drainMs: 100 }))
    await again.listen({ port })
    await hears.reach(0)
    expect(hears.events).toHaveLength(1)
  })
})
