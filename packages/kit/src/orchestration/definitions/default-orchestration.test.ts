import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ConversationStore } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { Agent } from '../../agent/agent.ts'
import { Kit } from '../../kit.ts'
import { createMemoryStore } from '../../store/memory-store.ts'
import { Pipeline } from '../pipeline/pipeline.ts'

/** A front desk whose second stage has a contract, which rooms cannot store. */
function frontDesk(answers: { triage: string[]; billing: string[] }): { pipeline: Pipeline; agents: Agent[] } {
  const agents = [
    new Agent('triage', { model: scriptedModel(answers.triage) }),
    new Agent('billing', { model: scriptedModel(answers.billing) }),
  ]
  const stages = [
    { phase: 'intake', agentId: 'triage', next: 'billing' },
    { phase: 'billing', agentId: 'billing', contract: { schema: z.object({ account: z.string() }) } },
  ]
  return { pipeline: new Pipeline({ id: 'desk', agents, stages }), agents }
}

test('PE-2 PE-5 rooms of an earlier process go on with the orchestration of the kit, before any new room is made', async () => {
  const clock = createVirtualClock()
  const memory = createMemoryStore({ clock })
  const store: ConversationStore = { ...memory, isProcessLocal: false, close: async () => {} }
  await using first = new Kit({
    clock,
    store,
    ids: createSeededIds(1),
    orchestration: frontDesk({ triage: ['Hello.'], billing: [] }).pipeline,
  })
  const room = await first.createRoom()
  await first.send(room.id, { from: 'ada', text: 'hi' }, { wait: 'settled' })
  await first.handoff(
    room.id,
    { target: 'billing', reason: 'a bill', summary: 'Ada asks', payload: { account: '7' }, opening: 'silent' },
    { by: { kind: 'code', id: 'test' } },
  )

  await using second = new Kit({
    clock,
    store,
    ids: createSeededIds(2),
    orchestration: frontDesk({ triage: [], billing: ['Billing here.'] }).pipeline,
  })
  const sent = await second.send(room.id, { from: 'ada', text: 'are you there?' }, { wait: 'settled' })
  expect(sent).toMatchObject({ event: { routing: { target: 'billing', reason: 'sticky' } } })
  expect((await second.events(room.id)).at(-1)?.content).toEqual({ type: 'text', text: 'Billing here.' })
})

test('PE-5 a host may still register the agents of the orchestration itself', async () => {
  const { pipeline, agents } = frontDesk({ triage: ['Hello.'], billing: [] })
  await using kit = new Kit({ clock: createVirtualClock(), orchestration: pipeline })
  for (const agent of agents) kit.register(agent)
  const room = await kit.createRoom()
  await kit.send(room.id, { from: 'ada', text: 'hi' }, { wait: 'settled' })
  expect(
    kit
      .channels()
      .map(({ channelId }) => channelId)
      .toSorted(),
  ).toEqual(['billing', 'direct', 'triage'])
  expect((await kit.events(room.id)).at(-1)?.content).toEqual({ type: 'text', text: 'Hello.' })
})
