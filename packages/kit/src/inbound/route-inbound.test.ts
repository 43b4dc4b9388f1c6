import type { Channel, InboundMessage, Participant } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { sampleBinding, sampleRoom } from '../__fixtures__/room-samples.ts'
import { createFrameworkEvents } from '../core/create-framework-events.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { routeInbound } from './route-inbound.ts'

function setUp() {
  const clock = createVirtualClock()
  const store = createMemoryStore({ clock })
  const framework = createFrameworkEvents(() => {})
  const warnings: unknown[] = []
  framework.on('warning', ({ data }) => warnings.push(data))
  const sms: Channel = {
    channelId: 'sms',
    channelType: 'sms',
    category: 'transport',
    capabilities: { content: ['text'] },
  }
  const registry = {
    get: (id: string) => (id === 'sms' ? sms : undefined),
    add() {},
    offer() {},
    replace: () => undefined,
    remove: () => undefined,
    list: () => [],
  }
  const room = async (
    id: string,
    {
      person,
      organizationId,
      status = 'active',
    }: { person?: string; organizationId?: string; status?: 'active' | 'paused' | 'closed' } = {},
  ) => {
    await clock.advance(1_000)
    const at = new Date(clock.now()).toISOString()
    await store.createRoom(
      sampleRoom({ id, status, lastActivityAt: at, ...(organizationId === undefined ? {} : { organizationId }) }),
    )
    await store.bindings.put([sampleBinding({ roomId: id, channelId: 'sms' })])
    if (person === undefined) return
    const participant: Participant = {
      id: person,
      roomId: id,
      kind: 'person',
      channelId: 'sms',
      connectedVia: ['sms'],
      role: 'member',
      status: 'active',
      identification: 'unknown',
      joinedAt: at,
      metadata: {},
    }
    await store.participants.put([participant])
  }
  const message: InboundMessage = { channelId: 'sms', senderId: '+491', content: { type: 'text', text: 'hi' } }
  const route = (organizationId?: string): Promise<string | null> =>
    routeInbound({ store, registry, framework }, message, organizationId === undefined ? {} : { organizationId })
  return { store, room, route, warnings }
}

test("IN-4 a message goes to the sender's latest open room", async () => {
  const { room, route } = setUp()
  await room('old', { person: '+491' })
  await room('latest', { person: '+491', status: 'paused' })
  await room('ended', { person: '+491', status: 'closed' })
  await room('other', { person: '+492' })
  expect(await Promise.all([route(), route()])).toEqual(['latest', 'latest'])
})

test("IN-4 else to the channel's only open room, among several to none, with a warning", async () => {
  const { room, route, warnings } = setUp()
  expect(await route()).toBeNull()
  await room('only', { person: '+492' })
  await room('ended', { status: 'closed' })
  expect(await route()).toBe('only')
  expect(warnings).toEqual([])
  await room('second')
  expect(await route()).toBeNull()
  expect(warnings).toEqual([{ what: 'inbound.ambiguous', channelId: 'sms', candidates: 2 }])
})

test('IN-4 routing never leaves the organization', async () => {
  const { room, route } = setUp()
  await room('theirs', { person: '+491', organizationId: 'two' })
  await room('also_theirs', { organizationId: 'two' })
  expect(await Promise.all([route(), route('one')])).toEqual([null, null])
  await room('ours', { organizationId: 'one' })
  await room('free')
  expect(await Promise.all([route(), route('one'), route('two')])).toEqual(['free', 'ours', 'theirs'])
})

test('IN-4 a known person is found by the address of their identity, a shared address points nowhere', async () => {
  const { store, room, route, warnings } = setUp()
  await room('of_ada', { person: 'ada' })
  await room('of_bob', { person: 'bob' })
  await store.identities.put([{ id: 'ada', addresses: { sms: ['+491'] }, externalIds: {}, metadata: {} }])
  expect(await route()).toBe('of_ada')
  await room('by_number', { person: '+491' })
  expect(await route()).toBeNull()
  expect(warnings).toHaveLength(1)
})
