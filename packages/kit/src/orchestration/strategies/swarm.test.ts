import { expect, test } from 'vitest'
import { handOver, say, scripted, testKit } from '../__fixtures__/orchestrated-kit.ts'
import { targetsOf } from './__fixtures__/strategy-scripts.ts'
import { Swarm } from './swarm.ts'

test('SG-3 a swarm begins with its entry agent in phase swarm, and every agent may hand to every other', async () => {
  const a = scripted('a', [handOver('b'), ''])
  const b = scripted('b', ['B here.', handOver('c'), ''])
  const c = scripted('c', ['C here.'])
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: new Swarm({ agents: [a, b, c], entry: 'b' }) })
  expect(await kit.state(room.id)).toMatchObject({ phase: 'swarm', activeAgentId: 'b' })
  await say(kit, room.id, 'Hello.')
  expect(targetsOf(b, 0)).toEqual(['a', 'c', 'human'])
  await say(kit, room.id, 'C, please.')
  expect(await kit.state(room.id)).toMatchObject({ phase: 'swarm', activeAgentId: 'c' })
})

test('SG-3 allow limits whom an agent may hand to, and a refused target keeps everything', async () => {
  const a = scripted('a', [handOver('c'), 'I cannot.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Swarm({ agents: [a, scripted('b', []), scripted('c', [])], allow: { a: ['b'] } }),
  })
  await say(kit, room.id, 'C, please.')
  expect(targetsOf(a, 0)).toEqual(['b', 'human'])
  expect(await kit.state(room.id)).toMatchObject({ activeAgentId: 'a', phase: 'swarm' })
  const result = await kit.handoff(
    room.id,
    { target: 'c', reason: 'code may', summary: 'Go.' },
    { by: { kind: 'code', id: 'test' } },
  )
  expect(result).toMatchObject({ accepted: true, newAgentId: 'c', newPhase: 'swarm' })
})
