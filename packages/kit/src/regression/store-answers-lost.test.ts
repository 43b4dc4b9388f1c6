import type { ConversationStore } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { openKit, recordingTransport, textsOf } from '../__fixtures__/open-kit.ts'
import { createMemoryStore } from '../store/memory-store.ts'

const lost = (): Promise<never> => Promise.reject(new Error('connection reset'))

/** A memory store of which some methods are others. */
function storeWith(change: (inner: ConversationStore) => Partial<ConversationStore>) {
  const clock = createVirtualClock()
  const inner = createMemoryStore({ clock })
  // The object has every method of the one it stands before.
  const store = Object.assign(Object.create(inner), change(inner)) as ConversationStore
  return { clock, inner, store }
}

test('LN-2 LN-4 a cursor that could not be stored is stored later, and nothing is delivered a second time', async () => {
  let failures = 0
  const { clock, inner, store } = storeWith(({ advanceDelivered }) => ({
    advanceDelivered: (...given) => (failures++ === 0 ? lost() : advanceDelivered(...given)),
  }))
  const web = recordingTransport('web')
  const { kit } = openKit({ clock, store }, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.send(id, { from: 'ada', text: 'one' }, { wait: 'settled' })
  await clock.advance(0)
  expect((await inner.getRoom(id))?.deliveredIndex).toBe(-1)
  await clock.advance(120_000)
  expect((await inner.getRoom(id))?.deliveredIndex).toBe(0)
  await kit.send(id, { from: 'ada', text: 'two' }, { wait: 'settled' })
  await clock.advance(0)
  expect(web.said()).toEqual(['one', 'two'])
  expect((await inner.getRoom(id))?.deliveredIndex).toBe(1)
})

test('LN-2 an answer of the cursor that was lost does not stop it for good', async () => {
  let calls = 0
  const { clock, inner, store } = storeWith(({ advanceDelivered }) => ({
    advanceDelivered: async (...given) => {
      const moved = await advanceDelivered(...given)
      calls += 1
      return calls === 1 ? lost() : moved
    },
  }))
  const web = recordingTransport('web')
  const { kit } = openKit({ clock, store }, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  for (const text of ['one', 'two', 'three']) await kit.send(id, { from: 'ada', text }, { wait: 'settled' })
  await clock.advance(0)
  expect((await inner.getRoom(id))?.deliveredIndex).toBe(2)
  expect(web.said()).toEqual(['one', 'two', 'three'])
})

test('ST-5 a commit whose answer is lost is found by its id: committed, delivered once', async () => {
  let isArmed = false
  const { clock, store } = storeWith(({ commit }) => ({
    commit: async (...given) => {
      const outcome = await commit(...given)
      if (!isArmed) return outcome
      isArmed = false
      return lost()
    },
  }))
  const web = recordingTransport('web')
  const { kit } = openKit({ clock, store }, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  isArmed = true
  const sent = await kit.send(id, { from: 'ada', text: 'one' }, { wait: 'settled' })
  expect(sent).toMatchObject({ outcome: 'committed', duplicate: false })
  await kit.send(id, { from: 'ada', text: 'two' }, { wait: 'settled' })
  expect(web.said()).toEqual(['one', 'two'])
})

test('ST-5 LN-2 a commit nobody could be asked about is store_unavailable; if it was made, it is delivered before the next', async () => {
  let isAway = false
  let isMade = false
  const { clock, store } = storeWith(({ commit, getEvent }) => ({
    commit: async (...given) => {
      if (!isAway) return commit(...given)
      if (isMade) await commit(...given)
      return lost()
    },
    getEvent: (...given) => (isAway ? lost() : getEvent(...given)),
  }))
  const web = recordingTransport('web')
  const { kit } = openKit({ clock, store }, [web])
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.send(id, { from: 'ada', text: 'one' }, { wait: 'settled' })
  for (isMade of [false, true]) {
    isAway = true
    await expect(kit.send(id, { from: 'ada', text: isMade ? 'made' : 'not made' })).rejects.toMatchObject({
      code: 'store_unavailable',
      retryable: true,
    })
    isAway = false
  }
  await kit.send(id, { from: 'ada', text: 'two' }, { wait: 'settled' })
  expect(textsOf(await kit.events(id))).toEqual(['one', 'made', 'two'])
  expect(web.said()).toEqual(['one', 'made', 'two'])
})

test('ER-3 ST-5 what a store throws is only ever a cause: callers get store_unavailable', async () => {
  const { clock, store } = storeWith(() => ({
    getRoom: () => lost(),
    loadContext: () => {
      throw new Error('pool is gone')
    },
  }))
  const { kit } = openKit({ clock, store })
  for (const call of [kit.getRoom('room'), kit.events('room'), kit.send('room', { from: 'ada', text: 'x' })]) {
    const error: unknown = await call.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'store_unavailable',
      retryable: true,
      message: expect.stringContaining('try again'),
    })
    expect(JSON.stringify(error)).not.toMatch(/reset|pool/)
  }
})
