import type { CommitOutcome, ConversationStore, EventDraft } from '@parley/spec'
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../store/memory-store.ts'
import { receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { orchestrationOf } from '../orchestration-of.ts'

const by = { kind: 'code', id: 'test' } as const
const toB = { target: 'b', reason: 'r', summary: 's' }

function pipeline(): Pipeline {
  return new Pipeline({ agents: [scripted('a', ['A.']), scripted('b', ['B.'])] })
}

test('HF-3 errors of hooks, callbacks and participants after the commit are reported and stop nothing', async () => {
  const { kit, errors } = testKit()
  const room = await kit.createRoom({ orchestration: pipeline() })
  const fail = (): never => {
    throw new Error('mine')
  }
  kit.hook('onHandoff', fail)
  kit.hook('onPhaseTransition', fail)
  orchestrationOf(kit).handler(room).onHandoffComplete = fail
  kit.joinHandoffs(room.id, {
    prepare: async () => ({ ok: true }),
    commit: async () => fail(),
    rollback: async () => fail(),
  })
  expect(await kit.handoff(room.id, toB, { by })).toMatchObject({ accepted: true })
  await kit.settled(room.id)
  expect(await transcript(kit, room.id)).toEqual(['b: B.'])
  expect(errors.map(({ stage }) => stage).toSorted()).toEqual(expect.arrayContaining(['handoff', 'onHandoffComplete']))
  expect(errors).toHaveLength(4)
  await kit.close()
})

/** A store on which someone else is always faster to change the state. */
function contested(store: ConversationStore, losses: number): { store: ConversationStore; tries: () => number } {
  let tries = 0
  const commit: ConversationStore['commit'] = (roomId, drafts: EventDraft[], also): Promise<CommitOutcome> => {
    if (drafts[0]?.type !== 'handoff') return store.commit(roomId, drafts, also)
    tries++
    return tries <= losses ? Promise.resolve({ conflict: 'conversation' }) : store.commit(roomId, drafts, also)
  }
  return { store: { ...store, commit }, tries: () => tries }
}

test('a lost race is run again on the new state, at most three times; then nothing has changed', async () => {
  const won = contested(createMemoryStore(), 2)
  const first = testKit({ store: won.store })
  const room = await first.kit.createRoom({ orchestration: pipeline() })
  expect(await first.kit.handoff(room.id, toB, { by })).toMatchObject({ accepted: true })
  expect(won.tries()).toBe(3)
  await first.kit.close()

  const lost = contested(createMemoryStore(), 99)
  const second = testKit({ store: lost.store })
  const other = await second.kit.createRoom({ orchestration: pipeline() })
  expect(await second.kit.handoff(other.id, toB, { by })).toMatchObject({ accepted: false, code: 'handoff_conflict' })
  expect(lost.tries()).toBe(3)
  await say(second.kit, other.id, 'hello')
  expect(await transcript(second.kit, other.id)).toEqual(['ada: hello', 'a: A.'])
  expect(await receiptsOf(second.kit, other.id, 'handoff')).toMatchObject([
    { stage: 'rejected', code: 'handoff_conflict' },
  ])
  await second.kit.close()
})

test('HF-12 texts of people are bounded and plain as those of models are; a missing field is named', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: pipeline() })
  expect(await kit.handoff(room.id, { ...toB, summary: ' ' }, { by })).toMatchObject({
    code: 'handoff_invalid_arguments',
    violations: [{ path: 'summary' }],
  })
  await kit.requestHuman(room.id, { reason: 'a\u0000b '.repeat(5_000) }, { by })
  const { human } = await kit.state(room.id)
  expect(human?.reason).toMatch(/^ab ab .*\[cut\]$/)
  expect(human?.reason.length).toBeLessThanOrEqual(1_000)
  await kit.takeover(room.id, 'grace')
  await kit.handBack(room.id, { target: 'a', note: 'Done. '.repeat(5_000) }, { by: { kind: 'person', id: 'grace' } })
  expect((await kit.state(room.id)).handoff?.summary.length).toBeLessThanOrEqual(8_000)
  await kit.close()
})

test('two handoffs at once: one is made, the other is told that one is running', async () => {
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: pipeline() })
  const results = await Promise.all([kit.handoff(room.id, toB, { by }), kit.handoff(room.id, toB, { by })])
  expect(results).toMatchObject([
    { accepted: true },
    { accepted: false, code: 'handoff_in_progress', retryAfterMs: 1_000 },
  ])
  expect(await kit.events(room.id, { types: ['handoff'] })).toHaveLength(1)
  await kit.close()
})

test('HF-5 what a turn would still say when code hands its conversation over is dropped', async () => {
  const made = testKit()
  const slow = scripted('a', [
    async () => {
      await made.clock.sleep(5_000)
      return 'too late'
    },
  ])
  const room = await made.kit.createRoom({ orchestration: new Pipeline({ agents: [slow, scripted('b', ['B.'])] }) })
  await made.kit.send(room.id, { from: 'ada', text: 'hello' })
  await made.clock.advance(1_000)
  expect(await made.kit.handoff(room.id, toB, { by })).toMatchObject({ accepted: true })
  await made.clock.advance(10_000)
  expect(await transcript(made.kit, room.id)).toEqual(['ada: hello', 'b: B.'])
  expect(await receiptsOf(made.kit, room.id, 'turn')).toMatchObject([
    { agentId: 'a', end: 'handedOff' },
    { agentId: 'b', end: 'completed' },
  ])
  await made.kit.close()
})
