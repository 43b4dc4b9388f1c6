import type { Backplane, EphemeralEvent } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createInProcessBackplane } from '../backplane/in-process-backplane.ts'
import { createEphemeralHub } from './ephemeral-hub.ts'

function setUp(backplane: Backplane = createInProcessBackplane()) {
  const clock = createVirtualClock()
  const errors: unknown[] = []
  let nodes = 0
  const open = () =>
    createEphemeralHub({
      clock,
      backplane,
      now: () => new Date(clock.now()).toISOString(),
      reportError: (thrown) => errors.push(thrown),
      nodeId: `node_${(nodes += 1)}`,
    })
  return { clock, errors, open, hub: open() }
}

const names = (events: EphemeralEvent[]): string[] =>
  events.map(({ type, from, data }) => `${type} ${from}${data === null ? '' : ` ${JSON.stringify(data)}`}`)

test('EP-1 an ephemeral event reaches the subscribers of its room, of the types they asked for', () => {
  const { hub } = setUp()
  const [all, typing, other]: EphemeralEvent[][] = [[], [], []]
  hub.subscribe('room', (event) => void all?.push(event))
  hub.subscribe('room', (event) => void typing?.push(event), { types: ['typingStarted'] })
  hub.subscribe('elsewhere', (event) => void other?.push(event))
  hub.publish('room', { type: 'typingStarted', from: 'ada' })
  hub.publish('room', { type: 'caption', from: 'ada', data: { text: 'hm' }, visibility: 'transport' })
  expect(names(all ?? [])).toEqual(['typingStarted ada', 'caption ada {"text":"hm"}'])
  expect(all?.[1]?.visibility).toBe('transport')
  expect(names(typing ?? [])).toEqual(['typingStarted ada'])
  expect(other).toEqual([])
})

test('EP-2 a subscriber that throws or rejects affects no other, and is reported', async () => {
  const { hub, errors, clock } = setUp()
  let heard = 0
  hub.subscribe('room', () => {
    throw new Error('sync')
  })
  hub.subscribe('room', async () => {
    throw new Error('async')
  })
  hub.subscribe('room', () => void (heard += 1))
  hub.publish('room', { type: 'caption', from: 'ada' })
  hub.publish('room', { type: 'caption', from: 'ada' })
  await clock.advance(0)
  expect([heard, errors.length]).toEqual([2, 4])
})

test('EP-2 a slow subscriber has a queue of 100: a newer value of the same kind and sender takes the place of the older', async () => {
  const { hub, clock } = setUp()
  const slow: string[] = []
  const fast: string[] = []
  hub.subscribe('room', async ({ from, data }) => {
    await clock.sleep(1)
    slow.push(`${from} ${JSON.stringify(data)}`)
  })
  hub.subscribe('room', ({ from }) => void fast.push(from))
  hub.publish('room', { type: 'caption', from: 'first', data: 0 })
  for (let index = 0; index < 100; index++) hub.publish('room', { type: 'caption', from: `p${index}`, data: 0 })
  hub.publish('room', { type: 'caption', from: 'p50', data: 1 })
  expect(hub.dropped).toBe(0)
  hub.publish('room', { type: 'caption', from: 'new', data: 0 })
  expect(hub.dropped).toBe(1)
  await clock.runToRest()
  const expected = Array.from({ length: 100 }, (_, index) => `p${index} 0`).filter(
    (one) => one !== 'p0 0' && one !== 'p50 0',
  )
  expect(slow).toEqual(['first 0', ...expected, 'p50 1', 'new 0'])
  expect(fast).toHaveLength(103)
})

test('EP-3 typing ends 6 s and presence 45 s after it was last said', async () => {
  const { hub, clock } = setUp()
  const seen: EphemeralEvent[] = []
  hub.subscribe('room', (event) => void seen.push(event))
  hub.publish('room', { type: 'typingStarted', from: 'ada', visibility: 'transport' })
  hub.publish('room', { type: 'presence', from: 'ada', data: { status: 'online' } })
  await clock.advance(5_000)
  hub.publish('room', { type: 'typingStarted', from: 'ada', visibility: 'transport' })
  seen.length = 0
  await clock.advance(5_999)
  expect(seen).toEqual([])
  await clock.advance(1)
  expect(names(seen)).toEqual(['typingStopped ada'])
  expect(seen[0]?.visibility).toBe('transport')
  await clock.advance(33_999)
  expect(seen).toHaveLength(1)
  await clock.advance(1)
  expect(names(seen)).toEqual(['typingStopped ada', 'presence ada {"status":"offline"}'])
  expect(clock.pending).toBe(0)
})

