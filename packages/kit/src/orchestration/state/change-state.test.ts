import { ConversationState } from '@parley/spec'
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../store/memory-store.ts'
import { receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { setConversationState } from './room-state.ts'

test('CS-3 CS-6 state and record are committed together, open instants stamped with the time of saving', async () => {
  const { kit, clock } = testKit()
  const room = await kit.createRoom()
  const phases: string[] = []
  kit.hook('onPhaseTransition', ({ transition }) => void phases.push(transition.toPhase))
  await clock.advance(1_000)
  const moved = await kit.updateState(room.id, (state) =>
    state.transition('handling', { toAgent: 'a', reason: 'call' }),
  )
  expect(moved).toMatchObject({ version: 1, phase: 'handling', phaseStartedAt: '2026-01-01T00:00:01.000Z' })
  expect(moved.phaseHistory[0]?.timestamp).toBe('2026-01-01T00:00:01.000Z')
  await kit.updateState(room.id, (state) => state.enterPhase(state.phase).transition(state.phase, { toAgent: 'b' }))
  await kit.updateState(room.id, (state) => state.with({ language: 'French' }))
  await kit.updateState(room.id, (state) => state)
  const log = await kit.events(room.id)
  expect(log.map(({ type, content }) => [type, content.type === 'system' ? content.code : ''])).toEqual([
    ['phaseChanged', 'phase_changed'],
    ['phaseChanged', 'phase_changed'],
  ])
  expect(log[0]).toMatchObject({
    visibility: 'internal',
    content: { data: { fromPhase: 'intake', toPhase: 'handling', fromAgent: null, toAgent: 'a', reason: 'call' } },
  })
  expect((await kit.state(room.id)).version).toBe(3)
  await kit.settled(room.id)
  expect(phases).toEqual(['handling'])
  await kit.close()
})

test('CS-6 changes of many at once are all kept, one after another', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom()
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      kit.updateState(room.id, (state) => state.with({ context: { ...state.context, [`k${n}`]: n } })),
    ),
  )
  const state = await kit.state(room.id)
  expect(Object.keys(state.context)).toHaveLength(20)
  expect(state.version).toBe(20)
  await expect(
    kit.updateState(room.id, () => {
      throw new Error('mine')
    }),
  ).rejects.toThrow('mine')
  await kit.close()
})

test('CS-4 a stale state changes nothing, by updateState and by the store, and a save by the store is logged', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom()
  const old = await kit.state(room.id)
  await kit.updateState(room.id, (state) => state.transition('one'))
  await expect(kit.updateState(room.id, () => old.transition('two'))).rejects.toMatchObject({
    code: 'version_conflict',
  })
  await expect(kit.store.updateRoom(setConversationState(room, old.transition('three')))).rejects.toMatchObject({
    code: 'version_conflict',
  })
  const present = await kit.getRoom(room.id)
  await kit.store.updateRoom(
    setConversationState(present, (await kit.state(room.id)).transition('four', { toAgent: 'a' })),
  )
  expect(await kit.state(room.id)).toMatchObject({ version: 2, phase: 'four', activeAgentId: 'a' })
  expect(
    (await kit.events(room.id, { types: ['phaseChanged'] })).map(
      ({ content }) => content.type === 'system' && content.data,
    ),
  ).toMatchObject([{ toPhase: 'one' }, { toPhase: 'four', toAgent: 'a' }])
  await kit.close()
})

test('CS-5 with unreadable state nobody is asked, messages are committed, and operators are told', async () => {
  const store = createMemoryStore()
  const { kit, errors } = testKit({ store })
  kit.register(scripted('a', ['A.']))
  const room = await kit.createRoom({ channels: ['a'] })
  const stored = await store.getRoom(room.id)
  if (stored === null) throw new Error('no room')
  await store.updateRoom({ ...stored, conversation: { phase: 7 } as never })
  await say(kit, room.id, 'hello')
  expect(await transcript(kit, room.id)).toEqual(['ada: hello'])
  expect(errors.map(({ code }) => code)).toContain('state_invalid')
  await expect(kit.state(room.id)).rejects.toMatchObject({ code: 'state_invalid' })
  await kit.close()
})

test('OR-6 a plain room stores no state and no receipt of routing', async () => {
  const { kit } = testKit()
  kit.register(scripted('a', ['A.']))
  const room = await kit.createRoom({ channels: ['a'] })
  await say(kit, room.id, 'hello')
  const after = await kit.getRoom(room.id)
  expect(after.conversation).toBeUndefined()
  expect((await kit.events(room.id)).every(({ routing }) => routing === undefined)).toBe(true)
  expect(await receiptsOf(kit, room.id, 'routing')).toEqual([])
  expect(await kit.state(room.id)).toEqual(new ConversationState())
  await kit.close()
})
