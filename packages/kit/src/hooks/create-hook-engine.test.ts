import { ConversationState, noLogger, type RoomEvent } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, expectTypeOf, test } from 'vitest'
import { sampleBinding, sampleEvent, sampleRoom } from '../__fixtures__/room-samples.ts'
import { createFrameworkEvents } from '../core/create-framework-events.ts'
import type { FrameworkEvent } from '../core/framework-events.ts'
import { defaultLimits } from '../core/limits.ts'
import { createHookEngine } from './create-hook-engine.ts'
import type { HookEngineOptions } from './hook-engine-options.ts'
import type { AsyncHook, HookFor, SyncOutcome } from './hook-engine.ts'
import { syncTriggers, type HookMap, type SyncTrigger } from './hook-map.ts'
import { allow, block, modify } from './hook-results.ts'

function setUp(given: Partial<HookEngineOptions> = {}) {
  const clock = createVirtualClock()
  const errors: { code: string; message: string }[] = []
  const emitted: FrameworkEvent[] = []
  const framework = createFrameworkEvents(() => {})
  for (const type of ['hookError', 'hookTimeout', 'slowHook'] as const)
    framework.on(type, (event) => emitted.push(event))
  const closing = new AbortController()
  const engine = createHookEngine({
    clock,
    limits: defaultLimits,
    logger: noLogger,
    framework,
    closing: closing.signal,
    // The engine reports nothing but its own errors.
    reportError: (thrown) => errors.push(thrown as { code: string; message: string }),
    ...given,
  })
  return { clock, engine, errors, emitted, closing }
}

const payload = (event: Partial<RoomEvent> = {}): HookMap['beforeBroadcast']['payload'] => ({
  event: sampleEvent(event),
  room: sampleRoom(),
  bindings: [],
  participants: [],
  state: new ConversationState(),
})
const withText = (event: Readonly<RoomEvent>, text: string): RoomEvent => ({
  ...event,
  content: { type: 'text', text },
})
const textOf = ({ payload: { event } }: { payload: HookMap['beforeBroadcast']['payload'] }): string =>
  event.content.type === 'text' ? event.content.text : ''
const append =
  (mark: string) =>
  ({ event }: { event: Readonly<RoomEvent> }) =>
    modify(withText(event, `${event.content.type === 'text' ? event.content.text : ''}${mark}`))
const scope = { roomId: 'room' }

/** The outcome of a run that must not have needed a promise. */
function atOnce<T extends SyncTrigger>(outcome: SyncOutcome<T> | Promise<SyncOutcome<T>>): SyncOutcome<T> {
  if (outcome instanceof Promise) throw new Error('the run was not synchronous')
  return outcome
}

test('HK-1 hooks run by priority, then registration, room hooks in the same list; each sees the former one', () => {
  const { engine, clock } = setUp()
  engine.add('beforeBroadcast', append('c'))
  engine.add('beforeBroadcast', append('d'), { roomId: 'room' })
  engine.add('beforeBroadcast', append('a'), { priority: -100 })
  engine.add('beforeBroadcast', append('b'), { priority: -1, roomId: 'room' })
  engine.add('beforeBroadcast', append('x'), { roomId: 'other' })
  engine.add('beforeBroadcast', append('e'), { priority: 5 })
  const outcome = atOnce(engine.runSync('beforeBroadcast', payload(), scope))
  expect(textOf(outcome)).toBe('helloabcde')
  expect(clock.pending).toBe(0)
})

test('HK-1 a block stops, and what was added so far is kept', () => {
  const { engine } = setUp()
  const seen: string[] = []
  engine.add(
    'beforeBroadcast',
    (_payload, context) => {
      context.task({ title: 'look at this' })
      context.observation({ content: 'rude' })
      context.inject({ content: { type: 'note', text: 'blocked' } }, { to: ['desk'] })
      return block('x.rude', { message: 'Be kind.' })
    },
    { name: 'manners' },
  )
  engine.add('beforeBroadcast', () => void seen.push('second'))
  const outcome = atOnce(engine.runSync('beforeBroadcast', payload(), scope))
  expect(outcome.blocked).toEqual({ reason: 'x.rude', by: 'manners', message: 'Be kind.' })
  expect(outcome.tasks).toEqual([{ title: 'look at this' }])
  expect(outcome.observations).toEqual([{ content: 'rude' }])
  expect(outcome.injected).toEqual([{ input: { content: { type: 'note', text: 'blocked' } }, to: ['desk'] }])
  expect(seen).toEqual([])
})

