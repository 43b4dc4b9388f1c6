import {
  defaultRetryPolicy,
  noLogger,
  ParleyError,
  type Channel,
  type ChannelBinding,
  type Delivery,
  type DeliveryOutcome,
  type DeliveryReport,
  type Receipt,
  type RoomEvent,
  type RoomHandle,
} from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { sampleBinding, sampleEvent, sampleRoom } from '../__fixtures__/room-samples.ts'
import { createFrameworkEvents } from '../core/create-framework-events.ts'
import { frameworkEventTypes } from '../core/framework-events.ts'
import { defaultLimits } from '../core/limits.ts'
import { createHookEngine } from '../hooks/create-hook-engine.ts'
import { block, modify } from '../hooks/hook-results.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { createReceivers } from './receivers.ts'

type Deliver = (delivery: Delivery) => Promise<DeliveryOutcome>
const sent: DeliveryOutcome = { status: 'sent' }
const busy: DeliveryOutcome = { status: 'failed', code: 'busy', message: 'secret words', retryable: true }
const plain = { ...defaultRetryPolicy, jitter: 'none' as const }

function setUp({ limits = {} }: { limits?: Partial<typeof defaultLimits> } = {}) {
  const clock = createVirtualClock()
  const ids = createSeededIds(1)
  const store = createMemoryStore({ clock, ids })
  const channels = new Map<string, Channel>()
  const framework = createFrameworkEvents(() => {})
  const emitted: string[] = []
  for (const type of frameworkEventTypes)
    framework.on(type, ({ data }) => emitted.push(`${type} ${JSON.stringify(data['channelId'])}`.replaceAll('"', '')))
  const errors: unknown[] = []
  const receipts: Receipt[] = []
  const reportError = (thrown: unknown): void => void errors.push(thrown)
  const all = { ...defaultLimits, ...limits }
  const hooks = createHookEngine({
    clock,
    limits: all,
    logger: noLogger,
    framework,
    reportError,
    closing: new AbortController().signal,
  })
  const receivers = createReceivers({
    clock,
    ids,
    store,
    logger: noLogger,
    limits: all,
    hooks,
    framework,
    reportError,
    // No channel of these tests looks at its room.
    handle: () => ({}) as RoomHandle,
    receipt(roomId, kind, data, also) {
      const receipt = { id: ids.next('rcpt'), roomId, kind, at: '', data, ...also }
      receipts.push(receipt)
      return receipt
    },
    background: (_stage, run) => void run(new AbortController().signal),
    registry: {
      get: (id) => channels.get(id),
      add() {},
      offer() {},
      replace: () => undefined,
      remove: () => undefined,
      list: () => [],
    },
  })
  const register = (channelId: string, deliver: Deliver): void => {
    channels.set(channelId, {
      channelId,
      channelType: 'sms',
      category: 'transport',
      capabilities: { content: ['text'] },
      deliver,
    })
  }
  const reports: DeliveryReport[] = []
  const push = (event: Partial<RoomEvent>, binding: Partial<ChannelBinding> = {}): void =>
    receivers.deliver(sampleEvent(event), sampleBinding({ retry: plain, ...binding }), sampleRoom(), (report) =>
      reports.push(report),
    )
  return { clock, store, receivers, register, push, reports, emitted, errors, receipts, hooks, channels }
}

const line = (index: number): Partial<RoomEvent> => ({
  id: `evt_${index}`,
  index,
  content: { type: 'text', text: `${index}` },
})

test('a delivery starts at once, and one that is sent at the first try sets no timer', async () => {
  const { register, push, clock, reports, receivers } = setUp()
  const seen: Delivery[] = []
  register('sms', async (delivery) => {
    seen.push(delivery)
    return { status: 'sent', providerMessageId: 'p1' }
  })
  let timers = 0
  const { setTimer } = clock
  clock.setTimer = (delayMs, run) => {
    timers += 1
    return setTimer(delayMs, run)
  }
  push({})
  expect(seen).toMatchObject([{ deliveryId: 'evt_1:sms', attempt: 1, content: { text: 'hello' } }])
  await clock.advance(0)
  expect(reports).toEqual([
    { channelId: 'sms', deliveryId: 'evt_1:sms', status: 'sent', attempts: 1, providerMessageId: 'p1' },
  ])
  expect([timers, clock.pending, receivers.size]).toEqual([0, 0, 0])
})

