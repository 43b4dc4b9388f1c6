import type { Socket, SocketFactory } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from './create-client.ts'
import type { RoomConnection, RoomUpdate } from './room-connection.ts'

/** The far side of a socket: what a server would do, said by the test. */
interface FarSide {
  readonly sent: Record<string, unknown>[]
  say(frame: object): void
  end(code: number): void
}

function farSide(): { socket: Socket; far: FarSide } {
  const sent: Record<string, unknown>[] = []
  const held: string[] = []
  let wake = (): void => {}
  let isOpen = true
  const { promise: closed, resolve } = Promise.withResolvers<{ code: number; reason: string; clean: boolean }>()
  const end = (code: number): void => {
    isOpen = false
    resolve({ code, reason: '', clean: true })
    wake()
  }
  async function* frames(): AsyncGenerator<string> {
    for (;;) {
      const frame = held.shift()
      if (frame !== undefined) yield frame
      else if (isOpen) await new Promise<void>((done) => (wake = done))
      else return
    }
  }
  return {
    socket: {
      send: (data) => void sent.push(JSON.parse(String(data)) as Record<string, unknown>),
      bufferedAmount: 0,
      ping: () => {},
      close: (code = 1005) => end(code),
      frames: frames(),
      closed,
    },
    far: {
      sent,
      end,
      say(frame) {
        held.push(JSON.stringify(frame))
        wake()
      },
    },
  }
}

function setUp(options: { answers?: (url: URL) => unknown; refuse?: () => boolean; getToken?: () => string } = {}) {
  const clock = createVirtualClock()
  const far: FarSide[] = []
  const openedAtMs: number[] = []
  const openSocket: SocketFactory = async () => {
    openedAtMs.push(clock.monotonicMs())
    if (options.refuse?.() === true) throw new Error('refused')
    const made = farSide()
    far.push(made.far)
    return made.socket
  }
  const client = createClient({
    baseUrl: 'https://talk.example',
    clock,
    ids: createSeededIds(7),
    openSocket,
    fetch: async (input) => Response.json(options.answers?.(new URL(input instanceof Request ? input.url : input))),
  })
  const connection = client.joinRoom('r', { getToken: options.getToken ?? (() => 'prt_x') })
  onTestFinished(() => connection.close())
  const updates: RoomUpdate[] = []
  for (const type of ['event', 'delta', 'status', 'pending', 'error'] as const)
    connection.on(type, (update) => updates.push(update))
  return { clock, far, openedAtMs, connection, updates }
}

const welcome = { type: 'welcome', room: { id: 'r' }, participant: { id: 'ada' }, head: -1 }
const event = (index: number, after: number) => ({
  type: 'event',
  index,
  after,
  event: { id: `e${index}`, index, type: 'message', source: {}, content: { type: 'text', text: String(index) } },
})
const indexesOf = (updates: RoomUpdate[]): number[] =>
  updates.flatMap((update) => (update.type === 'event' ? [update.event.index] : []))
const last = (far: FarSide[]): FarSide => far.at(-1) ?? expect.fail('no socket was opened')

async function goLive({
  clock,
  far,
  connection,
}: {
  clock: { advance(ms: number): Promise<void> }
  far: FarSide[]
  connection: RoomConnection
}): Promise<FarSide> {
  await clock.advance(0)
  last(far).say(welcome)
  await clock.advance(0)
  expect(connection.status).toBe('live')
  return last(far)
}