test('HK-1 filters are ANDed, a missing one matches all', () => {
  const { engine } = setUp()
  engine.add('beforeBroadcast', append('!'), {
    channelTypes: ['sms'],
    sourceKinds: ['person'],
    eventTypes: ['message'],
    channelIds: ['a'],
  })
  const full = {
    roomId: 'room',
    channelType: 'sms',
    sourceKind: 'person',
    eventType: 'message',
    channelId: 'a',
  } as const
  const run = (given: object): string =>
    textOf(atOnce(engine.runSync('beforeBroadcast', payload(), { ...full, ...given })))
  expect(run({})).toBe('hello!')
  expect(
    [{ channelType: 'email' }, { sourceKind: 'agent' }, { eventType: 'note' }, { channelId: undefined }].map(run),
  ).toEqual(Array(4).fill('hello'))
  expect(engine.has('beforeBroadcast', { ...full, channelId: 'b' })).toBe(false)
  expect(engine.has('beforeBroadcast', full)).toBe(true)
})

test('a field of the payload that is worked out when asked for is left alone until then', () => {
  const { engine } = setUp()
  let asked = 0
  engine.add('beforeBroadcast', append('!'))
  const lazy = {
    ...payload(),
    get state() {
      asked += 1
      return new ConversationState()
    },
  }
  const outcome = atOnce(engine.runSync('beforeBroadcast', lazy, scope))
  expect([textOf(outcome), asked]).toEqual(['hello!', 0])
  expect(outcome.payload.state.phase).toBe(new ConversationState().phase)
})

test('HK-2 any value is a modification, the empty string too', () => {
  const { engine } = setUp()
  engine.add('beforeBroadcast', ({ event }) => modify(withText(event, '')), { name: 'hush' })
  const outcome = atOnce(engine.runSync('beforeBroadcast', payload(), scope))
  expect(textOf(outcome)).toBe('')
  expect(outcome.modifiedBy).toEqual(['hush'])
})

test.each<[string, object]>([
  ['id', { id: 'other' }],
  ['index', { index: 7 }],
  ['room', { roomId: 'other' }],
  ['source', { source: { kind: 'system', channelType: 'system', medium: 'system' } }],
  ['idempotency key', { idempotencyKey: 'k' }],
  ['content of the wrong shape', { content: { type: 'text' } }],
  ['content of no type', { content: 'hello' }],
  ['unknown visibility', { visibility: 'everyone' }],
  ['address that is no list', { addressedTo: 'agent' }],
  ['metadata that is no JSON', { metadata: { at: new Date(0) } }],
])('HK-2 a modified %s is a failure and nothing of it is applied', (_what, change) => {
  const { engine, errors } = setUp()
  // A hook of plain JavaScript may answer with anything.
  engine.add('beforeBroadcast', ({ event }) => modify({ ...withText(event, 'changed'), ...change } as RoomEvent), {
    name: 'bad',
  })
  const outcome = atOnce(engine.runSync('beforeBroadcast', payload(), scope))
  expect(textOf(outcome)).toBe('hello')
  expect(outcome.failures).toEqual([
    { hook: 'bad', trigger: 'beforeBroadcast', code: 'hook_result_invalid', onFailure: 'open' },
  ])
  expect(errors.map(({ code }) => code)).toEqual(['hook_result_invalid'])
})

test('HK-2 an event cannot be changed in place', () => {
  const { engine } = setUp()
  engine.add('beforeBroadcast', ({ event }) => {
    // What types forbid, JavaScript may try.
    ;(event.content as { text: string }).text = 'changed'
  })
  const outcome = atOnce(engine.runSync('beforeBroadcast', payload(), scope))
  expect(textOf(outcome)).toBe('hello')
  expect(outcome.failures).toHaveLength(1)
})

