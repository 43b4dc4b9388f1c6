import { createClient, createWebSocketFactory, type RoomConnection } from '@parley/client'
import { Agent, Kit } from '@parley/kit'
import { createServer, lookupIn } from '@parley/server'
import { defineTool, type Socket, type SocketFactory } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { onTestFinished, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { keys, live, next, record, say, secret, startRooms, textsOf, type Started } from './start-rooms.ts'

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
function cuttable(): {
  openSocket: SocketFactory
  cut(): void
  opened: number
  beforeSend?: (frame: string) => boolean
} {
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
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const ben = await started.client.rooms.join(roomId, { participantId: 'ben' })
    const ada = join(started, roomId, token)
    const hears = record(join(started, roomId, ben.token))
    await live(ada)
    const sent = [ada.send('one'), ada.send({ text: 'two', metadata: { my_key: 1 } }), ada.send('three')]
    expect(sent.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending'])
    const indexes = (await Promise.all(sent.map(({ settled }) => settled))).map(({ index }) => index)
    await hears.reach(indexes[2] ?? 0)
    const messages = hears.events.filter(({ type }) => type === 'message')
    expect(messages.map(({ index }) => index)).toEqual(indexes)
    expect(textsOf(messages)).toEqual(['one', 'two', 'three'])
    expect(messages[1]).toMatchObject({ roomId, source: { participantId: 'ada' }, metadata: { my_key: 1 } })
  })

  test('RS-5 a socket lost in the middle of a reply resumes without gap or repeat', async () => {
    const kit = new Kit()
    const { promise: isCut, resolve: cutNow } = Promise.withResolvers<void>()
    const riley = new Agent('riley', {
      model: scriptedModel([
        async () => ({ text: 'First half.', toolCalls: [{ name: 'look', arguments: {} }] }),
        'Second half, said while nobody was connected.',
      ]),
      tools: [
        defineTool({
          name: 'look',
          description: 'Looks something up',
          input: z.object({}),
          effect: 'pure',
          run: async () => {
            await isCut
            return { found: true }
          },
        }),
      ],
    })
    kit.register(riley)
    const started = await startRooms({ kit })
    const { roomId, token } = await openRoom(started)
    await kit.attach(roomId, 'riley')
    const sockets = cuttable()
    const ada = join(started, roomId, token, sockets.openSocket)
    const hears = record(ada)
    await live(ada)
    const halfSaid = next(ada, 'event', ({ event }) => event.source.kind === 'agent' && event.type === 'message')
    ada.send('what is it?')
    await halfSaid
    const away = next(ada, 'status', ({ status }) => status === 'reconnecting')
    sockets.cut()
    await away
    cutNow()
    const whole = next(ada, 'event', ({ event }) => textsOf([event])[0]?.startsWith('Second') === true)
    await whole
    await say(kit, roomId, 'end')
    const { latestIndex } = await kit.getRoom(roomId)
    await hears.reach(latestIndex)
    expect(sockets.opened).toBe(2)
    const visible = await kit.events(roomId, { asReader: 'web', limit: 1_000 })
    expect(hears.events.map(({ index }) => index)).toEqual(visible.map(({ index }) => index))
    expect(textsOf(hears.events)).toEqual([
      'what is it?',
      'First half.',
      'Second half, said while nobody was connected.',
      'end',
    ])
  })

  test('a long log comes whole to somebody who joins late', async () => {
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const texts = Array.from({ length: 450 }, (_, index) => `line ${index}`)
    await say(started.kit, roomId, ...texts)
    const hears = record(join(started, roomId, token))
    await hears.reach((await started.kit.getRoom(roomId)).latestIndex)
    expect(textsOf(hears.events)).toEqual(texts)
  })

  test('a message whose answer was lost with the socket is sent again and committed once', async () => {
    const started = await startRooms()
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
    expect(textsOf(events)).toEqual(['only once', 'while away'])
    expect([sent.status, waiting.status, ada.pending.length]).toEqual(['sent', 'sent', 0])
  })

  test('a message too large for the socket fails by name, whatever its size, and the connection goes on with the others', async () => {
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const ada = join(started, roomId, token)
    await live(ada)
    for (const length of [70_000, 300_000, 3_000_000]) {
      await expect(ada.send('x'.repeat(length)).settled).rejects.toMatchObject({
        code: 'body_too_large',
        message: expect.stringContaining('HTTP'),
      })
    }
    await expect(ada.send('short').settled).resolves.toMatchObject({ duplicate: false })
    expect(textsOf(await started.kit.events(roomId, { types: ['message'] }))).toEqual(['short'])
    expect(() => ada.send(undefined as never)).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('text or content') }),
    )
  })

  test('two sends with the same key are one message; another text under the key is refused', async () => {
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const ada = join(started, roomId, token)
    await live(ada)
    const first = await ada.send('pay', { idempotencyKey: 'pay-1' }).settled
    const second = await ada.send('pay', { idempotencyKey: 'pay-1' }).settled
    expect([first.duplicate, second]).toEqual([false, { index: first.index, duplicate: true }])
    const other = ada.send('pay twice', { idempotencyKey: 'pay-1' })
    await expect(other.settled).rejects.toMatchObject({ code: 'idempotency_conflict' })
    expect(other.status).toBe('failed')
    expect(textsOf((await started.client.rooms.events(roomId)).events)).toEqual(['pay'])
  })

  test('a hole in what the socket brings is filled from the log', async () => {
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const open = createWebSocketFactory()
    const dropping: SocketFactory = async (url, options) => {
      const socket = await open(url, options)
      async function* frames(): AsyncGenerator<string | Uint8Array> {
        for await (const frame of socket.frames) if (!String(frame).includes('lost on the way')) yield frame
      }
      const damaged: Socket = {
        frames: frames(),
        closed: socket.closed,
        bufferedAmount: 0,
        send: (data) => socket.send(data),
        ping: () => {},
        close: (code, reason) => socket.close(code, reason),
      }
      return damaged
    }
    const ada = join(started, roomId, token, dropping)
    const hears = record(ada)
    await live(ada)
    await say(started.kit, roomId, 'first', 'lost on the way', 'last')
    await hears.reach((await started.kit.getRoom(roomId)).latestIndex)
    expect(textsOf(hears.events)).toEqual(['first', 'lost on the way', 'last'])
  })

  test('SO-1 typing, presence and live text pass by and are not stored', async () => {
    const kit = new Kit()
    kit.register(new Agent('riley', { model: scriptedModel(['Hello there.']) }))
    const started = await startRooms({ kit })
    const { roomId, token } = await openRoom(started)
    await kit.attach(roomId, 'riley')
    const ben = await started.client.rooms.join(roomId, { participantId: 'ben' })
    const ada = join(started, roomId, token)
    await live(ada)
    const benOnline = next(ada, 'ephemeral', ({ event }) => event.type === 'presence' && event.from === 'ben')
    const benConnection = join(started, roomId, ben.token)
    await live(benConnection)
    expect((await benOnline).event.data).toEqual({ status: 'online' })
    const typing = next(ada, 'ephemeral', ({ event }) => event.type === 'typingStarted' && event.from === 'ben')
    benConnection.typing()
    await typing
    const delta = next(ada, 'delta')
    const reply = next(ada, 'event', ({ event }) => event.source.kind === 'agent')
    benConnection.send('hello')
    const first = (await delta).delta
    const { event } = await reply
    expect(first).toMatchObject({ from: 'riley', turnId: event.turnId, segmentId: event.segmentId, seq: 1 })
    expect('Hello there.'.startsWith(first.text)).toBe(true)
    const typingAgain = next(
      ada,
      'ephemeral',
      (update) => update.event.type === 'typingStarted' && update.event.from === 'ben',
    )
    benConnection.typing()
    await typingAgain
    const stopped = next(
      ada,
      'ephemeral',
      (update) => update.event.type === 'typingStopped' && update.event.from === 'ben',
    )
    const offline = next(ada, 'ephemeral', (update) => update.event.type === 'presence' && update.event.from === 'ben')
    benConnection.close()
    await stopped
    expect((await offline).event.data).toEqual({ status: 'offline' })
    const types = (await started.client.rooms.events(roomId, { limit: 200 })).events.map(({ type }) => type)
    expect(types).not.toContain('typingStarted')
    expect(types).not.toContain('presence')
  })

  test('VI-1 a participant never sees what is internal or for somebody else, on the socket and by HTTP; the desk does', async () => {
    const started = await startRooms()
    const { roomId, token } = await openRoom(started)
    const ben = await started.client.rooms.join(roomId, { participantId: 'ben' })
    const ada = join(started, roomId, token)
    const hears = record(ada)
    const desk = started.client.joinRoom(roomId, { participantId: 'kim' })
    onTestFinished(() => desk.close())
    const seen = record(desk)
    await Promise.all([live(ada), live(desk)])
    await started.client.rooms.join(roomId, { participantId: 'kim' })
    await started.client.desk.note(roomId, 'be careful', { participantId: 'kim' })
    await createClient({ baseUrl: started.url, token: ben.token }).rooms.send(roomId, {
      text: 'for agents alone',
      visibility: 'intelligence',
    })
    await say(started.kit, roomId, 'public')
    const { latestIndex } = await started.kit.getRoom(roomId)
    await Promise.all([hears.reach(latestIndex), seen.reach(latestIndex)])
    expect(textsOf(hears.events)).toEqual(['public'])
    expect(hears.events.map(({ type }) => type)).not.toContain('note')
    expect(seen.events.map(({ index }) => index)).toEqual(Array.from({ length: latestIndex + 1 }, (_, index) => index))
    expect(seen.events.map(({ type }) => type)).toContain('note')
    const byToken = createClient({ baseUrl: started.url, token })
    expect((await byToken.rooms.events(roomId, { limit: 200 })).events.map(({ index }) => index)).toEqual(
      hears.events.map(({ index }) => index),
    )
    expect(
      textsOf((await createClient({ baseUrl: started.url, token: ben.token }).rooms.events(roomId)).events),
    ).toEqual(['for agents alone', 'public'])
  })

  test("RQ-3 RQ-4 a question to the person is shown to them and answered once; an approval is the desk's", async () => {
    const kit = new Kit()
    const ran: unknown[] = []
    const credit = defineTool({
      name: 'issue_credit',
      description: 'Credits an invoice',
      input: z.object({ cents: z.int() }),
      approval: true,
      run: (input) => {
        ran.push(input)
        return { done: true }
      },
    })
    const ask = defineTool({
      name: 'ask_pin',
      description: 'Asks for the PIN',
      input: z.object({}),
      effect: 'pure',
      run: async (_input, context) => {
        const answer = await context.requestInput({
          schema: z.string().length(4),
          prompt: 'Your PIN?',
          sensitive: true,
        })
        return { status: answer.status }
      },
    })
    const model = scriptedModel(
      [
        { toolCalls: [{ name: 'ask_pin', arguments: {} }] },
        { toolCalls: [{ name: 'issue_credit', arguments: { cents: 7900 } }] },
        'A colleague decides.',
        'It is done.',
      ],
      { then: 'last' },
    )
    kit.register(new Agent('riley', { model, tools: [ask, credit] }))
    const started = await startRooms({ kit })
    const { roomId, token } = await openRoom(started)
    await kit.attach(roomId, 'riley')
    const ada = join(started, roomId, token)
    await live(ada)
    const asked = next(ada, 'request')
    ada.send('I was charged twice')
    const { request } = await asked
    expect(request).toMatchObject({ kind: 'input', prompt: 'Your PIN?', sensitive: true, agentId: 'riley' })
    const refused = next(ada, 'error')
    ada.answer(request.id, { decision: 'answer', value: 'too long' })
    expect((await refused).error.code).toBe('value_invalid')
    const closed = next(ada, 'requestClosed')
    const reply = next(ada, 'event', ({ event }) => textsOf([event])[0] === 'A colleague decides.')
    ada.answer(request.id, { decision: 'answer', value: '4821' })
    expect(await closed).toMatchObject({ requestId: request.id, status: 'answered' })
    await reply
    const [approval] = await started.client.requests.list({ kind: 'approval' })
    expect(approval).toMatchObject({ tool: 'issue_credit', arguments: { cents: 7900 } })
    const id = approval?.id ?? ''
    const answered = next(ada, 'error')
    ada.answer(id, { decision: 'approve' })
    expect((await answered).error.code).toBe('request_not_found')
    const clicks = await Promise.allSettled(
      ['kim', 'lee'].map((participantId) => started.client.requests.answer(id, { decision: 'approve', participantId })),
    )
    expect(clicks.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const loser = clicks.find(({ status }) => status === 'rejected')
    expect(loser).toMatchObject({ reason: { code: 'already_decided', details: { by: { kind: 'person' } } } })
    await kit.settled(roomId)
    expect(ran).toEqual([{ cents: 7900 }])
    expect(JSON.stringify(await kit.events(roomId, { limit: 1_000 }))).not.toMatch(/(?<![\w.])4821(?!\w)/)
  })

  test('a connection to a room that does not exist for this key ends for good', async () => {
    const started = await startRooms()
    const { roomId } = await openRoom(started)
    const stranger = createClient({ baseUrl: started.url, token: keys.other }).joinRoom(roomId)
    const { error } = await next(stranger, 'status', ({ status }) => status === 'closed')
    expect(error?.code).toBe('room_not_found')
    expect(() => stranger.send('hello')).toThrow(expect.objectContaining({ code: 'connection_lost' }))
  })

  test('a server that goes down tells sockets to come back, and they do', async () => {
    const first = await startRooms()
    const { roomId, token } = await openRoom(first)
    const ada = join(first, roomId, token)
    const hears = record(ada)
    await live(ada)
    const port = Number(new URL(first.url).port)
    const lostIt = next(ada, 'status', ({ status }) => status === 'reconnecting')
    await first.server.close({ drainMs: 100 })
    await lostIt
    await say(first.kit, roomId, 'said meanwhile')
    const again = createServer({ kit: first.kit, auth: { keys: lookupIn([]), secrets: [secret] } })
    onTestFinished(() => again.close({ drainMs: 100 }))
    await again.listen({ port })
    await hears.reach((await first.kit.getRoom(roomId)).latestIndex)
    expect(textsOf(hears.events)).toEqual(['said meanwhile'])
  })
})
