import {
  noLogger,
  type Channel,
  type IdentityResolver,
  type IdentityResult,
  type InboundMessage,
  type Participant,
} from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { sampleRoom } from '../__fixtures__/room-samples.ts'
import { createFrameworkEvents } from '../core/create-framework-events.ts'
import { defaultLimits } from '../core/limits.ts'
import { createHookEngine } from '../hooks/create-hook-engine.ts'
import type { IdentityDecision } from '../hooks/hook-map.ts'
import { block, modify } from '../hooks/hook-results.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { identifySender } from './identify.ts'

const ada = { id: 'id_ada', displayName: 'Ada', addresses: {}, externalIds: {}, metadata: {} }
const bob = { ...ada, id: 'id_bob', displayName: 'Bob' }
const sms: Channel = {
  channelId: 'sms',
  channelType: 'sms',
  category: 'transport',
  capabilities: { content: ['text'] },
}
const message: InboundMessage = { channelId: 'sms', senderId: '+491', content: { type: 'text', text: 'hi' } }
const room = sampleRoom({ organizationId: 'one' })

type Answer = IdentityResult | Error | 'hang'

function setUp(answer: Answer | undefined, given: Partial<IdentityResolver> = {}) {
  const clock = createVirtualClock()
  const store = createMemoryStore({ clock })
  const framework = createFrameworkEvents(() => {})
  const emitted: string[] = []
  for (const type of ['identityResolved', 'identityTimeout'] as const) framework.on(type, () => emitted.push(type))
  const errors: unknown[] = []
  const reportError = (thrown: unknown): void => void errors.push(thrown)
  const closing = new AbortController().signal
  const hooks = createHookEngine({ clock, limits: defaultLimits, logger: noLogger, framework, reportError, closing })
  const asked: unknown[] = []
  const signals: AbortSignal[] = []
  const identity: IdentityResolver = {
    resolve(_message, { signal, ...context }) {
      asked.push(context)
      signals.push(signal)
      if (answer === 'hang') return new Promise(() => {})
      return answer instanceof Error || answer === undefined ? Promise.reject(answer) : Promise.resolve(answer)
    },
    ...given,
  }
  const now = (): string => new Date(clock.now()).toISOString()
  const parts = {
    clock,
    store,
    limits: defaultLimits,
    identity: answer === undefined ? undefined : identity,
    hooks,
    framework,
    reportError,
    now,
    closing,
  }
  const identify = (channel = sms) => identifySender(parts, channel, message, room)
  const join = (participant: Partial<Participant>) =>
    store.participants.put([
      {
        id: '+491',
        roomId: 'room',
        kind: 'person',
        channelId: 'sms',
        connectedVia: ['sms'],
        role: 'member',
        status: 'active',
        identification: 'identified',
        joinedAt: now(),
        metadata: {},
        ...participant,
      },
    ])
  return { clock, store, hooks, identify, asked, signals, emitted, errors, join }
}

test('ID-1 nobody is looked up without a resolver, on excluded channels and among participants', async () => {
  const asIs = { outcome: 'participant', participant: { id: '+491' } }
  expect(await setUp(undefined).identify()).toEqual(asIs)
  const excluded = setUp({ status: 'unknown' }, { excludedChannelTypes: ['sms'] })
  expect(await excluded.identify()).toEqual(asIs)
  const web = setUp({ status: 'rejected' })
  expect(await web.identify({ ...sms, sendersAreParticipants: true })).toEqual(asIs)
  expect([...excluded.asked, ...web.asked]).toEqual([])
})

test('ID-1 who is identified in this room costs no look-up and meets no unknown-sender hook', async () => {
  const { store, identify, asked, hooks, join } = setUp({ status: 'rejected' })
  await store.createRoom(room)
  hooks.add('onIdentityUnknown', () => block('x.stranger'))
  await join({ id: 'id_ada', externalId: '+491' })
  expect(await identify()).toEqual({ outcome: 'participant', participant: { id: 'id_ada' } })
  await join({ id: '+491' })
  expect(await identify()).toEqual({ outcome: 'participant', participant: { id: '+491' } })
  expect(asked).toEqual([])
})

test('ID-1 a pending sender is resolved again', async () => {
  const { store, identify, join } = setUp({ status: 'identified', identity: ada })
  await store.createRoom(room)
  await join({ identification: 'pending' })
  expect(await identify()).toMatchObject({ participant: { id: 'id_ada', identification: 'identified' } })
})

