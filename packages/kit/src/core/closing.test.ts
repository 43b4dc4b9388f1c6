import { ParleyError, type Channel } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { beforeEach, expect, test, vi } from 'vitest'
import { line, openKit, recordingTransport, says, scriptedAgent, textsOf } from '../__fixtures__/open-kit.ts'
import { createInProcessBackplane } from '../backplane/in-process-backplane.ts'
import { Kit } from '../kit.ts'
import { createInProcessLocks } from '../locks/in-process-locks.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import type { AssembledParts } from './create-parts.ts'

// What a kit holds inside shows in no public call, and must be gone when it is closed.
const assembled = vi.hoisted((): { last: unknown } => ({ last: undefined }))
vi.mock('./create-parts.ts', async (original) => {
  const real = await original<typeof import('./create-parts.ts')>()
  return {
    ...real,
    createParts: (...given: Parameters<typeof real.createParts>) => (assembled.last = real.createParts(...given)),
  }
})
const partsOfLast = (): AssembledParts['parts'] => (assembled.last as AssembledParts).parts // Set by the mock above.

beforeEach(() => {
  assembled.last = undefined
})

test('KT-1 a kit without options works', async () => {
  await using kit = new Kit()
  kit.register(scriptedAgent('bot', says('hello to you')))
  const { id } = await kit.createRoom({ channels: ['bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  expect(textsOf(await kit.events(id))).toEqual(['hello', 'hello to you'])
  expect(() => new Kit({ stroe: 1 } as object)).toThrow(
    expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('"store"') }),
  )
})

test('KT-1 a lasting store with locks of one process is warned of, once', async () => {
  const clock = createVirtualClock()
  const lasting = Object.assign(Object.create(createMemoryStore({ clock })), { isProcessLocal: false })
  const warned = openKit({ store: lasting, clock })
  await warned.kit.ready()
  await warned.kit.createRoom()
  expect(warned.warnings()).toMatchObject([{ what: 'kit_single_process' }])
  const shared = openKit({
    store: Object.create(lasting),
    clock,
    locks: { ...createInProcessLocks({ clock }), isProcessLocal: false },
  })
  await shared.kit.ready()
  expect(shared.warnings()).toEqual([])
})

test('KT-2 an id is given once; what is taken back is open, its bindings stay, and its deliveries are skipped with a receipt', async () => {
  let closed = 0
  const web = recordingTransport('web', { close: () => Promise.resolve(void (closed += 1)) })
  const { kit } = openKit({}, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  expect(() => kit.register(recordingTransport('web'))).toThrow(
    expect.objectContaining({ code: 'channel_already_registered' }),
  )
  expect(kit.channels()).toContain(web)
  expect(kit.unregister('web')).toBe(web)
  expect(kit.unregister('web')).toBeUndefined()
  expect(closed).toBe(0)
  expect(await kit.bindings(id)).toMatchObject([{ channelId: 'web' }])
  const sent = await kit.send(id, { from: 'ada', text: 'hello' })
  if (sent.outcome !== 'committed') throw new Error('the line is committed')
  expect((await sent.settled()).deliveries).toMatchObject([
    { channelId: 'web', status: 'skipped', error: { code: 'channel_not_registered' } },
  ])
  await kit.settled(id)
  expect(await kit.receipts(id, { kind: 'delivery' })).toMatchObject([{ data: { channelId: 'web' } }])
  kit.register(web)
  await kit.send(id, { from: 'ada', text: 'back' }, { wait: 'settled' })
  expect(web.said()).toEqual(['back'])
})

test('KT-3 closing goes in order: sources, new traffic, lanes and turns, channels one by one, then the ports', async () => {
  const clock = createVirtualClock()
  const order: string[] = []
  const note = (what: string) => async (): Promise<void> => void order.push(what)
  const closing = (channel: Channel, waitMs: number): Channel => ({
    ...channel,
    async close() {
      order.push(`${channel.channelId} closes`)
      await clock.sleep(waitMs)
      order.push(`${channel.channelId} closed`)
    },
  })
  const store = Object.assign(Object.create(createMemoryStore({ clock })), { close: note('store') })
  const kit = new Kit({
    clock,
    ids: createSeededIds(1),
    store,
    backplane: { ...createInProcessBackplane(), close: note('backplane') },
    locks: { ...createInProcessLocks({ clock }), close: note('locks') },
  })
  kit.register(closing(scriptedAgent('quick', says('in time', 1_000)), 10))
  kit.register(closing(scriptedAgent('stuck', says('never', 100_000)), 10))
  kit.attachSource({
    id: 'feed',
    run: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => (order.push('source'), resolve()))),
  })
  const { id } = await kit.createRoom({ channels: ['quick', 'stuck'], agentResponsePolicy: 'addressedOnly' })
  await kit.send(id, { from: 'ada', text: 'hello' })
  await clock.advance(0)
  const closed = kit.close({ graceMs: 5_000 })
  expect(kit.close()).toBe(closed)
  for (const refused of [
    () => kit.send(id, { from: 'ada', text: 'late' }),
    () => kit.processInbound(line('quick', 'ada', 'late')),
    () => kit.createRoom(),
  ]) {
    await expect(refused()).rejects.toMatchObject({ code: 'kit_closed' })
  }
  await clock.advance(4_999)
  expect(order).toEqual(['source'])
  await clock.advance(2_000)
  await closed
  expect(order).toEqual(
    [
      'source',
      'direct',
      'quick closes',
      'quick closed',
      'stuck closes',
      'stuck closed',
      'backplane',
      'locks',
      'store',
    ].filter((step) => step !== 'direct'),
  )
  expect(textsOf(await kit.events(id))).toEqual(['hello', 'in time'])
  expect((await kit.receipts(id, { kind: 'turn' })).map(({ data }) => (data as { end: string }).end)).toEqual([
    'completed',
    'aborted',
  ])
})

