import { ParleyError } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordingTransport, says, scriptedAgent } from '../__fixtures__/open-kit.ts'
import { Kit } from '../kit.ts'

/** What JavaScript can pass where TypeScript would refuse. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    0,
    -1,
    Number.NaN,
    '',
    'x',
    true,
    Symbol('s'),
    10n,
    () => {},
    new Date(0),
    new Map(),
    [],
    {},
  ),
  fc.string(),
  fc.constant('x'.repeat(300)),
  fc.jsonValue(),
  fc.dictionary(
    fc.constantFrom(
      'id',
      'type',
      'text',
      'content',
      'from',
      'channelId',
      'metadata',
      'visibility',
      'by',
      'set',
      'limit',
      'name',
    ),
    fc.jsonValue(),
  ),
)
const roomId = fc.oneof({ arbitrary: fc.constant('room'), weight: 3 }, fc.constant('nope'), junk)
const channelId = fc.oneof({ arbitrary: fc.constantFrom('web', 'bot', 'loose'), weight: 3 }, junk)
const personId = fc.oneof({ arbitrary: fc.constant('ada'), weight: 3 }, junk)
const content = fc.oneof(
  fc.constant({ type: 'text', text: 'hi' }),
  fc.record({
    type: fc.constantFrom(
      'text',
      'rich',
      'media',
      'composite',
      'edit',
      'delete',
      'reaction',
      'toolCall',
      'dtmf',
      'system',
    ),
  }),
  junk,
)
const eventInput = fc.oneof(
  fc.record(
    {
      content,
      type: fc.oneof(fc.constantFrom('message', 'edit', 'x.a.b'), junk),
      visibility: junk,
      responseVisibility: junk,
      addressedTo: junk,
      parentEventId: junk,
      correlationId: junk,
      idempotencyKey: junk,
      metadata: junk,
      channelData: junk,
    },
    { requiredKeys: ['content'] },
  ),
  junk,
)
const message = fc.oneof(
  fc.record(
    {
      channelId,
      senderId: personId,
      content,
      raw: junk,
      type: junk,
      metadata: junk,
      idempotencyKey: junk,
      language: junk,
    },
    { requiredKeys: ['channelId', 'senderId', 'content'] },
  ),
  junk,
)
const person = fc.oneof(
  fc.record(
    { id: personId, channelId, displayName: junk, role: junk, externalId: junk, metadata: junk },
    { requiredKeys: ['id'] },
  ),
  junk,
)
const options = fc.oneof(fc.constant(undefined), junk)

/** Every public call that takes something, with what it may be given. */
const calls: Record<string, fc.Arbitrary<unknown[]>> = {
  createRoom: fc.tuple(
    fc.oneof(
      fc.record(
        {
          id: junk,
          organizationId: junk,
          metadata: junk,
          timers: junk,
          agentResponsePolicy: junk,
          channels: fc.oneof(
            fc.array(fc.oneof(channelId, fc.record({ channelId, access: junk, visibility: junk }))),
            junk,
          ),
        },
        { requiredKeys: [] },
      ),
      junk,
    ),
  ),
  getRoom: fc.tuple(roomId, options),
  closeRoom: fc.tuple(roomId, options),
  reopen: fc.tuple(roomId, options),
  pauseRoom: fc.tuple(roomId, options),
  patchRoom: fc.tuple(
    roomId,
    fc.oneof(
      fc.record(
        {
          metadata: fc.oneof(fc.record({ set: junk, unset: junk }, { requiredKeys: [] }), junk),
          timers: junk,
          agentResponsePolicy: junk,
        },
        { requiredKeys: [] },
      ),
      junk,
    ),
  ),
  register: fc.tuple(junk),
  unregister: fc.tuple(junk),
  attach: fc.tuple(roomId, channelId, options),
  detach: fc.tuple(roomId, channelId, options),
  bindings: fc.tuple(roomId),
  mute: fc.tuple(roomId, channelId, options),
  muteOutput: fc.tuple(roomId, channelId, options),
  setAccess: fc.tuple(roomId, channelId, junk),
  setVisibility: fc.tuple(roomId, channelId, junk),
  patchBinding: fc.tuple(roomId, channelId, junk),
  ensureParticipant: fc.tuple(roomId, person),
  addMember: fc.tuple(roomId, person),
  removeMember: fc.tuple(roomId, personId, options),
  renameMember: fc.tuple(roomId, personId, junk),
  members: fc.tuple(roomId),
  isMember: fc.tuple(roomId, personId),
  resolveParticipant: fc.tuple(roomId, personId, junk),
  processInbound: fc.tuple(message, fc.oneof(fc.record({ roomId }), junk)),
  sendEvent: fc.tuple(roomId, channelId, eventInput, options),
  send: fc.tuple(
    roomId,
    fc.oneof(fc.record({ from: personId, text: junk, content, metadata: junk }, { requiredKeys: ['from'] }), junk),
    options,
  ),
  sendSystem: fc.tuple(roomId, eventInput),
  settled: fc.tuple(roomId, options),
  regenerate: fc.tuple(roomId, options),
  deliver: fc.tuple(roomId, fc.oneof(content, junk), options),
  events: fc.tuple(roomId, junk),
  thread: fc.tuple(roomId, junk),
  redactEvent: fc.tuple(roomId, junk, junk),
  receipts: fc.tuple(roomId, junk),
  tasks: fc.tuple(roomId),
  observations: fc.tuple(roomId),
  markRead: fc.tuple(roomId, junk, junk),
  markAllRead: fc.tuple(roomId, junk),
  readMarkers: fc.tuple(roomId),
  pendingRequests: fc.tuple(junk),
  answerRequest: fc.tuple(junk, junk),
  publish: fc.tuple(
    roomId,
    fc.oneof(
      fc.record({
        type: fc.constantFrom('typingStarted', 'presence', 'x.a'),
        from: personId,
        data: junk,
        visibility: junk,
      }),
      junk,
    ),
  ),
  subscribe: fc.tuple(roomId, junk, options),
  hook: fc.tuple(fc.oneof(fc.constant('beforeBroadcast'), junk), junk, options),
  observe: fc.tuple(fc.oneof(fc.constant('afterBroadcast'), junk), junk, options),
  on: fc.tuple(junk, junk),
  state: fc.tuple(roomId),
  updateState: fc.tuple(roomId, junk),
  handoff: fc.tuple(roomId, junk, junk),
  delegate: fc.tuple(roomId, channelId, junk, junk),
  requestHuman: fc.tuple(roomId, junk, junk),
  humanQueue: fc.tuple(junk),
  claim: fc.tuple(roomId, personId),
  takeover: fc.tuple(roomId, personId, options),
  handBack: fc.tuple(roomId, junk, junk),
  pause: fc.tuple(roomId, junk),
  resume: fc.tuple(roomId, junk),
  coach: fc.tuple(roomId, personId, junk),
  attachSource: fc.tuple(junk, options),
  detachSource: fc.tuple(junk),
  sourceHealth: fc.tuple(junk),
  processWebhook: fc.tuple(channelId, junk),
  processDeliveryStatus: fc.tuple(channelId, junk),
  schedule: fc.tuple(roomId, junk),
  steer: fc.tuple(junk, junk),
}