test('HK-3 throwing, running out of time and a wrong answer are one case: open goes on with what was before', async () => {
  const { engine, errors, emitted, clock } = setUp()
  engine.add('beforeBroadcast', append('1'))
  engine.add(
    'beforeBroadcast',
    (_payload, context) => {
      context.task({ title: 'lost with its hook' })
      throw new Error('secret')
    },
    { name: 'throws' },
  )
  engine.add('beforeBroadcast', () => new Promise<undefined>(() => {}), { name: 'hangs' })
  // A hook of plain JavaScript may answer with anything.
  engine.add('beforeBroadcast', () => 'block' as unknown as undefined, { name: 'babbles' })
  engine.add('beforeBroadcast', append('2'))
  const running = engine.runSync('beforeBroadcast', payload(), scope)
  await clock.advance(defaultLimits.syncHookTimeoutMs)
  const outcome = await running
  expect(textOf(outcome)).toBe('hello12')
  expect(outcome.tasks).toEqual([])
  expect(outcome.blocked).toBeUndefined()
  const codes = ['hook_failed', 'hook_timeout', 'hook_result_invalid']
  expect(outcome.failures).toMatchObject(codes.map((code) => ({ code, onFailure: 'open' })))
  expect(errors.map(({ code }) => code)).toEqual(codes)
  expect(JSON.stringify(errors)).not.toContain('secret')
  expect(emitted.map(({ type, data }) => [type, data['hook']])).toContainEqual(['hookTimeout', 'hangs'])
  expect(clock.pending).toBe(0)
})

test.each(['throws', 'hangs', 'babbles'] as const)('HK-3 closed blocks hook_failed when the hook %s', async (how) => {
  const { engine, clock } = setUp()
  const seen: string[] = []
  const failing = {
    throws: () => {
      throw new Error('x')
    },
    hangs: () => new Promise<undefined>(() => {}),
    babbles: () => 1 as unknown as undefined,
  }[how]
  engine.add('beforeBroadcast', failing, { redacts: true, name: 'redact' })
  engine.add('beforeBroadcast', () => void seen.push('later'))
  const running = engine.runSync('beforeBroadcast', payload(), scope)
  await clock.advance(2_000)
  const outcome = await running
  expect(outcome.blocked).toEqual({ reason: 'hook_failed', by: 'redact' })
  expect(outcome.failures).toMatchObject([{ onFailure: 'closed' }])
  expect(seen).toEqual([])
})

