import { block, createInProcessBackplane, createInProcessLocks, modify, type HookTrigger } from '@parley/kit'
import type { Backplane, Json, RoomLocks } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { endOf, openKit, recordingTransport, says, scriptedAgent, textsOf } from './chaos-bench.ts'

/** What a hook may come up with instead of an answer. */
const nonsense: Record<string, () => unknown> = {
  'a text': () => 'yes',
  'a number': () => 7,
  true: () => true,
  'an empty object': () => ({}),
  'a list': () => [],
  'a function': () => () => undefined,
  'an unknown decision': () => ({ kind: 'explode' }),
  'a block without a reason': () => Reflect.apply(block, undefined, []),
  'a block for a reason of no namespace': () => Reflect.apply(block, undefined, ['because']),
  'a modification into nothing': () => modify(undefined as never),
  'a modification into another type': () => modify({ content: { type: 'text', text: 7 } } as never),
  'a thenable that never settles': () => ({ then: () => {} }),
  'a thrown text': () => {
    throw 'sk-live-1'
  },
}

const cases = Object.keys(nonsense).flatMap((what) => (['open', 'closed'] as const).map((how) => [what, how] as const))

test.each(cases)(
  'HK-2 HK-3 a beforeBroadcast hook that returns %s fails %s: named, with a receipt, and never half applied',
  async (what, onFailure) => {
    const web = recordingTransport('web')
    const { kit, clock, errors } = openKit({}, [web, scriptedAgent('bot', says('hello back'))])
    await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
    // Only a cast gets such values past the types.
    const dispose = kit.hook('beforeBroadcast', (() => (nonsense[what] ?? (() => undefined))()) as never, {
      name: 'odd',
      ...(onFailure === 'closed' ? { onFailure } : {}),
    })
    const ended = await endOf(clock, kit.send('room', { from: 'ada', text: 'hello' }, { wait: 'settled' }))
    const [event] = await kit.events('room')
    if (onFailure === 'open') {
      expect(ended).toMatchObject({ value: { outcome: 'committed' } })
      expect(web.said()).toEqual(['hello', 'hello back'])
    } else {
      expect(ended).toMatchObject({ value: { outcome: 'blocked', reason: 'hook_failed' } })
      expect(event).toMatchObject({ status: 'blocked', blocked: { reason: 'hook_failed' } })
      expect(web.said()).toEqual([])
    }
    expect(event?.content).toEqual({ type: 'text', text: 'hello' })
    expect(errors.map(({ error }) => error.code)).toContainEqual(
      expect.stringMatching(/^hook_(failed|timeout|result_invalid)$/),
    )
    const receipts = await kit.receipts('room', { kind: 'block' })
    expect(receipts.length).toBeGreaterThan(0)
    expect(JSON.stringify([receipts, errors.map(({ error }) => error), event])).not.toContain('sk-live')
    dispose()
    expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'next' }, { wait: 'settled' }))).toMatchObject({
      value: { outcome: 'committed' },
    })
    expect(web.said().slice(-2)).toEqual(['next', 'hello back'])
  },
)

test.each<HookTrigger>([
  'beforeDeliver',
  'beforeModelCall',
  'beforeToolUse',
  'onToolCall',
  'beforeHandoff',
  'onIdentityUnknown',
  'afterBroadcast',
  'onRoomCreated',
  'onError',
])('HK-3 ER-2 a %s hook that throws is reported by stage and stops nothing else', async (trigger) => {
  const web = recordingTransport('web')
  const { kit, clock } = openKit({ identity: { resolve: () => Promise.resolve({ status: 'unknown' }) } }, [
    web,
    scriptedAgent('bot', says('hello back')),
  ])
  kit.hook(trigger, (() => {
    throw new Error('sk-live-1')
  }) as never)
  await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
  const ended = await endOf(
    clock,
    kit.processInbound(
      { channelId: 'web', senderId: '+1', content: { type: 'text', text: 'hello' } },
      { roomId: 'room', wait: 'settled' },
    ),
  )
  expect(ended).toMatchObject({ value: { outcome: 'committed' } })
  expect(textsOf(await kit.events('room', { types: ['message'] }))).toEqual(['hello', 'hello back'])
  expect(JSON.stringify(await kit.receipts('room', { limit: 1_000 }))).not.toContain('sk-live')
})