test.each(Object.keys(calls))(
  'ER-3 %s takes any input: a value or a typed error, never a crash, a hang or half a write',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(calls[name] ?? fc.constant([]), async (given) => {
        const clock = createVirtualClock()
        const kit = new Kit({ clock, ids: createSeededIds(1) })
        kit.register(recordingTransport('web'))
        kit.register(recordingTransport('loose'))
        kit.register(scriptedAgent('bot', says('hello')))
        await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
        await kit.ensureParticipant('room', { id: 'ada' })
        const before = JSON.stringify([
          await kit.events('room'),
          await kit.getRoom('room'),
          await kit.bindings('room'),
          await kit.members('room'),
        ])
        const call: unknown = Reflect.get(kit, name)
        if (typeof call !== 'function') throw new TypeError(`the kit has no ${name}`)
        let ended: { value: unknown } | { thrown: unknown } | undefined
        const run = async (): Promise<unknown> => call.apply(kit, given)
        void run().then(
          (value) => (ended = { value }),
          (thrown: unknown) => (ended = { thrown }),
        )
        await clock.advance(0)
        if (ended === undefined) await clock.advance(120_000)
        if (ended === undefined) throw new Error('the call hangs')
        if ('thrown' in ended) {
          if (!ParleyError.isInstance(ended.thrown)) throw ended.thrown
          expect(ended.thrown.code).not.toBe('internal_error')
          const after = JSON.stringify([
            await kit.events('room'),
            await kit.getRoom('room'),
            await kit.bindings('room'),
            await kit.members('room'),
          ])
          expect(after).toBe(before)
        }
        // The room works on, unless the call closed it.
        if ((await kit.getRoom('room')).status !== 'closed') {
          const sent = kit.send('room', { from: 'eve', text: 'still here' })
          await clock.advance(5_000)
          expect(['committed', 'blocked']).toContain((await sent).outcome)
        }
        const events = await kit.events('room', { limit: 1_000 })
        expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
        const closed = kit.close()
        await clock.advance(60_000)
        await closed
      }),
      { numRuns: 60 },
    )
  },
)
