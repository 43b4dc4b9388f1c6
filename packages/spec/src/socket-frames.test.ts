import { expect, test } from 'vitest'
import { createSocketFrames } from './socket-frames.ts'

test('what a socket holds at its end is still read, and a second reader is refused', async () => {
  const { push, end, frames } = createSocketFrames()
  push('text')
  push(new Uint8Array([2]))
  end()
  expect(await all(frames)).toEqual(['text', new Uint8Array([2])])
  await expect(all(frames)).rejects.toThrow('one consumer')
})

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const event of events) read.push(event)
  return read
}