test('LN-2 LN-3 each receiver gets its events in order, and a slow one delays no other', async () => {
  const { register, push, clock } = setUp()
  const got: string[] = []
  register('slow', async ({ event }) => {
    await clock.sleep(1_000)
    got.push(`slow ${event.index}`)
    return sent
  })
  register('fast', async ({ event }) => {
    got.push(`fast ${event.index}`)
    return sent
  })
  for (const index of [0, 1, 2]) for (const channelId of ['slow', 'fast']) push(line(index), { channelId })
  await clock.advance(0)
  expect(got).toEqual(['fast 0', 'fast 1', 'fast 2'])
  await clock.advance(3_000)
  expect(got.slice(3)).toEqual(['slow 0', 'slow 1', 'slow 2'])
})

test('LN-6 a refusal of the provider is failed, its words stay in the cause, and other receivers are served', async () => {
  const { register, push, clock, reports, emitted, receipts } = setUp()
  register('bad', async () => ({ status: 'failed', code: 'blocked_number', message: 'secret words', retryable: false }))
  register('good', async () => sent)
  push({}, { channelId: 'bad' })
  push({}, { channelId: 'good' })
  await clock.advance(0)
  expect(reports.map(({ channelId, status, attempts }) => [channelId, status, attempts])).toEqual([
    ['bad', 'failed', 1],
    ['good', 'sent', 1],
  ])
  expect(JSON.stringify([reports, receipts])).not.toContain('secret')
  expect(reports[0]?.error?.code).toBe('delivery_rejected')
  expect(emitted).toEqual(['deliveryFailed bad', 'deliverySucceeded good'])
  expect(receipts.map(({ kind, data }) => [kind, data])).toMatchObject([
    ['delivery', { channelId: 'bad', code: 'delivery_rejected' }],
  ])
})

test('LN-6 a channel that throws, at once or later, is a failed delivery of its own', async () => {
  const { register, push, clock, reports } = setUp()
  register('sync', () => {
    throw new TypeError('x is not a function')
  })
  register('late', async () => {
    throw new TypeError('x is not a function')
  })
  push({}, { channelId: 'sync' })
  push({}, { channelId: 'late' })
  await clock.advance(0)
  expect(reports.map(({ status, attempts }) => [status, attempts])).toEqual([
    ['failed', 1],
    ['failed', 1],
  ])
})

test('RS-1 three retries, from one second, doubling; what cannot be retried is not', async () => {
  const { register, push, clock, reports } = setUp()
  const at: number[] = []
  register('sms', async () => {
    at.push(clock.monotonicMs())
    return busy
  })
  push({})
  await clock.runToRest()
  expect(at).toEqual([0, 1_000, 3_000, 7_000])
  expect(reports).toMatchObject([{ status: 'failed', attempts: 4, error: { retryable: true } }])
})

test('RS-1 what the provider asks for is honoured within the cap', async () => {
  const { register, push, clock } = setUp()
  const at: number[] = []
  const waits = [5_000, 500_000]
  register('sms', async ({ attempt }) => {
    at.push(clock.monotonicMs())
    const retryAfterMs = waits[attempt - 1]
    return retryAfterMs === undefined
      ? sent
      : { status: 'failed', code: 'slow_down', message: '', retryable: true, retryAfterMs }
  })
  push({})
  await clock.runToRest()
  expect(at).toEqual([0, 5_000, 65_000])
})

test('RS-1 retries keep the order of events', async () => {
  const { register, push, clock } = setUp()
  const got: number[] = []
  register('sms', async ({ event, attempt }) => {
    if (event.index === 0 && attempt === 1) return busy
    got.push(event.index)
    return sent
  })
  push(line(0))
  push(line(1))
  await clock.runToRest()
  expect(got).toEqual([0, 1])
})

test('an attempt that hangs is ended and tried again, its signal aborted', async () => {
  const { channels, push, clock, reports } = setUp()
  const reasons: unknown[] = []
  channels.set('sms', {
    channelId: 'sms',
    channelType: 'sms',
    category: 'transport',
    capabilities: { content: ['text'] },
    deliver: ({ attempt }, { signal }) =>
      attempt === 2
        ? Promise.resolve(sent)
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason)
              reject(signal.reason)
            })
          }),
  })
  push({})
  await clock.advance(15_000)
  expect(reasons).toMatchObject([{ code: 'delivery_timeout' }])
  await clock.runToRest()
  expect(reports).toMatchObject([{ status: 'sent', attempts: 2 }])
})

