import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createDeliveryQueue } from './proactive-queue.ts'

const error = { code: 'delivery_rejected', message: 'no' }

async function setUp(...items: [string, string][]) {
  const clock = createVirtualClock()
  const dead: string[] = []
  const queue = createDeliveryQueue({ clock, onDeadLetter: ({ id }, { code }) => dead.push(`${id} ${code}`) })
  for (const [id, roomId] of items) await queue.enqueue({ id, roomId, payload: id })
  const take = async (n = 10): Promise<string[]> => (await queue.dequeue('worker', n)).map(({ id }) => id)
  return { clock, queue, dead, take }
}

test('PD-3 items of a worker that died return after 30 s, in their place', async () => {
  const { clock, queue, take } = await setUp(['a', 'r1'], ['b', 'r1'], ['c', 'r2'])
  expect(await take(1)).toEqual(['a'])
  expect(await take()).toEqual(['c'])
  await queue.ack('c')
  await clock.advance(29_999)
  expect(await take()).toEqual([])
  await clock.advance(1)
  expect(await take()).toEqual(['a', 'b'])
  await queue.ack('a')
  await queue.ack('b')
  expect([await queue.depth(), clock.pending]).toEqual([0, 0])
})

test('PD-3 after three failures an item is a dead letter, and the ones behind it go on', async () => {
  const { queue, take, dead } = await setUp(['bad', 'r1'], ['good', 'r1'])
  for (let failure = 0; failure < 3; failure++) {
    expect(await take(1)).toEqual(['bad'])
    await queue.nack('bad', error)
  }
  expect(await take()).toEqual(['good'])
  expect(await queue.deadLetters()).toEqual([{ id: 'bad', roomId: 'r1', payload: 'bad', attempts: 3 }])
  expect(dead).toEqual(['bad delivery_rejected'])
})

test('PD-3 an item that kills its workers is a dead letter too', async () => {
  const { clock, queue, take, dead } = await setUp(['bad', 'r1'])
  for (let failure = 0; failure < 3; failure++) {
    expect(await take()).toEqual(['bad'])
    await clock.advance(30_000)
  }
  expect(await take()).toEqual([])
  await queue.nack('bad', error)
  expect([dead, await queue.depth()]).toEqual([['bad delivery_timeout'], 0])
})

test('PD-3 what is enqueued twice is delivered once', async () => {
  const { queue, take } = await setUp(['a', 'r1'], ['a', 'r1'])
  expect(await take()).toEqual(['a'])
  await queue.ack('a')
  expect(await queue.depth()).toBe(0)
})
