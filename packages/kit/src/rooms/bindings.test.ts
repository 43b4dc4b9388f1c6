import type { ChannelBinding } from '@parley/spec'
import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, says, scriptedAgent, textsOf } from '../__fixtures__/open-kit.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })

test('CH-2 a muted agent sees, keeps its tasks and observations, and says nothing', async () => {
  const web = recordingTransport('web')
  const heard: string[] = []
  const watcher = scriptedAgent(
    'watcher',
    async function* ({ event }) {
      heard.push(event.id)
      yield { type: 'task', task: { title: 'call back' } }
      yield { type: 'observation', observation: { content: 'sounds upset' } }
      yield { type: 'textDelta', text: 'out loud' }
    },
    { observesWhenMuted: true } as object,
  )
  const { kit } = openKit({}, [web, watcher])
  const { id } = await kit.createRoom({ channels: ['web', { channelId: 'watcher', muted: true }] })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  expect(heard).toHaveLength(1)
  expect(await kit.tasks(id)).toMatchObject([{ title: 'call back' }])
  expect(await kit.observations(id)).toMatchObject([{ content: 'sounds upset', channelId: 'watcher' }])
  const blocked = (await kit.events(id)).filter(({ status }) => status === 'blocked')
  expect(blocked).toMatchObject([{ blocked: { reason: 'source_muted' }, source: { channelId: 'watcher' } }])
  expect(web.said()).toEqual(['hello'])
})

test('CH-2 a muted agent that does not observe takes no turn', async () => {
  let turns = 0
  const agent = scriptedAgent('bot', async function* () {
    turns += 1
    yield { type: 'textDelta', text: 'never' }
  })
  const { kit } = openKit({}, [agent])
  const { id } = await kit.createRoom({ channels: ['bot'] })
  await kit.mute(id, 'bot')
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  expect(turns).toBe(0)
  await kit.unmute(id, 'bot')
  await kit.send(id, { from: 'ada', text: 'again' }, { wait: 'settled' })
  expect(turns).toBe(1)
})

