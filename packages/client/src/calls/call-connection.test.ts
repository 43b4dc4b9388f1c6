import {
  createSocketFrames,
  parseClientCallMessage,
  writeCallMessage,
  type ClientCallMessage,
  type ServerCallMessage,
  type Socket,
} from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, onTestFinished, test } from 'vitest'
import { connectCall } from './call-connection.ts'

type Said = ServerCallMessage extends infer Message
  ? Message extends ServerCallMessage
    ? Omit<Message, 'v' | 'seq'> & { seq?: number }
    : never
  : never

interface Far {
  readonly got: ClientCallMessage[]
  readonly protocols: string[]
  readonly url: string
  closedWith: number | undefined
  say(message: Said): void
  end(code: number): void
}

function far(url: string, protocols: string[]): { socket: Socket; far: Far } {
  const got: ClientCallMessage[] = []
  const incoming = createSocketFrames()
  let isOpen = true
  const closed = Promise.withResolvers<{ code: number; reason: string; clean: boolean }>()
  const end = (code: number): void => {
    isOpen = false
    closed.resolve({ code, reason: '', clean: true })
    incoming.end()
  }
  const made: Far = {
    got,
    url,
    protocols,
    closedWith: undefined,
    end,
    say(message) {
      // A message of the test with its number.
      incoming.push(writeCallMessage({ v: 1, seq: 0, ...message } as ServerCallMessage))
    },
  }
  return {
    far: made,
    socket: {
      send(data) {
        if (!isOpen || typeof data !== 'string') return
        const result = parseClientCallMessage(data)
        if (!result.ok) throw new Error(`The client sent what its own schema refuses: ${data}`)
        got.push(result.message)
      },
      bufferedAmount: 0,
      ping() {},
      close(code = 1005) {
        if (isOpen) made.closedWith = code
        end(code)
      },
      frames: incoming.frames,
      closed: closed.promise,
    },
  }
}

function setUp({ refuse = () => false }: { refuse?: () => boolean } = {}) {
  const clock = createVirtualClock()
  const sockets: Far[] = []
  const openedAtMs: number[] = []
  const messages: ServerCallMessage[] = []
  const statuses: string[] = []
  const ends: { reason: string; code?: string }[] = []
  const connection = connectCall({
    url: 'wss://talk.example/v1/calls/c/media',
    getToken: () => 'token',
    introduce: {
      audio: { up: { codec: 'pcm16', rate: 16_000, frameMs: 20 }, down: { codec: 'pcm16', rate: 24_000 } },
      capabilities: { played: true, pause: true, aec: true, recognition: false, opus: false },
      client: { name: 'test', version: '1' },
    },
    async openSocket(url, { protocols = [] } = {}) {
      openedAtMs.push(clock.monotonicMs())
      if (refuse()) throw new Error('refused')
      const made = far(url, protocols)
      sockets.push(made.far)
      return made.socket
    },
    clock,
    ids: createSeededIds(2),
    lastEpoch: () => 4,
    onWelcome() {},
    onMessage: (message) => void messages.push(message),
    onFrame() {},
    onStatus: (status) => void statuses.push(status),
    onEnd: (reason, error) => void ends.push({ reason, ...(error === undefined ? {} : { code: error.code }) }),
  })
  onTestFinished(() => connection.hangUp())
  const welcome = async (socket: Far | undefined, more: Partial<Extract<Said, { type: 'welcome' }>> = {}) => {
    socket?.say({
      type: 'welcome',
      version: 1,
      callId: 'c',
      roomId: 'r',
      participantId: 'ada',
      resumeToken: 'again',
      resumeWindowMs: 30_000,
      resumed: false,
      audio: { up: { codec: 'pcm16', rate: 16_000, frameMs: 20 }, down: { codec: 'pcm16', rate: 24_000 } },
      agent: null,
      features: [],
      received: 0,
      ...more,
    })
    await clock.advance(0)
  }
  return { clock, sockets, openedAtMs, messages, statuses, ends, connection, welcome }
}

const hold = (seq: number): Said => ({ type: 'hold', on: true, seq })

test('a call says hello with its token in the first message, never in the address', async () => {
  const { clock, sockets, connection, welcome } = setUp()
  await clock.advance(0)
  const [socket] = sockets
  expect(socket).toMatchObject({ url: 'wss://talk.example/v1/calls/c/media', protocols: ['parley.call.v1'] })
  expect(socket?.got).toMatchObject([{ type: 'hello', seq: 0, versions: [1], token: 'token' }])
  expect(socket?.got[0]).not.toHaveProperty('resume')
  await welcome(socket)
  expect(connection.status).toBe('live')
})

