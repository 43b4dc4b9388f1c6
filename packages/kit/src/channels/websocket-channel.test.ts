import type { ChannelBinding, EphemeralEvent, RoomEvent } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleBinding, sampleEvent } from '../__fixtures__/room-samples.ts'
import { canSee } from '../rooms/can-see.ts'
import type { Peer } from './socket-peer.ts'
import { WebSocketChannel, type WebSocketHost } from './websocket-channel.ts'

class FakePeer implements Peer {
  readonly frames: { type: string; index?: number; [key: string]: unknown }[] = []
  bufferedAmount = 0
  closed: { code: number | undefined; reason: string | undefined } | undefined
  send(data: string | Uint8Array): void {
    this.frames.push(JSON.parse(String(data)))
  }
  close(code?: number, reason?: string): void {
    this.closed = { code, reason }
  }
  get indexes(): number[] {
    return this.frames.flatMap(({ type, index }) => (type === 'event' && index !== undefined ? [index] : []))
  }
}

function setUp() {
  const clock = createVirtualClock()
  const channel = new WebSocketChannel({ channelId: 'web' })
  const logs = new Map<string, RoomEvent[]>()
  const listeners = new Map<string, Set<(event: EphemeralEvent) => void>>()
  const noted: string[] = []
  const errors: unknown[] = []
  let present: EphemeralEvent['visibility'] = 'none'
  const bindingOf = (roomId: string): ChannelBinding =>
    sampleBinding({ roomId, channelId: 'web', channelType: 'websocket', capabilities: channel.capabilities })
  const host: WebSocketHost = {
    clock,
    async look(roomId) {
      const log = logs.get(roomId)
      return log === undefined ? null : { binding: bindingOf(roomId), head: log.length - 1 }
    },
    async history(roomId, { after, limit }) {
      const log = logs.get(roomId) ?? []
      const looked = log.slice(after + 1, after + 1 + limit)
      await clock.sleep(1)
      return {
        events: looked.filter((event) => canSee(event, bindingOf(roomId))),
        upTo: looked.at(-1)?.index ?? after,
        head: log.length - 1,
      }
    },
    subscribe(roomId, listener) {
      const all = listeners.get(roomId) ?? new Set()
      listeners.set(roomId, all)
      all.add(listener)
      return () => void all.delete(listener)
    },
    connected: (roomId, id) => void noted.push(`+${id} ${roomId}`),
    disconnected: (roomId, id) => void noted.push(`-${id} ${roomId}`),
    stillConnected: (roomId, id) => void noted.push(`=${id} ${roomId}`),
    present: (roomId) => [
      { roomId, type: 'presence', from: 'host', at: '', visibility: present, data: { status: 'online' } },
    ],
    reportError: (thrown) => void errors.push(thrown),
  }
  channel.bind(host)
  logs.set('room', [])
  const commit = (given: Partial<RoomEvent> = {}, roomId = 'room'): RoomEvent => {
    const log = logs.get(roomId) ?? []
    logs.set(roomId, log)
    const event = Object.freeze(sampleEvent({ id: `evt_${roomId}_${log.length}`, roomId, index: log.length, ...given }))
    log.push(event)
    return event
  }
  const deliver = (event: RoomEvent): void => {
    const binding = bindingOf(event.roomId)
    if (!canSee(event, binding)) return
    void channel.deliver({ deliveryId: event.id, event, content: event.content, binding, attempt: 1 })
  }
  const publish = (event: Partial<EphemeralEvent>): void => {
    const whole: EphemeralEvent = {
      roomId: 'room',
      type: 'typingStarted',
      from: 'ada',
      at: '',
      visibility: 'all',
      data: null,
      ...event,
    }
    for (const listener of listeners.get(whole.roomId) ?? []) listener(whole)
  }
  const join = async (participantId: string, after?: number, roomId = 'room') => {
    const peer = new FakePeer()
    const connection = await channel.connect(peer, { roomId, participantId, ...(after === undefined ? {} : { after }) })
    return { peer, connection }
  }
  const showPresent = (visibility: EphemeralEvent['visibility']): void => {
    present = visibility
  }
  return { clock, channel, commit, deliver, publish, join, noted, errors, logs, listeners, showPresent }
}

test('people of one channel see each other, in the same order, each in their own room', async () => {
  const { clock, commit, deliver, join, logs } = setUp()
  logs.set('other', [])
  const [ada, bob, eve] = [await join('ada'), await join('bob'), await join('eve', undefined, 'other')]
  await clock.advance(5)
  for (let index = 0; index < 3; index++) deliver(commit())
  deliver(commit({}, 'other'))
  expect(ada.peer.indexes).toEqual([0, 1, 2])
  expect(bob.peer.frames).toEqual(ada.peer.frames)
  expect(eve.peer.frames.map(({ event }) => event)).toMatchObject([{ room_id: 'other' }])
})