test('ID-2 identified: the participant carries the identity, and hooks are to hear of it', async () => {
  const { clock, identify, emitted, asked } = setUp({ status: 'identified', identity: ada })
  expect(await identify()).toEqual({
    outcome: 'participant',
    participant: {
      id: 'id_ada',
      identityId: 'id_ada',
      identification: 'identified',
      displayName: 'Ada',
      resolvedAt: new Date(clock.now()).toISOString(),
      resolvedBy: 'resolver',
    },
    hook: 'onParticipantIdentified',
    receipt: { status: 'identified' },
  })
  expect(emitted).toEqual(['identityResolved'])
  expect(asked).toEqual([{ organizationId: 'one', roomId: 'room' }])
  expect(clock.pending).toBe(0)
})

const decisions: [IdentityDecision, object][] = [
  [
    { kind: 'resolved', identity: bob },
    { outcome: 'participant', participant: { id: 'id_bob', identification: 'identified', resolvedBy: 'desk' } },
  ],
  [
    { kind: 'pending', displayName: 'Somebody' },
    { outcome: 'participant', participant: { id: '+491', identification: 'pending', displayName: 'Somebody' } },
  ],
  [
    { kind: 'challenge', content: { type: 'text', text: 'Your customer number?' } },
    {
      outcome: 'blocked',
      result: { reason: 'challenge_sent', by: 'desk', message: 'Your customer number?' },
      challenge: { type: 'text', text: 'Your customer number?' },
    },
  ],
  [
    { kind: 'reject', reason: 'x.spam' },
    { outcome: 'blocked', result: { reason: 'x.spam', by: 'desk' } },
  ],
]
const results: [IdentityResult, 'onIdentityUnknown' | 'onIdentityAmbiguous'][] = [
  [{ status: 'unknown' }, 'onIdentityUnknown'],
  [{ status: 'rejected' }, 'onIdentityUnknown'],
  [{ status: 'ambiguous', candidates: [ada, bob] }, 'onIdentityAmbiguous'],
  [{ status: 'pending', candidates: [] }, 'onIdentityAmbiguous'],
]

test.each(results)(
  'ID-2 after %j all four decisions are honoured on %s, the first one wins',
  async (result, trigger) => {
    for (const [decision, expected] of decisions) {
      const { identify, hooks } = setUp(result)
      hooks.add(trigger, () => modify(decision), { name: 'desk' })
      hooks.add(trigger, () => modify({ kind: 'reject' as const }), { name: 'later' })
      expect(await identify()).toMatchObject(expected)
    }
  },
)

test('ID-3 no decision: ambiguous becomes pending, unknown passes as nobody, rejected is blocked', async () => {
  expect(await setUp({ status: 'ambiguous', candidates: [ada, bob] }).identify()).toMatchObject({
    outcome: 'participant',
    participant: { id: '+491', identification: 'pending', candidates: [ada, bob] },
  })
  expect(await setUp({ status: 'unknown' }).identify()).toEqual({
    outcome: 'unattributed',
    receipt: { status: 'unknown' },
  })
  expect(await setUp({ status: 'rejected' }).identify()).toEqual({
    outcome: 'blocked',
    result: { outcome: 'blocked', reason: 'identity_rejected' },
  })
})

test('ID-4 reasons: challenge sent, rejected, unknown sender, or what the hook says', async () => {
  const reasonOf = async (
    answer: IdentityResult,
    add?: (hooks: ReturnType<typeof setUp>['hooks']) => void,
  ): Promise<string> => {
    const { identify, hooks } = setUp(answer)
    add?.(hooks)
    const result = await identify()
    return result.outcome === 'blocked' ? result.result.reason : result.outcome
  }
  expect(await reasonOf({ status: 'challengeSent', message: 'A code is on its way.' })).toBe('challenge_sent')
  expect(await reasonOf({ status: 'rejected' })).toBe('identity_rejected')
  expect(
    await reasonOf({ status: 'unknown' }, (hooks) =>
      hooks.add('onIdentityUnknown', () => modify({ kind: 'reject' as const })),
    ),
  ).toBe('unknown_sender')
  expect(
    await reasonOf({ status: 'unknown' }, (hooks) => hooks.add('onIdentityUnknown', () => block('x.closed_shop'))),
  ).toBe('x.closed_shop')
})

test('ID-5 a resolver that hangs for 10 s or fails makes the sender unknown, and the message is not lost', async () => {
  const hanging = setUp('hang')
  const identifying = hanging.identify()
  await hanging.clock.advance(10_000)
  expect((await identifying).outcome).toBe('unattributed')
  expect(hanging.signals[0]?.aborted).toBe(true)
  const failing = setUp(new Error('down'))
  expect((await failing.identify()).outcome).toBe('unattributed')
  expect([hanging.emitted, failing.emitted, failing.errors.length]).toEqual([
    ['identityTimeout'],
    ['identityTimeout'],
    1,
  ])
  expect([hanging.clock.pending, failing.clock.pending]).toEqual([0, 0])
})
