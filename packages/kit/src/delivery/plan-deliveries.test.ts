import type { ChannelBinding, ChannelId, RoomEvent, RoutingDecision } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleBinding, sampleEvent } from '../__fixtures__/room-samples.ts'
import { canRead } from '../rooms/can-read-write.ts'
import { canSee } from '../rooms/can-see.ts'
import { planDeliveries } from './plan-deliveries.ts'

const chain = { agentResponsePolicy: 'chain' } as const
const agentCapabilities = { content: ['text' as const] }
const agent = (channelId: ChannelId, given: Partial<ChannelBinding> = {}): ChannelBinding =>
  sampleBinding({ channelId, category: 'intelligence', capabilities: agentCapabilities, ...given })
const bindings = [
  sampleBinding({ channelId: 'web', channelType: 'websocket' }),
  sampleBinding({ channelId: 'sms' }),
  sampleBinding({ channelId: 'silent', outputMuted: true }),
  agent('triage'),
  agent('billing'),
]
const routed = (given: Partial<RoutingDecision>): RoutingDecision => ({
  target: null,
  observers: [],
  reason: 'default',
  skipped: [],
  ...given,
})
const asked = (
  event: Partial<RoomEvent>,
  room: { agentResponsePolicy: 'chain' | 'addressedOnly' } = chain,
): ChannelId[] => planDeliveries({ event: sampleEvent(event), bindings, room }).asked

const anyBinding = (channelId: ChannelId): fc.Arbitrary<ChannelBinding> =>
  fc
    .record({
      category: fc.constantFrom('transport' as const, 'intelligence' as const),
      direction: fc.constantFrom('inbound' as const, 'outbound' as const, 'both' as const),
      access: fc.constantFrom('readWrite' as const, 'readOnly' as const, 'writeOnly' as const, 'none' as const),
      muted: fc.boolean(),
      outputMuted: fc.boolean(),
    })
    .map((given) => sampleBinding({ channelId, ...given }))

test('deliveries are exactly the transports other than the source that can read, can see and are not output-muted', () => {
  fc.assert(
    fc.property(
      fc.tuple(...['web', 'a', 'b', 'c', 'd'].map(anyBinding)),
      fc.constantFrom('all' as const, 'transport' as const, 'intelligence' as const, 'internal' as const, {
        only: ['a', 'x'],
      }),
      (some, visibility) => {
        const event = sampleEvent({ visibility })
        const plan = planDeliveries({ event, bindings: some, room: chain })
        const targets = some.filter((one) => one.channelId !== 'web' && canRead(one) && canSee(event, one))
        expect(plan.deliveries).toEqual(targets.filter((one) => one.category === 'transport' && !one.outputMuted))
        const agents = targets.filter((one) => one.category === 'intelligence').map((one) => one.channelId)
        expect(plan.asked).toEqual(visibility === 'internal' ? [] : agents)
        expect(planDeliveries({ event, bindings: some, room: chain })).toEqual(plan)
      },
    ),
  )
})

test('LN-1 asked are those a routing decision names, the addressed, all others or nobody, by the first rule that applies', () => {
  expect(asked({})).toEqual(['triage', 'billing'])
  expect(asked({ routing: routed({ target: 'billing' }) })).toEqual(['billing'])
  expect(asked({ routing: routed({ target: 'billing', observers: ['triage'] }) })).toEqual(['triage', 'billing'])
  expect(asked({ routing: routed({ target: 'triage', targets: ['triage', 'billing'] }) })).toEqual([
    'triage',
    'billing',
  ])
  expect(asked({ routing: routed({ target: 'absent' }) })).toEqual([])
  expect(asked({ routing: routed({ reason: 'unrouted' }) })).toEqual(['triage', 'billing'])
  expect(asked({ routing: routed({ reason: 'human_mode' }), addressedTo: ['billing'] })).toEqual([])
  expect(asked({ addressedTo: ['billing', 'ghost'] })).toEqual(['billing'])
  const ofTriage = { kind: 'agent', channelId: 'triage', channelType: 'agent', medium: 'text' } as const
  expect(asked({ source: ofTriage })).toEqual(['billing'])
  expect(asked({ source: ofTriage }, { agentResponsePolicy: 'addressedOnly' })).toEqual([])
  expect(asked({ source: ofTriage, addressedTo: ['billing'] }, { agentResponsePolicy: 'addressedOnly' })).toEqual([
    'billing',
  ])
})

test('LN-1 nobody is asked about events that are no message, blocked, internal or of the system', () => {
  for (const type of ['edit', 'reaction', 'note', 'system', 'toolCallEnded', 'roomPaused', 'x.shop.order'] as const) {
    expect(asked({ type })).toEqual([])
  }
  expect(asked({ status: 'blocked' })).toEqual([])
  expect(asked({ visibility: 'internal' })).toEqual([])
  expect(asked({ content: { type: 'system', code: 'x', text: '' } })).toEqual([])
  expect(asked({ source: { kind: 'system', channelType: 'system', medium: 'system' } })).toEqual([])
})

test('an agent that takes keys is asked about them', () => {
  const keys = sampleEvent({ type: 'dtmf', content: { type: 'dtmf', digits: '1' } })
  expect(planDeliveries({ event: keys, bindings: [agent('ivr')], room: chain }).asked).toEqual(['ivr'])
})

test('EV-6 an empty address asks nobody and delivers all the same, unbound ids are named for the receipt', () => {
  const plan = planDeliveries({ event: sampleEvent({ addressedTo: [] }), bindings, room: chain })
  expect(plan.asked).toEqual([])
  expect(plan.deliveries.map(({ channelId }) => channelId)).toEqual(['sms'])
  const addressed = planDeliveries({ event: sampleEvent({ addressedTo: ['ghost', 'triage'] }), bindings, room: chain })
  expect(addressed.unbound).toEqual(['ghost'])
  expect(addressed.deliveries.map(({ channelId }) => channelId)).toEqual(['sms'])
})

test('IN-9 an injected event goes only to the bindings it names and asks nobody', () => {
  const event = sampleEvent({ source: { kind: 'system', channelType: 'system', medium: 'system' } })
  const plan = planDeliveries({ event, bindings, room: chain, injectedTo: ['sms', 'triage'] })
  expect(plan.deliveries.map(({ channelId }) => channelId)).toEqual(['sms'])
  expect(plan.asked).toEqual([])
  expect(planDeliveries({ event, bindings, room: chain, injectedTo: [] }).deliveries).toEqual([])
})

test('a channel of several people gets what came by it', () => {
  const shared = sampleBinding({ channelId: 'web', capabilities: { content: ['text'], echo: true } })
  const plan = planDeliveries({ event: sampleEvent(), bindings: [shared], room: chain })
  expect(plan.deliveries).toEqual([shared])
})