test('HK-3 registration may tighten what a failure means, never loosen it', () => {
  const { engine } = setUp()
  engine.add(
    'beforeBroadcast',
    () => {
      throw new Error('x')
    },
    { onFailure: 'closed' },
  )
  expect(atOnce(engine.runSync('beforeBroadcast', payload(), scope)).blocked?.reason).toBe('hook_failed')
  // 'open' does not compile either.
  expect(() => engine.add('beforeToolUse', () => allow(), { onFailure: 'open' as 'closed' })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
  expect(() => engine.add('beforeBroadcast', () => allow(), { priorty: 1 } as object)).toThrow(
    /Did you mean "priority"/,
  )
})

test('HK-4 a hook that waits for its own room is told so when its time is up', async () => {
  const { engine, errors, clock } = setUp({ isLockAwaited: (roomId) => roomId === 'room' })
  engine.add('beforeBroadcast', () => new Promise<undefined>(() => {}), { timeoutMs: 100 })
  const running = engine.runSync('beforeBroadcast', payload(), scope)
  await clock.advance(100)
  await running
  expect(errors[0]?.message).toContain('lock of room room')
  expect(errors[0]?.message).toContain('ctx.inject()')
})

test('HK-4 the signal of a hook ends with its time, and it can add nothing any more', async () => {
  const { engine, clock } = setUp()
  let late: unknown
  engine.add('beforeBroadcast', async (_payload, context) => {
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    try {
      context.inject({ content: { type: 'text', text: 'late' } })
    } catch (error) {
      late = error
    }
  })
  const running = engine.runSync('beforeBroadcast', payload(), scope)
  await clock.advance(2_000)
  expect((await running).injected).toEqual([])
  await clock.advance(0)
  expect(late).toMatchObject({ code: 'hook_failed' })
})

test('a run whose caller gives up rejects with the reason of the caller', async () => {
  const { engine, clock } = setUp()
  const caller = new AbortController()
  engine.add('beforeBroadcast', () => new Promise<undefined>(() => {}))
  const running = engine.runSync('beforeBroadcast', payload(), scope, { signal: caller.signal })
  caller.abort('deadline')
  await expect(running).rejects.toBe('deadline')
  expect(clock.pending).toBe(0)
})

test('HK-5 observers watch sync triggers, all at once, and one that fails stops no other', async () => {
  const { engine, errors, clock } = setUp()
  const seen: string[] = []
  engine.add('beforeBroadcast', append('!'))
  engine.observe('beforeBroadcast', () => {
    throw new Error('first')
  })
  engine.observe('beforeBroadcast', async ({ event }) => {
    await clock.sleep(10)
    seen.push(`slow ${event.id}`)
  })
  engine.observe('beforeBroadcast', async () => {
    throw new Error('third')
  })
  engine.observe('beforeBroadcast', ({ event }) => void seen.push(`fast ${event.id}`))
  expect(textOf(atOnce(engine.runSync('beforeBroadcast', payload(), scope)))).toBe('hello!')
  expect(seen).toEqual([])
  engine.fire('beforeBroadcast', payload(), scope)
  expect(seen).toEqual(['fast evt_1'])
  await clock.advance(10)
  await engine.settled()
  expect(seen).toEqual(['fast evt_1', 'slow evt_1'])
  expect(errors.map(({ code }) => code)).toEqual(['hook_failed', 'hook_failed'])
})

test('HK-5 an async hook that hangs is reported after its limit, and none outlives the kit', async () => {
  const { engine, errors, clock, closing } = setUp()
  const reasons: unknown[] = []
  const hang = (_payload: unknown, { signal }: { signal: AbortSignal }): Promise<void> =>
    new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason)))
  engine.add('onRoomPaused', hang)
  engine.fire('onRoomPaused', { room: sampleRoom() }, scope)
  await clock.advance(defaultLimits.asyncHookTimeoutMs)
  expect(errors.map(({ code }) => code)).toEqual(['hook_timeout'])
  engine.fire('onRoomPaused', { room: sampleRoom() }, scope)
  expect(clock.pending).toBe(1)
  closing.abort('closing')
  await engine.settled()
  expect(clock.pending).toBe(0)
  expect(reasons.at(-1)).toBe('closing')
})

test('HK-6 a block is honoured on every sync trigger', () => {
  for (const trigger of Object.keys(syncTriggers)) {
    const { engine } = setUp()
    // Of which trigger the payload is plays no part in a block.
    const any = trigger as 'beforeBroadcast'
    engine.add(any, () => block('x.no'))
    expect(atOnce(engine.runSync(any, payload(), {})).blocked?.reason).toBe('x.no')
  }
})

test('HK-6 an async hook has no say: returning a decision does not compile', () => {
  expectTypeOf<() => { action: 'block' }>().not.toExtend<AsyncHook<'onRoomPaused'>>()
  expectTypeOf<() => Promise<{ action: 'block' }>>().not.toExtend<AsyncHook<'onRoomPaused'>>()
  expectTypeOf<() => Promise<void>>().toExtend<AsyncHook<'onRoomPaused'>>()
  expectTypeOf<typeof block>().returns.toExtend<ReturnType<HookFor<'beforeBroadcast'>>>()
  // What compiles all the same (a widened type) is ignored.
  const { engine, errors } = setUp()
  engine.observe('onRoomPaused', (() => block('x.no')) as unknown as () => void)
  engine.fire('onRoomPaused', { room: sampleRoom() }, scope)
  expect(errors).toEqual([])
})

test('HK-7 a disposer removes at once, and room hooks end with their room', () => {
  const { engine } = setUp()
  const dispose = engine.add('beforeBroadcast', append('1'))
  engine.add('beforeBroadcast', append('2'), { roomId: 'room' })
  engine.observe('beforeBroadcast', () => {}, { roomId: 'room' })
  const run = (): string => textOf(atOnce(engine.runSync('beforeBroadcast', payload(), scope)))
  expect(run()).toBe('hello12')
  dispose()
  dispose()
  expect(run()).toBe('hello2')
  engine.removeRoom('room')
  expect(run()).toBe('hello')
  expect(engine.has('beforeBroadcast', scope)).toBe(false)
})