test('peers that take encoded text get the same bytes, and others the text', async () => {
  const { clock, channel, commit, deliver, join } = setUp()
  const got: Uint8Array[] = []
  const encoded: Peer = { bufferedAmount: 0, send() {}, sendText: (utf8) => void got.push(utf8), close() {} }
  for (const participantId of ['bob', 'eve']) await channel.connect(encoded, { roomId: 'room', participantId })
  const ada = await join('ada')
  await clock.advance(5)
  deliver(commit({ content: { type: 'text', text: 'Grüße' } }))
  expect(got).toHaveLength(2)
  expect(got[0]).toBe(got[1])
  expect(JSON.parse(new TextDecoder().decode(got[0]))).toEqual(ada.peer.frames.at(-1))
})

test('a peer gets what it missed first, without gap or repeat, whatever comes meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: -1, max: 500 }),
      fc.array(fc.record({ kind: fc.constantFrom('commit', 'commit', 'deliver', 'wait'), pause: fc.nat({ max: 3 }) }), {
        maxLength: 40,
      }),
      async (before, after, steps) => {
        const { clock, commit, deliver, join, logs } = setUp()
        const waiting: RoomEvent[] = []
        for (let index = 0; index < before; index++) commit()
        const { peer } = await join('ada', after)
        for (const { kind, pause } of steps) {
          if (kind === 'commit') waiting.push(commit())
          const next = kind === 'deliver' ? waiting.shift() : undefined
          if (next !== undefined) deliver(next)
          if (kind === 'wait') await clock.advance(pause)
        }
        for (const event of waiting) deliver(event)
        await clock.advance(5_000)
        const start = Math.min(after, before - 1) + 1
        const total = logs.get('room')?.length ?? 0
        expect(peer.indexes).toEqual(Array.from({ length: total - start }, (_, offset) => start + offset))
      },
    ),
    { numRuns: 50 },
  )
})

test('RS-5 a peer over 1 MiB is moved to replay and misses nothing, the others notice nothing', async () => {
  const { clock, commit, deliver, join } = setUp()
  const [slow, fast] = [await join('slow'), await join('fast')]
  await clock.advance(5)
  deliver(commit())
  slow.peer.bufferedAmount = 1_048_577
  for (let index = 1; index < 5; index++) deliver(commit())
  expect(fast.peer.indexes).toEqual([0, 1, 2, 3, 4])
  await clock.advance(20_000)
  expect(slow.peer.indexes).toEqual([0])
  slow.peer.bufferedAmount = 0
  deliver(commit())
  await clock.advance(1_000)
  expect(
    slow.peer.frames.map(({ type, from }) => (type === 'resync' ? `resync ${String(from)}` : type)).slice(0, 2),
  ).toEqual(['event', 'resync 1'])
  expect(slow.peer.indexes).toEqual([0, 1, 2, 3, 4, 5])
  deliver(commit())
  expect(slow.peer.indexes.at(-1)).toBe(6)
  slow.connection.close()
  fast.connection.close()
  expect(clock.pending).toBe(0)
})

test('RS-5 a peer that stays slow is closed with 4008 after 30 s and resumes from its index', async () => {
  const { clock, channel, commit, deliver, join } = setUp()
  const { peer } = await join('slow')
  await clock.advance(5)
  deliver(commit())
  peer.bufferedAmount = 2_000_000
  deliver(commit())
  await clock.advance(29_000)
  expect(peer.closed).toBeUndefined()
  await clock.advance(1_500)
  expect(peer.closed).toEqual({ code: 4008, reason: 'too slow' })
  expect([channel.size, clock.pending]).toEqual([0, 0])
  const again = await join('slow', 0)
  await clock.advance(100)
  expect(again.peer.indexes).toEqual([1])
})

test('RS-5 a dead peer costs the others nothing', async () => {
  const { clock, channel, commit, deliver, join, errors } = setUp()
  const [dead, alive] = [await join('dead'), await join('alive')]
  await clock.advance(5)
  dead.peer.send = () => {
    throw new Error('socket is closed')
  }
  deliver(commit())
  deliver(commit())
  expect(alive.peer.indexes).toEqual([0, 1])
  expect([channel.size, errors.length, dead.peer.closed?.code]).toEqual([1, 1, 1011])
})

test('VI-1 a private note is for its author alone, live and in replay', async () => {
  const { clock, commit, deliver, join } = setUp()
  const [ada, bob] = [await join('ada'), await join('bob')]
  await clock.advance(5)
  deliver(commit({ visibility: { only: ['triage'] } }))
  deliver(commit())
  const [again, other] = [await join('ada', -1), await join('bob', -1)]
  await clock.advance(5)
  expect([ada, again].map(({ peer }) => peer.indexes)).toEqual([
    [0, 1],
    [0, 1],
  ])
  expect([bob, other].map(({ peer }) => peer.indexes)).toEqual([[1], [1]])
})