describe('coming back', () => {
  test('it is tried after a quarter, half, one, two and then every four seconds, jittered, and from the start once live', async () => {
    let isRefusing = true
    const set = setUp({ refuse: () => isRefusing })
    await set.clock.advance(30_000)
    const waits = set.openedAtMs.slice(1, 8).map((atMs, index) => atMs - (set.openedAtMs[index] ?? 0))
    for (const [index, full] of [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(full / 2)
      expect(waits[index]).toBeLessThanOrEqual(full)
    }
    isRefusing = false
    await set.clock.advance(4_000)
    const far = await goLive(set)
    far.end(1006)
    const lostAtMs = set.clock.monotonicMs()
    await set.clock.advance(250)
    expect((set.openedAtMs.at(-1) ?? 0) - lostAtMs).toBeLessThanOrEqual(250)
  })

  test('the last index is said again, and what comes twice is given once', async () => {
    const set = setUp()
    const far = await goLive(set)
    expect(far.sent[0]).toEqual({ type: 'hello', token: 'prt_x', resume_after: -1 })
    far.say(event(0, -1))
    far.say(event(3, 0))
    await set.clock.advance(0)
    far.end(1006)
    await set.clock.advance(250)
    const again = await goLive(set)
    expect(again.sent[0]).toMatchObject({ resume_after: 3 })
    again.say(event(3, 0))
    again.say(event(4, 3))
    await set.clock.advance(0)
    expect(indexesOf(set.updates)).toEqual([0, 3, 4])
  })

  test('a hole is read from the log, page by page, before what comes after it', async () => {
    const asked: string[] = []
    const set = setUp({
      answers(url) {
        asked.push(url.search)
        const after = Number(url.searchParams.get('after'))
        return after === 0
          ? { events: [event(1, 0).event], head: 9, next: 2 }
          : { events: [event(4, 2).event], head: 9 }
      },
    })
    const far = await goLive(set)
    far.say(event(0, -1))
    far.say(event(9, 4))
    far.say(event(10, 9))
    await set.clock.advance(0)
    expect(indexesOf(set.updates)).toEqual([0, 1, 4, 9, 10])
    expect(asked).toEqual(['?after=0&before=9&limit=200', '?after=2&before=9&limit=200'])
  })

  test('silence for a minute counts as lost', async () => {
    const set = setUp()
    const far = await goLive(set)
    await set.clock.advance(50_000)
    expect(far.sent.filter(({ type }) => type === 'ping')).toHaveLength(2)
    await set.clock.advance(30_000)
    expect(set.far.length).toBeGreaterThan(1)
  })

  test('a token is asked for each time; three refusals end it, a room that is gone at once', async () => {
    let count = 0
    const refused = setUp({ getToken: () => `prt_${++count}` })
    for (let attempt = 0; attempt < 3; attempt++) {
      await refused.clock.advance(4_000)
      last(refused.far).end(4401)
      await refused.clock.advance(0)
    }
    expect(refused.far.map(({ sent }) => sent[0]?.['token'])).toEqual(['prt_1', 'prt_2', 'prt_3'])
    expect(refused.updates.at(-1)).toMatchObject({ type: 'status', status: 'closed', error: { code: 'auth_invalid' } })
    const gone = setUp()
    await gone.clock.advance(0)
    last(gone.far).end(4404)
    await gone.clock.advance(60_000)
    expect([gone.far.length, gone.connection.status]).toEqual([1, 'closed'])
  })
})

describe('sending', () => {
  test('what was sent while away goes out in order once live; what has no answer goes again with its key', async () => {
    const set = setUp()
    const first = set.connection.send('one')
    const second = set.connection.send({ text: 'two', metadata: { my_key: 1 } }, { idempotencyKey: 'k2' })
    const far = await goLive(set)
    const frames = (side: FarSide) => side.sent.filter(({ type }) => type === 'send')
    expect(frames(far)).toMatchObject([
      { idempotency_key: first.idempotencyKey, content: { type: 'text', text: 'one' } },
      { idempotency_key: 'k2', content: { type: 'text', text: 'two' }, metadata: { my_key: 1 } },
    ])
    far.say({ type: 'ack', idempotency_key: first.idempotencyKey, index: 0, duplicate: false })
    await set.clock.advance(0)
    far.end(1006)
    await set.clock.advance(250)
    const again = await goLive(set)
    expect(frames(again)).toEqual(frames(far).slice(1))
    again.say({ type: 'ack', idempotency_key: 'k2', index: 1, duplicate: true })
    expect(await second.settled).toEqual({ index: 1, duplicate: true })
    expect(set.connection.pending).toEqual([])
  })

  test('a passing refusal is tried again when told, a final one fails', async () => {
    const set = setUp()
    const far = await goLive(set)
    const slow = set.connection.send('slow down', { idempotencyKey: 's' })
    const bad = set.connection.send('never', { idempotencyKey: 'b' })
    far.say({
      type: 'error',
      code: 'rate_limited',
      message: 'Too many frames.',
      retryable: true,
      details: { retry_after_ms: 700 },
      ref: 's',
    })
    far.say({
      type: 'error',
      code: 'room_closed',
      message: 'The room is closed.',
      retryable: false,
      details: {},
      ref: 'b',
    })
    await expect(bad.settled).rejects.toMatchObject({ code: 'room_closed' })
    await set.clock.advance(699)
    const count = () => far.sent.filter(({ idempotency_key: key }) => key === 's').length
    expect([count(), slow.status, bad.status]).toEqual([1, 'pending', 'failed'])
    await set.clock.advance(1)
    expect(count()).toBe(2)
  })

  test('closing gives up what has no answer and leaves no timer', async () => {
    const set = setUp()
    await goLive(set)
    const sent = set.connection.send('too late')
    set.connection.close()
    await expect(sent.settled).rejects.toMatchObject({ code: 'connection_lost', retryable: true })
    await set.clock.advance(0)
    expect([set.connection.status, set.clock.pending]).toEqual(['closed', 0])
  })
})

describe('events', () => {
  test('come in order to one consumer, which ends with the connection', async () => {
    const set = setUp()
    const seen: string[] = []
    const reading = (async () => {
      for await (const update of set.connection.events) seen.push(update.type)
    })()
    const far = await goLive(set)
    far.say(event(0, -1))
    far.say({ type: 'delta', from: 'riley', turn_id: 't', segment_id: 's', seq: 1, text: 'Hel' })
    far.say({ type: 'from_a_newer_server' })
    await set.clock.advance(0)
    set.connection.close()
    await reading
    expect(seen).toEqual(['status', 'event', 'delta', 'status'])
  })
})
