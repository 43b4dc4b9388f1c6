import { ConversationState } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testRoom } from '../__fixtures__/routing-input.ts'
import { getConversationState, setConversationState } from './room-state.ts'

const at = '2026-01-01T00:00:00.000Z'

test('CS-1 a transition records itself, keeps the rest, and leaves its receiver alone', () => {
  expect(new ConversationState().toJSON()).toMatchObject({
    version: 0,
    phase: 'intake',
    mode: 'agent',
    activeAgentId: null,
    previousAgentId: null,
    handoffCount: 0,
    phaseHistory: [],
    context: {},
  })
  const words = fc.constantFrom('intake', 'handling', 'review')
  const agents = fc.constantFrom(null, 'a', 'b')
  fc.assert(
    fc.property(fc.array(fc.tuple(words, agents), { maxLength: 30 }), (moves) => {
      let state = new ConversationState({ language: 'fr', context: { k: 1 }, mode: 'human' })
      for (const [phase, toAgent] of moves) {
        const before = state
        const frozen = JSON.stringify(before)
        state = before.transition(phase, { toAgent, reason: 'why', at })
        expect(JSON.stringify(before)).toBe(frozen)
        expect(state.phaseHistory).toHaveLength(before.phaseHistory.length + 1)
        expect(state.phaseHistory.at(-1)).toEqual({
          fromPhase: before.phase,
          toPhase: phase,
          fromAgent: before.activeAgentId,
          toAgent,
          reason: 'why',
          timestamp: at,
          metadata: {},
        })
        expect(state).toMatchObject({
          phase,
          activeAgentId: toAgent,
          previousAgentId: before.activeAgentId,
          phaseStartedAt: at,
          language: 'fr',
          mode: 'human',
          context: { k: 1 },
        })
        expect(state.handoffCount).toBe(before.handoffCount + (toAgent === before.activeAgentId ? 0 : 1))
      }
    }),
  )
  expect(Object.isFrozen(new ConversationState())).toBe(true)
})

test('CS-2 without an agent a transition leaves none active; enterPhase keeps the agent', () => {
  const state = new ConversationState({ activeAgentId: 'a' })
  expect(state.transition('handling').activeAgentId).toBeNull()
  expect(state.enterPhase('handling')).toMatchObject({ phase: 'handling', activeAgentId: 'a', handoffCount: 0 })
})

test('CS-5 any string is a phase, unknown fields survive, unreadable state says so', () => {
  const stored = { ...new ConversationState({ phase: 'très spécial' }).toJSON(), ours: { deep: [1] } }
  const read = getConversationState(testRoom({ conversation: JSON.parse(JSON.stringify(stored)) }))
  expect(read.phase).toBe('très spécial')
  expect(read.transition('x').toJSON()['ours']).toEqual({ deep: [1] })
  expect(() => getConversationState(testRoom({ conversation: { phase: 7 } as never }))).toThrow(
    expect.objectContaining({ code: 'state_invalid' }),
  )
})

test('CS-7 the state keeps the last 200 transitions', () => {
  let state = new ConversationState()
  for (let n = 0; n < 250; n++) state = state.transition(`p${n}`, { at })
  expect(state.phaseHistory).toHaveLength(200)
  expect(state.phaseHistory[0]?.toPhase).toBe('p50')
})

test('a room without state has the default one, and a changed copy leaves the room alone', () => {
  const room = testRoom()
  expect(getConversationState(room).phase).toBe('intake')
  const changed = setConversationState(room, new ConversationState({ phase: 'handling' }))
  expect(room.conversation).toBeUndefined()
  expect(getConversationState(changed).phase).toBe('handling')
})