test('W-2 after a loss it resumes behind the last message, and says again what the server has not got, before anything new', async () => {
  const { clock, sockets, connection, messages, welcome, statuses } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  connection.send({ type: 'dtmf', digit: '1', durationMs: 100 })
  connection.send({ type: 'dtmf', digit: '2', durationMs: 100 })
  sockets[0]?.say(hold(1))
  sockets[0]?.say(hold(2))
  await clock.advance(0)
  sockets[0]?.end(1_006)
  await clock.advance(0)
  connection.send({ type: 'text', id: 't', text: 'hello' })
  connection.send({ type: 'stats' }, { droppable: true })
  await clock.advance(250)
  const again = sockets[1]
  expect(again?.got).toMatchObject([{ type: 'hello', resume: { resumeToken: 'again', lastSeq: 2, lastEpoch: 4 } }])
  await welcome(again, { resumed: true, received: 1, resumeToken: 'next' })
  again?.say(hold(2))
  again?.say(hold(3))
  connection.send({ type: 'interrupt' })
  await clock.advance(0)
  expect(again?.got.slice(1).map(({ type, seq }) => [type, seq])).toEqual([
    ['dtmf', 2],
    ['text', 3],
    ['interrupt', 4],
  ])
  expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(statuses).toEqual(['live', 'reconnecting', 'live'])
})

test('it tries again after 0.25, 0.5, 1, 2 and 4 s, less some chance, within the window', async () => {
  let isDown = false
  const { clock, sockets, openedAtMs, ends, welcome } = setUp({ refuse: () => isDown })
  await clock.advance(0)
  await welcome(sockets[0])
  isDown = true
  sockets[0]?.end(1_006)
  await clock.advance(60_000)
  const waits = openedAtMs.slice(1).map((atMs, index) => atMs - (openedAtMs[index] ?? 0))
  for (const [index, baseMs] of [250, 500, 1_000, 2_000, 4_000, 4_000].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(baseMs / 2)
    expect(waits[index]).toBeLessThanOrEqual(baseMs)
  }
  expect(openedAtMs.at(-1)).toBeLessThanOrEqual(30_000)
  expect(ends).toEqual([{ reason: 'lost', code: 'connection_lost' }])
})

test.each([
  [1_000, 'hangup', undefined],
  [1_008, 'error', 'media_protocol_error'],
  [4_401, 'error', 'media_auth_failed'],
  [4_403, 'error', 'forbidden'],
  [4_406, 'error', 'media_protocol_error'],
  [4_409, 'takenOver', undefined],
  [4_410, 'lost', 'media_resume_rejected'],
])('W-1 a close with %i ends the call', async (closeCode, reason, code) => {
  const { clock, sockets, ends, welcome } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  sockets[0]?.end(closeCode)
  await clock.advance(10_000)
  expect(ends).toEqual([{ reason, ...(code === undefined ? {} : { code }) }])
  expect(sockets).toHaveLength(1)
})

test('W-1 a server that goes down says where to go on', async () => {
  const { clock, sockets, ends, welcome } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  sockets[0]?.say({ type: 'bye', reason: 'moved', code: 4_503, url: 'wss://two.example/v1/calls/c/media' })
  sockets[0]?.end(4_503)
  await clock.advance(250)
  expect(sockets[1]?.url).toBe('wss://two.example/v1/calls/c/media')
  expect(ends).toEqual([])
})

test('W-4 it pings every 15 s, and makes the connection again when two went unanswered', async () => {
  const { clock, sockets, connection, welcome } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  await clock.advance(15_000)
  const ping = sockets[0]?.got.at(-1)
  expect(ping).toMatchObject({ type: 'ping', seq: 0 })
  await clock.advance(40)
  sockets[0]?.say({ type: 'pong', t: ping?.type === 'ping' ? ping.t : 0 })
  await clock.advance(0)
  expect(connection.rttMs).toBe(40)
  await clock.advance(44_959)
  expect(sockets[0]?.closedWith).toBeUndefined()
  await clock.advance(1)
  expect(sockets[0]?.closedWith).toBe(4_414)
  await clock.advance(250)
  expect(sockets).toHaveLength(2)
})

test('after sleep a connection that gives no sign within 3 s is made again, one that does stays', async () => {
  const { clock, sockets, connection, welcome } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  connection.probe()
  sockets[0]?.say({ type: 'pong', t: 0 })
  await clock.advance(5_000)
  expect(sockets).toHaveLength(1)
  connection.probe()
  await clock.advance(3_250)
  expect(sockets).toHaveLength(2)
})

test('hanging up is said and final', async () => {
  const { clock, sockets, connection, ends, welcome } = setUp()
  await clock.advance(0)
  await welcome(sockets[0])
  connection.hangUp()
  connection.hangUp()
  connection.send({ type: 'interrupt' })
  await clock.advance(60_000)
  expect(sockets[0]?.got.at(-1)).toMatchObject({ type: 'hangup', seq: 1 })
  expect(ends).toEqual([{ reason: 'hangup' }])
  expect(sockets).toHaveLength(1)
  expect(clock.pending).toBe(0)
})