test('CH-2 muted output suppresses deliveries and leaves reading', async () => {
  const web = recordingTransport('web')
  const { kit } = openKit({}, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.muteOutput(id, 'web')
  await kit.send(id, { from: 'ada', text: 'unseen' }, { wait: 'settled' })
  expect(web.said()).toEqual([])
  expect(textsOf(await kit.events(id, { asReader: 'web', types: ['message'] }))).toEqual(['unseen'])
  await kit.unmuteOutput(id, 'web')
  await kit.send(id, { from: 'ada', text: 'seen' }, { wait: 'settled' })
  expect(web.said()).toEqual(['seen'])
})

test('CH-3 no call widens a binding on the way', async () => {
  const { kit } = openKit({}, [recordingTransport('web'), recordingTransport('sms')])
  const { id } = await kit.createRoom({
    channels: [
      {
        channelId: 'web',
        access: 'readOnly',
        visibility: 'transport',
        muted: true,
        outputMuted: true,
        direction: 'outbound',
        metadata: { a: 1 },
      },
    ],
  })
  const [narrow] = await kit.bindings(id)
  await kit.processInbound(line('web', 'ada', 'refused'), { roomId: id })
  await kit.ensureParticipant(id, { id: 'ada', channelId: 'web' })
  await kit.addMember(id, { id: 'ada', channelId: 'web' })
  await kit.send(id, { from: 'ada', text: 'refused too' })
  kit.replace(recordingTransport('web'))
  await kit.settled(id)
  await kit.pauseRoom(id)
  await kit.reopen(id)
  expect((await kit.bindings(id)).find(({ channelId }) => channelId === 'web')).toEqual(narrow)
})

test('CH-4 a detached channel stays out until it is attached by name', async () => {
  const first = openKit({}, [recordingTransport('web')])
  const { id } = await first.kit.createRoom({ channels: ['web'] })
  await first.kit.detach(id, 'web')
  expect(await first.kit.processInbound(line('web', 'ada', 'hello'), { roomId: id })).toMatchObject({
    outcome: 'blocked',
    reason: 'channel_detached',
  })
  expect(await first.kit.bindings(id)).toEqual([])
  expect(await first.kit.store.tombstones.get(id, 'web')).toMatchObject({ channelId: 'web' })
  await expect(first.kit.sendEvent(id, 'web', { content: text('hello') })).rejects.toMatchObject({
    code: 'channel_not_bound',
  })
  await first.kit.attach(id, 'web')
  expect(await first.kit.store.tombstones.get(id, 'web')).toBeNull()
  expect(await first.kit.processInbound(line('web', 'ada', 'hello'), { roomId: id })).toMatchObject({
    outcome: 'committed',
  })
})

test('CH-4 the tombstone is found by a kit that opens the store anew', async () => {
  const { createMemoryStore } = await import('../store/memory-store.ts')
  const { createVirtualClock } = await import('@parley/testing')
  const clock = createVirtualClock()
  const store = createMemoryStore({ clock })
  const shared = { ...storeWithoutClose(store) }
  const first = openKit({ store: shared, clock }, [recordingTransport('web')])
  const { id } = await first.kit.createRoom({ channels: ['web'] })
  await first.kit.detach(id, 'web')
  await first.kit.close()
  const second = openKit({ store: shared, clock }, [recordingTransport('web')])
  expect(await second.kit.processInbound(line('web', 'ada', 'hello'), { roomId: id })).toMatchObject({
    outcome: 'blocked',
    reason: 'channel_detached',
  })
})

test('CH-5 a channel that refuses leaves the former binding as it was', async () => {
  let refuses = false
  const web = recordingTransport('web', {
    onAttached: () => (refuses ? Promise.reject(new Error('no room for sk-secret')) : Promise.resolve()),
  })
  const { kit } = openKit({}, [web])
  const { id } = await kit.createRoom()
  await kit.attach(id, 'web', { access: 'readOnly', metadata: { floor: 3 } })
  const [before] = await kit.bindings(id)
  refuses = true
  await expect(kit.attach(id, 'web', { access: 'readWrite' })).rejects.toMatchObject({
    code: 'attach_refused',
    cause: { message: 'no room for sk-secret' },
  })
  expect(JSON.stringify((await kit.bindings(id))[0])).toBe(JSON.stringify(before))
  await kit.detach(id, 'web')
  await expect(kit.attach(id, 'web')).rejects.toMatchObject({ code: 'attach_refused' })
  expect(await kit.bindings(id)).toEqual([])
  // It had been detached on purpose before, and still is.
  expect(await kit.processInbound(line('web', 'ada', 'hello'), { roomId: id })).toMatchObject({
    reason: 'channel_detached',
  })
})

test('CH-5 a new room stands without the channel that refuses it', async () => {
  const web = recordingTransport('web', { onAttached: () => Promise.reject(new Error('no')) })
  const { kit } = openKit({}, [web])
  await expect(kit.createRoom({ id: 'r', channels: ['web'] })).rejects.toMatchObject({ code: 'attach_refused' })
  expect(await kit.bindings('r')).toEqual([])
})

test('CH-5 an error of onDetached is reported after the detach took effect', async () => {
  const web = recordingTransport('web', { onDetached: () => Promise.reject(new Error('late trouble')) })
  const { kit, clock, errors } = openKit({}, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.detach(id, 'web')
  await clock.advance(0)
  expect(await kit.bindings(id)).toEqual([])
  expect(errors).toMatchObject([{ stage: 'detach' }])
})

test('CH-6 metadata of channel, binding and event never mix', async () => {
  const web = recordingTransport('web', { metadata: { level: 'channel', channelOnly: 1 } })
  const { kit } = openKit({}, [web])
  const { id } = await kit.createRoom({
    channels: [{ channelId: 'web', metadata: { level: 'binding', bindingOnly: 1 } }],
  })
  const sent = await kit.sendEvent(id, 'web', { content: text('hi'), metadata: { level: 'event' } })
  await kit.patchBinding(id, 'web', { set: { added: true }, unset: ['bindingOnly'] })
  expect(sent).toMatchObject({ event: { metadata: { level: 'event' } } })
  expect((await kit.events(id, { types: ['message'] }))[0]?.metadata).toEqual({ level: 'event' })
  expect((await kit.bindings(id))[0]?.metadata).toEqual({ level: 'binding', added: true })
  expect(web.metadata).toEqual({ level: 'channel', channelOnly: 1 })
})

test('CH-7 changes of a binding are events, and the channel and hooks are told', async () => {
  const pushed: ChannelBinding[] = []
  const web = recordingTransport('web', { onBindingChanged: (binding) => void pushed.push(binding) })
  const { kit, clock } = openKit({}, [web])
  const { id } = await kit.createRoom()
  const fired: string[] = []
  for (const trigger of [
    'onChannelAttached',
    'onChannelDetached',
    'onChannelMuted',
    'onChannelUnmuted',
    'onChannelUpdated',
  ] as const) {
    kit.observe(trigger, () => void fired.push(trigger))
  }
  await kit.attach(id, 'web')
  await kit.mute(id, 'web')
  await kit.mute(id, 'web')
  await kit.unmute(id, 'web')
  await kit.setAccess(id, 'web', 'readOnly')
  await kit.setVisibility(id, 'web', 'transport')
  await kit.detach(id, 'web')
  await clock.advance(0)
  const types = (await kit.events(id)).map(({ type }) => type)
  expect(types).toEqual([
    'channelAttached',
    'channelMuted',
    'channelUnmuted',
    'channelUpdated',
    'channelUpdated',
    'channelDetached',
  ])
  expect(fired).toEqual([
    'onChannelAttached',
    'onChannelMuted',
    'onChannelUnmuted',
    'onChannelUpdated',
    'onChannelUpdated',
    'onChannelDetached',
  ])
  expect(pushed.map(({ muted, access, visibility }) => [muted, access, visibility])).toEqual([
    [false, 'readWrite', 'all'],
    [true, 'readWrite', 'all'],
    [false, 'readWrite', 'all'],
    [false, 'readOnly', 'all'],
    [false, 'readOnly', 'transport'],
    [false, 'readOnly', 'transport'],
  ])
})

test('CH-8 every field that a parser returns is applied', async () => {
  const web = recordingTransport('web', {
    parse: ({ content }) =>
      Promise.resolve({
        content: content.type === 'text' ? text(`${content.text}!`) : content,
        type: 'x.web.line',
        visibility: 'transport',
        responseVisibility: { only: ['web'] },
        addressedTo: ['bot'],
        correlationId: 'thread-1',
        idempotencyKey: 'key-1',
        metadata: { parsed: true },
        channelData: { provider: 'acme', externalId: '7', threadId: 't', extra: { a: 1 } },
      }),
  })
  const { kit } = openKit({}, [web])
  const root = await kit.processInbound(line('web', 'ada', 'hello'))
  expect(root).toMatchObject({
    event: {
      content: text('hello!'),
      type: 'x.web.line',
      visibility: 'transport',
      responseVisibility: { only: ['web'] },
      addressedTo: ['bot'],
      correlationId: 'thread-1',
      idempotencyKey: 'key-1',
      metadata: { parsed: true },
      channelData: { provider: 'acme', externalId: '7', threadId: 't', extra: { a: 1 } },
    },
  })
})

test('CH-8 what a channel answers to a delivery is in its report, what an agent yields in the room', async () => {
  const queued = recordingTransport('queued', {
    deliver: () => Promise.resolve({ status: 'queued', providerMessageId: 'p-1' }),
  })
  const refused = recordingTransport('refused', {
    deliver: () =>
      Promise.resolve({ status: 'failed', code: 'number_gone', message: 'x', retryable: false, retryAfterMs: 5 }),
  })
  const { kit } = openKit({}, [queued, refused, scriptedAgent('bot', says('fine'))])
  const { id } = await kit.createRoom({ channels: ['queued', 'refused', 'bot'] })
  const sent = await kit.send(id, { from: 'ada', text: 'hi' })
  if (sent.outcome !== 'committed') throw new Error('the line is committed')
  const { deliveries, replies } = await sent.settled()
  expect(deliveries).toMatchObject([
    { channelId: 'queued', status: 'queued', providerMessageId: 'p-1' },
    { channelId: 'refused', status: 'failed', retryAfterMs: 5, error: { details: { providerCode: 'number_gone' } } },
  ])
  expect(textsOf(replies)).toEqual(['fine'])
})

function storeWithoutClose<T extends object>(store: T): T {
  return new Proxy(store, { get: (target, key) => (key === 'close' ? () => Promise.resolve() : bound(target, key)) })
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key)
  return typeof value === 'function' ? value.bind(target) : value
}