test('RS-2 a channel that keeps failing gets breaker_open at once, opening and closing are events', async () => {
  const { register, push, clock, reports, emitted } = setUp()
  let isWell = false
  let calls = 0
  register('sms', async () => {
    calls += 1
    return isWell ? sent : { status: 'failed', code: 'down', message: '', retryable: false }
  })
  for (const index of [0, 1, 2, 3, 4, 5]) push(line(index))
  await clock.advance(0)
  expect(calls).toBe(5)
  expect(reports.at(-1)).toMatchObject({
    status: 'failed',
    attempts: 0,
    error: { code: 'breaker_open' },
    retryAfterMs: 60_000,
  })
  isWell = true
  await clock.advance(60_000)
  push(line(6))
  await clock.advance(0)
  expect(reports.at(-1)?.status).toBe('sent')
  expect(emitted.filter((one) => one.startsWith('breaker'))).toEqual(['breakerOpened sms', 'breakerClosed sms'])
})

test('RS-2 mistakes in code and rejected content do not count', async () => {
  const { register, push, clock, reports } = setUp()
  register('sms', async ({ event }) => {
    if (event.index % 2 === 0) throw new TypeError('x is not a function')
    return { status: 'failed', code: 'content_rejected', message: '', retryable: false }
  })
  for (let index = 0; index < 12; index++) push(line(index))
  await clock.advance(0)
  expect(reports.map(({ error }) => error?.code)).toEqual(Array(12).fill('delivery_rejected'))
})

test('RS-2 organizations have breakers of their own', async () => {
  const { register, receivers, clock } = setUp()
  const codes: (string | undefined)[] = []
  register('sms', async () => ({ status: 'failed', code: 'down', message: '', retryable: false }))
  const push = (organizationId: string): void =>
    receivers.deliver(sampleEvent(), sampleBinding(), sampleRoom({ id: organizationId, organizationId }), ({ error }) =>
      codes.push(error?.code),
    )
  for (let time = 0; time < 6; time++) push('one')
  await clock.advance(0)
  push('two')
  await clock.advance(0)
  expect(codes.slice(-2)).toEqual(['breaker_open', 'delivery_rejected'])
})

test('RS-3 a rate makes deliveries wait in the queue and drops none', async () => {
  const { register, push, clock, reports } = setUp()
  const at: number[] = []
  register('sms', async () => {
    at.push(clock.monotonicMs())
    return sent
  })
  for (const index of [0, 1, 2, 3]) push(line(index), { rateLimit: { perSecond: 0.05, burst: 1 } })
  await clock.runToRest()
  expect(at).toEqual([0, 20_000, 40_000, 60_000])
  expect(reports.map(({ status }) => status)).toEqual(['sent', 'sent', 'sent', 'sent'])
})

test('RS-4 a full queue is behind and reads the rest from the log, in order and without loss', async () => {
  const { register, push, clock, store, emitted, reports, receivers } = setUp({ limits: { receiverQueue: 3 } })
  await store.createRoom(sampleRoom())
  const got: number[] = []
  register('sms', async ({ event }) => {
    await clock.sleep(10)
    got.push(event.index)
    return sent
  })
  const total = 250
  const drafts = Array.from({ length: total }, (_, index) => {
    const { index: _index, ...draft } = sampleEvent(line(index))
    return draft
  })
  await store.commit('room', drafts)
  for (const event of await store.events('room', { limit: 1_000 })) push(event)
  await clock.runToRest()
  expect(got).toEqual(Array.from({ length: total }, (_, index) => index))
  expect(emitted.filter((one) => one.startsWith('warning'))).toEqual(['warning sms'])
  expect(reports).toHaveLength(total)
  expect([receivers.size, clock.pending]).toEqual([0, 0])
})