test('IN-2 ST-4 a lock nobody gives back blocks the message as process_timeout with nothing stored; once free, the room works', async () => {
  const clock = createVirtualClock()
  const locks = createInProcessLocks({ clock })
  const { kit } = openKit({ clock, locks }, [recordingTransport('web')])
  await kit.createRoom({ id: 'room', channels: ['web'] })
  let free = (): void => {}
  const held = locks.withLock('room', () => new Promise<void>((resolve) => (free = resolve)), { timeoutMs: 1_000 })
  const [message, sent, patched] = await Promise.all([
    endOf(
      clock,
      kit.processInbound(
        { channelId: 'web', senderId: 'ada', content: { type: 'text', text: 'one' } },
        { roomId: 'room' },
      ),
    ),
    endOf(clock, kit.send('room', { from: 'ada', text: 'two' })),
    endOf(clock, kit.patchRoom('room', { metadata: { set: { a: 1 } } })),
  ])
  expect(message).toMatchObject({
    value: { outcome: 'blocked', reason: 'process_timeout', message: expect.stringContaining('send it again') },
  })
  expect(sent).toMatchObject({ value: { outcome: 'blocked', reason: 'process_timeout' } })
  expect(patched).toMatchObject({
    thrown: { code: 'lock_timeout', retryable: true, message: expect.stringContaining('Try again') },
  })
  expect(await kit.events('room')).toEqual([])
  expect(await kit.members('room')).toEqual([])
  free()
  await held
  expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'three' }))).toMatchObject({
    value: { outcome: 'committed', event: { index: 0 } },
  })
})

test('ER-3 locks that fail outright are lock_timeout or a block, and foreign text stays the cause', async () => {
  const clock = createVirtualClock()
  let isDown = false
  const inner = createInProcessLocks({ clock })
  const locks: RoomLocks = {
    ...inner,
    withLock: (...given) => (isDown ? Promise.reject(new Error('redis 10.0.0.7 refused')) : inner.withLock(...given)),
  }
  const { kit } = openKit({ clock, locks }, [recordingTransport('web')])
  await kit.createRoom({ id: 'room', channels: ['web'] })
  isDown = true
  const blocked = await endOf(clock, kit.send('room', { from: 'ada', text: 'x' }))
  expect(blocked).toMatchObject({ value: { outcome: 'blocked', reason: 'process_timeout' } })
  const calls: (() => Promise<unknown>)[] = [() => kit.attach('room', 'web'), () => kit.closeRoom('room')]
  for (const call of calls) {
    const ended = await endOf(clock, call())
    expect(ended).toMatchObject({ thrown: { code: 'lock_timeout', retryable: true } })
    expect(JSON.stringify(ended)).not.toContain('10.0.0.7')
  }
  expect(await kit.events('room')).toEqual([])
  isDown = false
  expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'y' }))).toMatchObject({
    value: { outcome: 'committed', event: { index: 0 } },
  })
})

test('EP-4 a backplane that dies costs ephemerals only: commits, deliveries and answers go on, the failure is told', async () => {
  const clock = createVirtualClock()
  const inner = createInProcessBackplane()
  let state: 'up' | 'rejects' | 'throws' | 'hangs' = 'up'
  const backplane: Backplane = {
    ...inner,
    publish(topic: string, message: Json) {
      if (state === 'rejects') return Promise.reject(new Error('redis 10.0.0.7 refused'))
      if (state === 'throws') throw new Error('redis 10.0.0.7 refused')
      return state === 'hangs' ? new Promise(() => {}) : inner.publish(topic, message)
    },
  }
  const web = recordingTransport('web')
  const { kit, errors } = openKit({ clock, backplane }, [web, scriptedAgent('bot', says('hello back'))])
  await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
  const typing: string[] = []
  kit.subscribe('room', ({ type }) => void typing.push(type), { types: ['typingStarted'] })
  for (state of ['rejects', 'throws', 'hangs'] as const) {
    kit.publish('room', { type: 'typingStarted', from: 'eve' })
    expect(await endOf(clock, kit.send('room', { from: 'ada', text: state }, { wait: 'settled' }))).toMatchObject({
      value: { outcome: 'committed' },
    })
  }
  expect(web.said()).toEqual(['rejects', 'hello back', 'throws', 'hello back', 'hangs', 'hello back'])
  expect(errors.some(({ error }) => error.code === 'backplane_unavailable')).toBe(true)
  expect(JSON.stringify(errors.map(({ error }) => error))).not.toContain('10.0.0.7')
  state = 'up'
  await clock.advance(10_000)
  typing.length = 0
  kit.publish('room', { type: 'typingStarted', from: 'eve' })
  await clock.advance(0)
  expect(typing).toContain('typingStarted')
})

test('IN-2 a lock that cannot be given back takes nothing back: what was committed is answered as committed', async () => {
  const clock = createVirtualClock()
  const inner = createInProcessLocks({ clock })
  const locks: RoomLocks = {
    ...inner,
    async withLock(...given) {
      await inner.withLock(...given)
      throw new Error('redis 10.0.0.7 refused')
    },
  }
  const web = recordingTransport('web')
  const { kit, errors } = openKit({ clock, locks }, [web])
  await kit.createRoom({ id: 'room', channels: ['web'] })
  expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'one' }, { wait: 'settled' }))).toMatchObject({
    value: { outcome: 'committed', event: { index: 0 } },
  })
  expect(web.said()).toEqual(['one'])
  expect(errors.map(({ stage }) => stage)).toContain('lock')
})
