import { expect, test } from 'vitest'

import { createInProcessBackplane } from './in-process-backplane.ts'

test('messages reach the subscribers of their topic in order of publishing', async () => {
  const backplane = createInProcessBackplane()
  const heard: unknown[] = []
  backplane.subscribe('room_1', (message) => heard.push(message))
  backplane.subscribe('room_2', (message) => heard.push(['other', message]))
  await Promise.all([1, 2, 3].map((n) => backplane.publish('room_1', n)))
  expect(heard).toEqual([1, 2, 3])
})

test('a disposer ends one subscription and only that', async () => {
  const backplane = createInProcessBackplane()
  const heard: unknown[] = []
  const listener = (message: unknown): number => heard.push(message)
  const dispose = backplane.subscribe('t', listener)
  backplane.subscribe('t', listener)
  dispose()
  dispose()
  await backplane.publish('t', 'once')
  expect(heard).toEqual(['once'])
})

test('a throwing subscriber affects no other', async () => {
  const errors: unknown[] = []
  const backplane = createInProcessBackplane({ onError: (error) => errors.push(error) })
  const heard: unknown[] = []
  backplane.subscribe('t', () => {
    throw new Error('broken')
  })
  backplane.subscribe('t', (message) => heard.push(message))
  await backplane.publish('t', 1)
  expect(heard).toEqual([1])
  expect(errors).toEqual([new Error('broken')])
})

test('closing tells of the disconnection once and ends deliveries', async () => {
  const backplane = createInProcessBackplane()
  const heard: unknown[] = []
  backplane.subscribe('t', (message) => heard.push(message))
  backplane.onState((state) => heard.push(state))
  const published = backplane.publish('t', 'late')
  await backplane.close?.()
  await backplane.close?.()
  await published
  expect(heard).toEqual(['disconnected'])
})
