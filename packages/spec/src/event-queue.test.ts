import { expect, test } from 'vitest'
import { createEventQueue } from './event-queue.ts'

test('what was pushed before and while somebody reads comes in order, up to the end', async () => {
  const queue = createEventQueue<string | number>()
  queue.push('one')
  const read = all(queue.events)
  await Promise.resolve()
  queue.push(0)
  queue.push('')
  expect(queue.hasEnded).toBe(false)
  queue.end()
  queue.push('late')
  expect(queue.hasEnded).toBe(true)
  expect(await read).toEqual(['one', 0, ''])
})

test('a queue with a capacity lets the oldest go; one without keeps all, also past its end', async () => {
  const small = createEventQueue<number>({ capacity: 2 })
  const large = createEventQueue<number>()
  for (const queue of [small, large]) {
    for (let event = 0; event < 5_000; event += 1) queue.push(event)
    queue.end()
  }
  expect(await all(small.events)).toEqual([4_998, 4_999])
  expect(await all(large.events)).toHaveLength(5_000)
})

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const event of events) read.push(event)
  return read
}