test('KT-3 everything is tried, and all that failed is told once', async () => {
  const order: string[] = []
  const failing = (channelId: string): Channel =>
    recordingTransport(channelId, {
      close: () => (order.push(channelId), Promise.reject(new Error(`secret of ${channelId}`))),
    })
  const kit = new Kit({
    clock: createVirtualClock(),
    backplane: {
      ...createInProcessBackplane(),
      close: () => Promise.reject(new ParleyError({ code: 'backplane_unavailable', message: 'gone' })),
    },
  })
  kit.register(failing('one'))
  kit.register(failing('two'))
  const error: unknown = await kit.close().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'kit_close_failed',
    details: { errors: ['internal_error', 'internal_error', 'backplane_unavailable'] },
  })
  expect(JSON.stringify(error)).not.toContain('secret')
  expect(order).toEqual(['one', 'two'])
  await expect(kit.close()).rejects.toBe(error)
})

test('KT-4 nothing of 500 rooms outlives the kit: timers, lanes, turns, cascades, listeners, promises', async () => {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(1) })
  kit.register(recordingTransport('web'))
  kit.register(
    recordingTransport('flaky', {
      deliver: () => Promise.resolve({ status: 'failed', code: 'x', message: 'x', retryable: true }),
    }),
  )
  kit.register(recordingTransport('hung', { deliver: () => new Promise(() => {}) }))
  kit.register(scriptedAgent('bot', says('an answer', 50)))
  kit.register(
    scriptedAgent('stuck', async function* () {
      await new Promise(() => {})
      yield { type: 'textDelta', text: 'never' }
    }),
  )
  kit.attachSource({
    id: 'feed',
    run: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  })
  const disposers = []
  const open: Promise<unknown>[] = []
  for (let n = 0; n < 500; n += 1) {
    const { id } = await kit.createRoom({
      channels: ['web', 'flaky', 'hung', 'bot', 'stuck'],
      timers: { inactiveAfterMs: 60_000, closedAfterMs: 60_000 },
    })
    disposers.push(kit.subscribe(id, () => {}))
    kit.hook('beforeBroadcast', () => undefined, { roomId: id })
    kit.publish(id, { type: 'typingStarted', from: 'ada' })
    await kit.schedule(id, { key: 'later', inMs: 3_600_000, payload: 1 })
    const sent = await kit.send(id, { from: 'ada', text: `hello ${n}` })
    if (sent.outcome === 'committed') open.push(sent.settled())
    open.push(kit.settled(id))
  }
  await clock.advance(100)
  expect(clock.pending).toBeGreaterThan(0)
  const parts = partsOfLast()
  const closed = kit.close({ graceMs: 1_000 })
  await clock.advance(10_000)
  await closed
  await clock.advance(0)
  await Promise.all(open)
  expect(clock.pending).toBe(0)
  expect({
    lanes: parts.lanes.size,
    receivers: parts.lanes.receivers.size,
    cascades: parts.cascades.size,
    turns: parts.turns,
  }).toMatchObject({
    lanes: 0,
    receivers: 0,
    cascades: 0,
    turns: { size: 0 },
  })
  expect(parts.ephemeral).toMatchObject({ size: 0 })
  expect(parts.registry.list()).toEqual([])
  expect(parts.hooks.has('beforeBroadcast', {})).toBe(false)
  expect(parts.framework.has('warning')).toBe(false)
  for (const dispose of disposers) dispose()
})

test('KT-6 replace swaps between turns: what runs ends with the old object, what comes next uses the new', async () => {
  const old = scriptedAgent('bot', says('old', 100))
  const oldWeb = recordingTransport('web')
  const { kit, clock } = openKit({}, [oldWeb, old])
  const { id } = await kit.createRoom({ channels: ['web', { channelId: 'bot', metadata: { desk: 4 } }] })
  await kit.send(id, { from: 'ada', text: 'one' })
  await clock.advance(10)
  const newWeb = recordingTransport('web', { capabilities: { content: ['text', 'rich'] } })
  expect(kit.replace(scriptedAgent('bot', says('new')))).toBe(old)
  expect(kit.replace(newWeb)).toBe(oldWeb)
  await clock.advance(100)
  await kit.send(id, { from: 'ada', text: 'two' }, { wait: 'settled' })
  expect(textsOf(await kit.events(id, { types: ['message'] }))).toEqual(['one', 'old', 'two', 'new'])
  expect(oldWeb.said()).toEqual(['one'])
  expect(newWeb.said()).toEqual(['old', 'two', 'new'])
  const bindings = await kit.bindings(id)
  expect(bindings.find(({ channelId }) => channelId === 'bot')).toMatchObject({ metadata: { desk: 4 } })
  expect(bindings.find(({ channelId }) => channelId === 'web')?.capabilities.content).toEqual(['text', 'rich'])
  expect((await kit.events(id, { types: ['channelUpdated'] })).map(({ content }) => content)).toMatchObject([
    { data: { channelId: 'bot' } },
    { data: { channelId: 'web' } },
  ])
})