test('EP-1 ephemerals follow visibility; text that is being written is a delta', async () => {
  const { clock, publish, join } = setUp()
  const { peer } = await join('bob')
  await clock.advance(5)
  publish({ type: 'outputDelta', from: 'triage', data: { turnId: 't', segmentId: 's', seq: 0, text: 'He' } })
  publish({ visibility: 'intelligence' })
  publish({ visibility: 'intelligence', channelId: 'web' })
  publish({ type: 'presence', data: { status: 'away' } })
  expect(peer.frames).toEqual([
    { type: 'delta', from: 'triage', turn_id: 't', segment_id: 's', seq: 0, text: 'He' },
    { type: 'ephemeral', event: { type: 'typingStarted', from: 'ada', at: '', data: null } },
    { type: 'ephemeral', event: { type: 'presence', from: 'ada', at: '', data: { status: 'away' } } },
  ])
})

test('what a provider sent is not on the wire, what the receiver can show is', async () => {
  const { clock, channel, commit, join } = setUp()
  const { peer } = await join('ada')
  await clock.advance(5)
  const event = commit({
    source: { kind: 'person', channelId: 'sms', channelType: 'sms', medium: 'text', raw: { token: 'x' } },
  })
  const binding = sampleBinding({ roomId: 'room', channelId: 'web', capabilities: channel.capabilities })
  await channel.deliver({ deliveryId: 'd', event, content: { type: 'text', text: '[card]' }, binding, attempt: 1 })
  expect(peer.frames).toMatchObject([
    { type: 'event', index: 0, event: { created_at: event.createdAt, content: { text: '[card]' } } },
  ])
  expect(JSON.stringify(peer.frames)).not.toContain('token')
})

test('joining and leaving are told once per person, and leaving keeps nothing', async () => {
  const { clock, channel, join, noted, listeners } = setUp()
  const [one, two, bob] = [await join('ada'), await join('ada'), await join('bob')]
  await clock.advance(5)
  one.connection.close()
  one.connection.close()
  two.connection.close()
  bob.connection.close(4000, 'bye')
  expect(noted).toEqual(['+ada room', '+bob room', '-ada room', '-bob room'])
  expect(bob.peer.closed).toEqual({ code: 4000, reason: 'bye' })
  expect([channel.size, listeners.get('room')?.size, clock.pending]).toEqual([0, 0, 0])
})

test('EP-3 who comes later sees who is there, and staying is said every 30 s', async () => {
  const { clock, join, noted, showPresent } = setUp()
  showPresent('transport')
  const [one, two] = [await join('ada'), await join('ada')]
  await clock.advance(5)
  expect(one.peer.frames).toMatchObject([{ type: 'ephemeral', event: { type: 'presence', from: 'host' } }])
  await clock.advance(60_000)
  expect(noted).toEqual(['+ada room', '=ada room', '=ada room'])
  one.connection.close()
  two.connection.close()
  expect(clock.pending).toBe(0)
})

test('a room without the channel is refused, detaching and closing close the sockets', async () => {
  const { clock, channel, join, logs } = setUp()
  await expect(join('ada', undefined, 'nowhere')).rejects.toMatchObject({ code: 'channel_not_bound' })
  logs.set('other', [])
  const [ada, bob] = [await join('ada'), await join('bob', undefined, 'other')]
  await clock.advance(5)
  await channel.onDetached(sampleBinding({ roomId: 'room', channelId: 'web' }))
  expect([ada.peer.closed?.code, bob.peer.closed]).toEqual([4404, undefined])
  await channel.close()
  expect(bob.peer.closed?.code).toBe(1001)
})

test('an event is serialized once for a thousand peers', async () => {
  const { clock, commit, deliver, channel } = setUp()
  const seen = new Set<unknown>()
  let sends = 0
  for (let index = 0; index < 1_000; index++) {
    const peer: Peer = {
      bufferedAmount: 0,
      send(data) {
        sends += 1
        seen.add(data)
      },
      close() {},
    }
    await channel.connect(peer, { roomId: 'room', participantId: `p${index}` })
  }
  await clock.advance(5)
  let made = 0
  const text = {
    toJSON() {
      made += 1
      return 'counted'
    },
  }
  // Whoever serializes the content calls toJSON once each time.
  deliver(commit({ content: { type: 'text', text: text as unknown as string } }))
  expect([sends, seen.size, made]).toEqual([1_000, 1, 1])
})