test('EP-3 leaving ends both at once, and what was ended does not end again', async () => {
  const { hub, clock } = setUp()
  const seen: EphemeralEvent[] = []
  hub.publish('room', { type: 'typingStarted', from: 'ada' })
  hub.publish('room', { type: 'presence', from: 'ada', data: { status: 'away' } })
  hub.publish('room', { type: 'presence', from: 'bob', data: { status: 'online' } })
  hub.publish('room', { type: 'presence', from: 'bob', data: { status: 'offline' } })
  hub.subscribe('room', (event) => void seen.push(event))
  hub.ended('room', 'ada')
  hub.ended('room', 'ada')
  await clock.runToRest()
  expect(names(seen)).toEqual(['typingStopped ada', 'presence ada {"status":"offline"}'])
})

test('EP-3 members on another process see the same, and expiry there as well', async () => {
  const { hub, open, clock } = setUp()
  const other = open()
  const seen: EphemeralEvent[] = []
  const own: EphemeralEvent[] = []
  other.subscribe('room', (event) => void seen.push(event))
  hub.subscribe('room', (event) => void own.push(event))
  hub.publish('room', { type: 'typingStarted', from: 'ada' })
  await clock.advance(1)
  expect(names(seen)).toEqual(['typingStarted ada'])
  expect(names(own)).toEqual(['typingStarted ada'])
  hub.close()
  await clock.advance(6_000)
  expect(names(seen)).toEqual(['typingStarted ada', 'typingStopped ada'])
})

test('EP-3 who stays is renewed without being said again, on other processes too', async () => {
  const { hub, open, clock } = setUp()
  const other = open()
  const seen: EphemeralEvent[] = []
  const own: EphemeralEvent[] = []
  other.subscribe('room', (event) => void seen.push(event))
  hub.subscribe('room', (event) => void own.push(event))
  hub.publish('room', { type: 'presence', from: 'ada', data: { status: 'away' } })
  for (let time = 0; time < 4; time++) {
    await clock.advance(30_000)
    hub.renew('room', 'ada')
  }
  hub.renew('room', 'nobody')
  await clock.advance(1)
  expect([names(seen), names(own)]).toEqual([['presence ada {"status":"away"}'], ['presence ada {"status":"away"}']])
  expect(names(other.present('room'))).toEqual(['presence ada {"status":"away"}'])
  await clock.advance(45_000)
  expect([names(seen).at(-1), hub.present('room')]).toEqual(['presence ada {"status":"offline"}', []])
})

test('EP-3 what was said ends typing, not presence', () => {
  const { hub } = setUp()
  const seen: EphemeralEvent[] = []
  hub.publish('room', { type: 'typingStarted', from: 'ada' })
  hub.publish('room', { type: 'presence', from: 'ada', data: { status: 'online' } })
  hub.subscribe('room', (event) => void seen.push(event))
  hub.endTyping('room', 'ada')
  expect(names(seen)).toEqual(['typingStopped ada'])
  expect(hub.present('room')).toHaveLength(1)
})

test('EP-4 without the backplane people on this process see each other, and it is reported once', async () => {
  let tell: ((state: 'connected' | 'disconnected') => void) | undefined
  const published: unknown[] = []
  const backplane: Backplane = {
    publish: async (_topic, message) => {
      published.push(message)
      throw new Error('down')
    },
    subscribe: () => () => {},
    onState(listener) {
      tell = listener
      return () => {}
    },
  }
  const { hub, errors, clock } = setUp(backplane)
  const seen: EphemeralEvent[] = []
  hub.subscribe('room', (event) => void seen.push(event))
  hub.publish('room', { type: 'caption', from: 'ada' })
  await clock.advance(0)
  tell?.('disconnected')
  hub.publish('room', { type: 'caption', from: 'ada' })
  await clock.advance(0)
  expect([seen.length, errors.length, published.length]).toEqual([2, 1, 1])
  tell?.('connected')
  hub.publish('room', { type: 'caption', from: 'ada' })
  expect(published).toHaveLength(2)
})

test('ST-6 10 000 rooms at rest keep no timer, subscription or entry', async () => {
  const { hub, clock } = setUp()
  const disposers = Array.from({ length: 10_000 }, (_, index) => {
    hub.publish(`room_${index}`, { type: 'typingStarted', from: 'ada' })
    return hub.subscribe(`room_${index}`, () => {})
  })
  expect(clock.pending).toBe(1)
  for (const dispose of disposers) {
    dispose()
    dispose()
  }
  await clock.advance(6_000)
  expect([hub.size, clock.pending]).toEqual([0, 0])
})