test('RS-4 a full queue gives up its oldest ephemeral event, never a committed one', async () => {
  const { register, push, clock, reports } = setUp({ limits: { receiverQueue: 3 } })
  const got: string[] = []
  register('sms', async ({ event }) => {
    await clock.sleep(10)
    got.push(event.id)
    return sent
  })
  const passing = (id: string): Partial<RoomEvent> => ({ id, index: -1 })
  push({ id: 'running', index: 0 })
  for (const event of [
    passing('e1'),
    { id: 'c1', index: 1 },
    passing('e2'),
    { id: 'c2', index: 2 },
    { id: 'c3', index: 3 },
  ])
    push(event)
  push(passing('e3'))
  await clock.runToRest()
  expect(got).toEqual(['running', 'c1', 'c2', 'c3'])
  expect(reports.filter(({ status }) => status === 'skipped').map(({ deliveryId }) => deliveryId)).toEqual([
    'e1:sms',
    'e2:sms',
    'e3:sms',
  ])
})

test('LN-7 content without a form is skipped and reported', async () => {
  const { register, push, clock, reports } = setUp()
  register('sms', async () => sent)
  push({ content: { type: 'reaction', targetEventId: 'evt_0', emoji: '👍' } })
  await clock.advance(0)
  expect(reports).toMatchObject([{ status: 'skipped', attempts: 0, error: { code: 'transcoding_failed' } }])
})

test('LN-8 a long text goes out in parts, in order, and a retry does not repeat a part', async () => {
  const { register, push, clock, reports } = setUp()
  const got: string[] = []
  register('sms', async ({ deliveryId, content, attempt }) => {
    if (deliveryId.endsWith('#2') && attempt === 1) return busy
    got.push(`${deliveryId} ${content.type === 'text' ? content.text : ''}`)
    return sent
  })
  const capabilities = { content: ['text' as const], maxLength: 12, multipart: true }
  push({ content: { type: 'text', text: 'One two. Three four. Five.' } }, { capabilities })
  await clock.runToRest()
  expect(got).toEqual(['evt_1:sms#1 One two.', 'evt_1:sms#2 Three four.', 'evt_1:sms#3 Five.'])
  expect(reports).toMatchObject([{ deliveryId: 'evt_1:sms', status: 'sent', attempts: 4 }])
})

test('KT-2 a delivery to a channel that is gone is skipped with a receipt', async () => {
  const { push, clock, reports, receipts } = setUp()
  push({}, { channelId: 'gone' })
  await clock.advance(0)
  expect(reports).toMatchObject([{ status: 'skipped', error: { code: 'channel_not_registered' } }])
  expect(receipts).toMatchObject([{ kind: 'delivery', eventIndex: 0, data: { channelId: 'gone', status: 'skipped' } }])
})

test('beforeDeliver changes what one receiver gets, a block skips it, and afterDeliver hears of it', async () => {
  const { register, push, clock, reports, hooks } = setUp()
  const got: unknown[] = []
  const heard: string[] = []
  register('sms', async ({ content }) => {
    got.push(content)
    return sent
  })
  hooks.add('beforeDeliver', ({ event }) =>
    event.index === 1 ? block('x.quiet_hours') : modify({ type: 'text' as const, text: 'masked' }),
  )
  hooks.add('afterDeliver', ({ report }) => void heard.push(report.status))
  push(line(0))
  push(line(1))
  await clock.advance(0)
  expect(got).toEqual([{ type: 'text', text: 'masked' }])
  expect(reports[1]).toMatchObject({ status: 'skipped', error: { details: { reason: 'x.quiet_hours' } } })
  expect(heard).toEqual(['sent', 'skipped'])
})

test('KT-4 closing ends attempts and waits, and reports nothing more', async () => {
  const { register, push, clock, receivers, reports } = setUp()
  register('sms', () => new Promise(() => {}))
  register('retry', async () => busy)
  push({}, { channelId: 'sms' })
  push({}, { channelId: 'retry' })
  await clock.advance(1)
  receivers.close()
  await clock.advance(0)
  expect([clock.pending, reports.length]).toEqual([0, 0])
})

test('a report that cannot be taken is an error of the kit and does not stop the queue', async () => {
  const { register, receivers, clock, errors, push, reports } = setUp()
  register('sms', async () => sent)
  receivers.deliver(sampleEvent(), sampleBinding(), sampleRoom(), () => {
    throw new ParleyError({ code: 'internal_error', message: 'no' })
  })
  push(line(1))
  await clock.advance(0)
  expect(errors).toHaveLength(1)
  expect(reports).toHaveLength(1)
})