test('HK-7 a hook that removes a later one keeps it from running in the same event', () => {
  const { engine } = setUp()
  const disposers: (() => void)[] = []
  engine.add('beforeBroadcast', () => {
    disposers[0]?.()
  })
  disposers.push(engine.add('beforeBroadcast', append('!')))
  expect(textOf(atOnce(engine.runSync('beforeBroadcast', payload(), scope)))).toBe('hello')
})

test('HK-8 a hook that may change text holds it back, one registered to pass does not', () => {
  const { engine } = setUp()
  const agentText = { roomId: 'room', sourceKind: 'agent', eventType: 'message' } as const
  engine.observe('beforeBroadcast', () => {})
  engine.add('beforeBroadcast', () => allow(), { live: 'pass', name: 'router' })
  expect(engine.holdsLive(agentText)).toBe(false)
  engine.add('beforeBroadcast', () => allow(), { sourceKinds: ['person'] })
  engine.add('beforeBroadcast', () => allow(), { roomId: 'other' })
  expect(engine.holdsLive(agentText)).toBe(false)
  const dispose = engine.add('beforeBroadcast', () => allow())
  expect(engine.holdsLive(agentText)).toBe(true)
  dispose()
  expect(engine.holdsLive(agentText)).toBe(false)
  // Where a filter cannot be told yet, text is rather held.
  engine.add('beforeBroadcast', () => allow(), { channelIds: ['triage'] })
  expect(engine.holdsLive(agentText)).toBe(true)
  expect(engine.holdsLive({ ...agentText, channelId: 'billing' })).toBe(false)
})

test('a sync hook over 50 ms is reported as slow', async () => {
  const { engine, emitted, clock } = setUp()
  engine.add('beforeBroadcast', async () => clock.sleep(51), { name: 'slow' })
  engine.add('beforeBroadcast', async () => clock.sleep(50), { name: 'fine' })
  const running = engine.runSync('beforeBroadcast', payload(), scope)
  await clock.advance(200)
  await running
  expect(emitted).toEqual([
    { type: 'slowHook', roomId: 'room', data: { hook: 'slow', trigger: 'beforeBroadcast', tookMs: 51 } },
  ])
})

test('the first decision about a sender wins', () => {
  const { engine } = setUp()
  const unknown = {
    decision: undefined,
    message: { channelId: 'sms', senderId: '+49', content: { type: 'text' as const, text: 'hi' } },
    result: { status: 'unknown' as const },
    room: null,
  }
  engine.add('onIdentityUnknown', () => allow())
  engine.add('onIdentityUnknown', () => modify({ kind: 'pending' as const, displayName: 'Somebody' }))
  engine.add('onIdentityUnknown', () => modify({ kind: 'reject' as const }))
  const outcome = atOnce(engine.runSync('onIdentityUnknown', unknown, {}))
  expect(outcome.payload.decision).toEqual({ kind: 'pending', displayName: 'Somebody' })
})

test('HK-2 the subject of each trigger is checked for its own shape', () => {
  const { engine } = setUp()
  engine.add('beforeDeliver', () => modify({ type: 'text' as const, text: 'for you' }))
  engine.add('beforeDeliver', () => modify({ type: 'nothing' } as never))
  const given = { content: { type: 'text' as const, text: 'for all' }, event: sampleEvent(), binding: sampleBinding() }
  const outcome = atOnce(engine.runSync('beforeDeliver', given, {}))
  expect(outcome.payload.content).toEqual({ type: 'text', text: 'for you' })
  expect(outcome.failures).toMatchObject([{ code: 'hook_result_invalid' }])
})

test('HK-6 a hook at a trigger that does not exist is refused, naming the nearest', () => {
  const { engine } = setUp()
  const slip = 'beforeBroadcst' as 'beforeBroadcast'
  expect(() => engine.add(slip, () => allow())).toThrowError(
    expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('beforeBroadcast') }),
  )
  expect(() => engine.observe(slip, () => {})).toThrowError(expect.objectContaining({ code: 'invalid_options' }))
})
