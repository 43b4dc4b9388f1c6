import { expect, test } from 'vitest'
import { handOver, receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { Pipeline } from '../pipeline/pipeline.ts'
import { targetsOf, verdict } from './__fixtures__/strategy-scripts.ts'
import { Loop } from './loop.ts'
import { Supervisor } from './supervisor.ts'
import { Swarm } from './swarm.ts'

test('SG-1 options that do not exist are refused with the nearest name, and ones that cannot work by what is expected', () => {
  const [a, b] = [scripted('a', []), scripted('b', [])]
  const cases: [() => unknown, string][] = [
    [() => new Swarm({ agents: [a], enty: 'a' } as never), 'entry'],
    [() => new Swarm({ agents: [a], entry: 'z' }), 'entry'],
    [() => new Swarm({ agents: [a], allow: { a: ['z'] } }), 'allow'],
    [() => new Swarm({ agents: [] }), 'agents'],
    [() => new Supervisor({ supervisor: a, workers: [b], stratgy: 'parallel' } as never), 'strategy'],
    [() => new Supervisor({ supervisor: a, workers: [a] }), 'workers'],
    [() => new Loop({ agent: a, reviewers: [b], maxIteration: 1 } as never), 'maxIterations'],
    [() => new Loop({ agent: a, reviewers: [b], maxIterations: 0 }), 'maxIterations'],
  ]
  for (const [make, name] of cases)
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining(`"${name}"`) }),
    )
})

test('SG-1 one agent serves a pipeline in one room and a swarm in another, over 1 000 interleaved turns, without a mix-up (scenario 8)', async () => {
  const shared = scripted('shared', [({ messages }) => `Echo ${JSON.stringify(messages.at(-1))}`])
  const { kit } = testKit()
  const pipeline = await kit.createRoom({
    orchestration: new Pipeline({ agents: [shared, scripted('next', ['N.'])], allowHuman: false }),
  })
  const swarm = await kit.createRoom({
    orchestration: new Swarm({ agents: [shared, scripted('left', ['L.']), scripted('right', ['R.'])] }),
  })
  for (let turn = 0; turn < 1_000; turn++) {
    const room = turn % 2 === 0 ? pipeline : swarm
    await kit.send(room.id, { from: 'ada', text: `line ${turn}` }, { wait: 'settled' })
  }
  const offered = shared.script.requests.map(({ messages }, index) => ({
    text: JSON.stringify(messages.at(-1)),
    targets: targetsOf(shared, index),
  }))
  expect(offered).toHaveLength(1_000)
  for (const { text, targets } of offered) {
    const turn = Number(/line (\d+)/.exec(text)?.[1])
    expect(targets).toEqual(turn % 2 === 0 ? ['next'] : ['left', 'right', 'human'])
  }
  for (const room of [pipeline, swarm]) {
    const said = await kit.events(room.id, { types: ['message'], newestFirst: true, limit: 1_000 })
    expect(said).toHaveLength(1_000)
    expect(
      said.every(
        ({ content }) =>
          content.type === 'text' && Number(/line (\d+)/.exec(content.text)?.[1]) % 2 === (room === pipeline ? 0 : 1),
      ),
    ).toBe(true)
  }
}, 60_000)

test('RO-3 scenario 11: a supervisor listens silently to ten messages, then asks for a human by itself', async () => {
  const listener = scripted('listener', [
    ({ messages }) =>
      JSON.stringify(messages).includes('Nobody helps me.') && messages.at(-1)?.role !== 'tool'
        ? handOver('human')
        : '',
  ])
  const clerk = scripted('clerk', ['One moment.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Pipeline({
      agents: [clerk, listener],
      stages: [{ phase: 'desk', agentId: 'clerk' }],
      supervisorId: 'listener',
    }),
  })
  for (let line = 1; line <= 5; line++) await say(kit, room.id, `Line ${line}.`)
  expect(await kit.state(room.id)).toMatchObject({ mode: 'agent', activeAgentId: 'clerk' })
  const turns = (await receiptsOf(kit, room.id, 'turn')).filter(({ agentId }) => agentId === 'listener')
  expect(turns.map(({ end }) => end)).toEqual(Array.from({ length: 10 }, () => 'empty'))
  await say(kit, room.id, 'Nobody helps me.')
  expect(await kit.state(room.id)).toMatchObject({
    mode: 'human',
    human: { status: 'waiting', requestedBy: 'listener' },
  })
  expect((await transcript(kit, room.id)).filter((line) => line.startsWith('listener'))).toEqual([])
})

test('SG-1 strategies are installed in rooms that exist: their agents are attached, the room stores them', async () => {
  const reviewer = scripted('critic', [verdict(true)])
  const { kit } = testKit()
  const cases = [
    { strategy: new Swarm({ agents: [scripted('a', ['A.']), scripted('b', ['B.'])], entry: 'b' }), answer: 'b: B.' },
    {
      strategy: new Supervisor({ supervisor: scripted('boss', ['Boss.']), workers: [reviewer] }),
      answer: 'boss: Boss.',
    },
    { strategy: new Loop({ agent: scripted('writer', ['Text.']), reviewers: [reviewer] }), answer: 'writer: Text.' },
  ]
  for (const { strategy, answer } of cases) {
    const room = await kit.createRoom()
    await strategy.install(kit, room.id)
    const { id, kind, spec } = strategy.spec()
    expect((await kit.getRoom(room.id)).orchestration).toMatchObject({ id, kind, spec })
    await say(kit, room.id, 'Hello.')
    expect(await transcript(kit, room.id)).toEqual(['ada: Hello.', answer])
  }
})
