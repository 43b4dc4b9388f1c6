import type { Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Pipeline } from '../pipeline/pipeline.ts'
import { handOver, receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { Loop } from './loop.ts'
import { Supervisor } from './supervisor.ts'
import { Swarm } from './swarm.ts'

const call = (name: string, args: Json): { toolCalls: { name: string; arguments: Json }[] } => ({
  toolCalls: [{ name, arguments: args }],
})
const verdict = (approved: boolean, feedback = ''): ReturnType<typeof call> =>
  call('submit_result', { status: 'completed', summary: 'Reviewed.', data: { approved, feedback } })
const never = (): Promise<string> => new Promise<string>(() => {})
const tooled = (agent: ReturnType<typeof scripted>, request: number): string[] =>
  agent.script.requests[request]?.tools?.map(({ name }) => name) ?? []
const asked = (agent: ReturnType<typeof scripted>, request: number): string =>
  JSON.stringify(agent.script.requests[request]?.messages)
const targetsOf = (agent: ReturnType<typeof scripted>, request: number): Json | undefined =>
  (
    agent.script.requests[request]?.tools?.find(({ name }) => name === 'handoff_conversation')?.parameters[
      'properties'
    ] as { target: { enum: string[] } } | undefined
  )?.target.enum

// Swarm

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

// Supervisor

test('SG-4 only the supervisor is in the room; with strategy null its model chooses among delegate_to tools', async () => {
  const boss = scripted('boss', [call('delegate_to_math_1', { task: 'Six times seven?' }), 'It is 42.'])
  const math = scripted('math.1', ['Forty-two.'], { purpose: 'Does sums.' })
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers: [math, scripted('poet', ['Roses.'])] }),
  })
  expect((await kit.bindings(room.id)).map(({ channelId }) => channelId)).toEqual(['boss'])
  await say(kit, room.id, 'Six times seven?')
  expect(tooled(boss, 0)).toEqual(['delegate_to_math_1', 'delegate_to_poet'])
  expect(asked(boss, 1)).toContain('Forty-two.')
  expect(await transcript(kit, room.id)).toEqual(['ada: Six times seven?', 'boss: It is 42.'])
})

test('SG-4 autoDelegate needs a strategy, and sends each message to the workers before the model is asked', async () => {
  const boss = scripted('boss', ['Paris, and it rains.'])
  const workers = [scripted('geo', ['Paris.']), scripted('weather', ['It rains.'])]
  expect(() => new Supervisor({ supervisor: boss, workers, autoDelegate: true })).toThrow(
    expect.objectContaining({ code: 'invalid_options', details: expect.objectContaining({ path: 'strategy' }) }),
  )
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers, autoDelegate: true, strategy: 'parallel' }),
  })
  await say(kit, room.id, 'Which capital, and how is it there?')
  expect(boss.script.requests).toHaveLength(1)
  expect(asked(boss, 0)).toContain('[geo]\\nParis.\\n\\n[weather]\\nIt rains.')
  expect(tooled(boss, 0)).toEqual([])
  expect(await transcript(kit, room.id)).toEqual([
    'ada: Which capital, and how is it there?',
    'boss: Paris, and it rains.',
  ])
})

test('SG-5 sequential workers read the labelled results so far, failures named; delegate_workers gives them in order', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Plan it.' }), 'Planned.'])
  const workers = [scripted('one', ['Step one.']), scripted('two', ['']), scripted('three', ['Step three.'])]
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers, strategy: 'sequential' }),
  })
  await say(kit, room.id, 'Plan.')
  expect(asked(workers[2] as ReturnType<typeof scripted>, 0)).toContain(
    'Results so far:\\n[one]\\nStep one.\\n\\n[two (failed)]\\nno result',
  )
  const result = JSON.parse(asked(boss, 1))
  expect(JSON.stringify(result)).toMatch(/one.*Step one.*two.*failed.*three.*Step three/)
})

test('SG-5 SG-10 scenario 13: of three workers one hangs; the answer comes with two results and names the missing one', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Look.' }), 'Two looked, the slow one did not.'])
  const { kit, clock } = testKit()
  const workers = [scripted('quick', ['Seen.']), scripted('slow', [never]), scripted('keen', ['Seen too.'])]
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers, strategy: 'parallel', taskTimeoutMs: 5_000 }),
  })
  const said = say(kit, room.id, 'Look, all.')
  await clock.advance(8_000)
  await said
  const read = asked(boss, 1)
  expect(read).toContain('Seen.')
  expect(read).toContain('Seen too.')
  expect(read).toContain(String.raw`\"worker\":\"slow\",\"name\":\"slow\",\"status\":\"timeout\"`)
  expect((await transcript(kit, room.id)).at(-1)).toBe('boss: Two looked, the slow one did not.')
})

test('SG-5 failFast stops the others', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Go.' }), 'Stopped.'])
  const third = scripted('three', ['Never asked.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({
      supervisor: boss,
      workers: [scripted('one', ['Fine.']), scripted('two', ['']), third],
      strategy: 'sequential',
      failFast: true,
    }),
  })
  await say(kit, room.id, 'Go.')
  expect(third.script.requests).toHaveLength(0)
  expect(asked(boss, 1)).toContain('failFast')
})

test('SG-6 SG-7 the supervisor reviews by a structured verdict, without delegate tools; work is done again with its feedback', async () => {
  const boss = scripted('boss', [
    call('delegate_to_writer', { task: 'A slogan.' }),
    verdict(false, 'Shorter.'),
    verdict(true),
    'Here it is: Buy.',
  ])
  const writer = scripted('writer', ['Please consider buying.', 'Buy.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers: [writer], review: true }),
  })
  await say(kit, room.id, 'A slogan, please.')
  expect(tooled(boss, 1)).toEqual(['submit_result'])
  expect(asked(writer, 1)).toContain('Please consider buying.')
  expect(asked(writer, 1)).toContain('Shorter.')
  expect(asked(boss, 3)).toContain('\\"validated\\":true')
  expect((await transcript(kit, room.id)).at(-1)).toBe('boss: Here it is: Buy.')
})

test('SG-6 an unreadable verdict is no approval, and what is delivered unapproved is marked', async () => {
  const boss = scripted('boss', [
    call('delegate_to_writer', { task: 'A slogan.' }),
    'Looks approved to me!',
    'Approved!',
    'Yes, approved.',
    'Approved.',
    'Take it or leave it.',
  ])
  const writer = scripted('writer', ['Buy.', 'Buy now.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers: [writer], review: true, maxRevisions: 1 }),
  })
  await say(kit, room.id, 'A slogan, please.')
  expect(writer.script.requests).toHaveLength(2)
  expect(asked(boss, 5)).toContain('\\"validated\\":false')
})

test('SG-7 equal concurrent requests share one run, and after a failure the next request runs', async () => {
  const two = {
    toolCalls: [
      { name: 'delegate_workers', arguments: { task: 'Go.' } },
      { name: 'delegate_workers', arguments: { task: 'Go.' } },
    ],
  }
  const boss = scripted('boss', [two, 'Done.', call('delegate_workers', { task: 'Again.' }), 'Done again.'])
  const worker = scripted('worker', ['', '', 'Fine.'])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers: [worker], strategy: 'parallel' }),
  })
  await say(kit, room.id, 'Go.')
  const before = worker.script.requests.length
  await say(kit, room.id, 'Again.')
  expect(worker.script.requests.length).toBeGreaterThan(before)
  expect(asked(boss, 3)).toContain('Fine.')
  const runs = (await receiptsOf(kit, room.id, 'delegation')).filter(({ strategy }) => strategy === 'supervisor')
  expect(runs).toHaveLength(2)
})

test('SG-8 in the background the person is answered now, and the results come under the name of the supervisor', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Look.' }), 'I have asked.'])
  const { kit, clock } = testKit()
  const slow = async (): Promise<string> => {
    await clock.sleep(20_000)
    return 'Found it.'
  }
  const room = await kit.createRoom({
    orchestration: new Supervisor({
      supervisor: boss,
      workers: [scripted('worker', [slow])],
      strategy: 'parallel',
      background: true,
    }),
  })
  await kit.send(room.id, { from: 'ada', text: 'Look.' })
  await clock.advance(100)
  expect(await transcript(kit, room.id)).toEqual(['ada: Look.', 'boss: I have asked.'])
  await clock.advance(21_000)
  expect(await transcript(kit, room.id)).toEqual(['ada: Look.', 'boss: I have asked.', 'boss: [worker]\nFound it.'])
})

test('SG-8 autoDelegate in the background answers at once too', async () => {
  const boss = scripted('boss', ['I have asked.'])
  const { kit, clock } = testKit()
  const slow = async (): Promise<string> => {
    await clock.sleep(20_000)
    return 'Found it.'
  }
  const room = await kit.createRoom({
    orchestration: new Supervisor({
      supervisor: boss,
      workers: [scripted('worker', [slow])],
      strategy: 'parallel',
      background: true,
      autoDelegate: true,
    }),
  })
  await kit.send(room.id, { from: 'ada', text: 'Look.' })
  await clock.advance(21_000)
  expect(await transcript(kit, room.id)).toEqual(['ada: Look.', 'boss: I have asked.', 'boss: [worker]\nFound it.'])
})

test('SG-1 refineTask and shareChannels act', async () => {
  const boss = scripted('boss', [call('delegate_to_worker', { task: 'look' }), 'Ok.'])
  const worker = scripted('worker', ['Seen.'])
  const { kit } = testKit()
  kit.register(scripted('screen', []))
  const strategy = new Supervisor({
    supervisor: boss,
    workers: [worker],
    shareChannels: ['screen'],
    refineTask: (task, { workerId }) => `${workerId}: ${task} closely`,
  })
  const room = await kit.createRoom({ orchestration: strategy, channels: [{ channelId: 'screen', access: 'none' }] })
  await say(kit, room.id, 'Look.', { addressedTo: ['boss'] })
  expect(asked(worker, 0)).toContain('worker: look closely')
  const [child] = (await kit.store.findRooms({ parentRoomId: room.id })).items
  expect((await kit.bindings(child?.id ?? '')).find(({ channelId }) => channelId === 'screen')).toMatchObject({
    access: 'none',
  })
})

test('SG-10 the budget of the triggering turn covers the workers, and a stop yields what is done so far, marked', async () => {
  const boss = Object.assign(scripted('boss', [call('delegate_workers', { task: 'Go.' }), 'That is all.']), {
    budget: { maxCalls: 2 },
  })
  const workers = [scripted('one', ['First.']), scripted('two', ['Second.'])]
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers, strategy: 'sequential' }),
  })
  await say(kit, room.id, 'Go.')
  expect(workers.map(({ script }) => script.requests.length)).toEqual([1, 0])
  const [run] = (await receiptsOf(kit, room.id, 'delegation')).filter(({ strategy }) => strategy === 'supervisor')
  expect(run).toMatchObject({ stopped: 'budget' })
})

test('SG-10 the deadline of the triggering turn stops the work in time for an answer', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Go.' }), 'One of two.'], {
    limits: { turnTimeoutMs: 60_000 },
  })
  const { kit, clock } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({
      supervisor: boss,
      workers: [scripted('one', ['First.']), scripted('two', [never])],
      strategy: 'parallel',
    }),
  })
  const said = say(kit, room.id, 'Go.')
  await clock.advance(59_000)
  await said
  expect(asked(boss, 1)).toContain('\\"stopped\\":\\"deadline\\"')
  expect((await transcript(kit, room.id)).at(-1)).toBe('boss: One of two.')
})

test('SG-11 a run that is cancelled leaves no step running in receipts and status', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Go.' })])
  const { kit, clock } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({
      supervisor: boss,
      workers: [scripted('one', [never]), scripted('two', [never])],
      strategy: 'parallel',
    }),
  })
  await kit.send(room.id, { from: 'ada', text: 'Go.' })
  await clock.advance(1_000)
  const closing = kit.closeRoom(room.id)
  await clock.advance(3_000)
  await closing
  await clock.advance(3_000)
  const receipts = await receiptsOf(kit, room.id, 'delegation')
  const [run] = receipts.filter(({ strategy }) => strategy === 'supervisor')
  expect(JSON.stringify(run)).toContain('"cancelled"')
  expect(receipts.filter(({ delegationId }) => delegationId !== undefined).map(({ status }) => status)).toEqual([
    'cancelled',
    'cancelled',
  ])
  for (const agentId of ['one', 'two'])
    expect(kit.status.recent({ roomId: room.id, agentId, n: 50 }).at(-1)?.status).toBe('failed')
})

// Loop

test('SG-9 scenario 12: a writer and two reviewers; "not approved" is no approval, the final text comes once, marked', async () => {
  const writer = scripted('writer', ['Draft one.', 'Draft two.'])
  const style = scripted('style', ['This is not approved.', 'Approved, really.', verdict(true), verdict(true)])
  const facts = scripted('facts', [verdict(false, 'The year is wrong.'), verdict(true)])
  const { kit } = testKit()
  const room = await kit.createRoom({ orchestration: new Loop({ agent: writer, reviewers: [style, facts] }) })
  await say(kit, room.id, 'A note on Ada.')
  const said = (await kit.events(room.id, { types: ['message'] })).filter(({ source }) => source.kind === 'agent')
  expect(said.map(({ content, metadata }) => [content.type === 'text' && content.text, metadata])).toEqual([
    ['Draft two.', { approved: true, iterations: 2 }],
  ])
  expect(asked(writer, 1)).toContain('[facts] The year is wrong.')
  expect(asked(facts, 0)).toContain('Said before you')
  expect((await kit.store.findRooms({ parentRoomId: room.id })).items.length).toBe(6)
})

test('SG-9 parallel reviewers, an own verdict schema, and the last draft when the iterations are used up', async () => {
  const writer = scripted('writer', ['One.', 'Two.'])
  const own = z.object({ approved: z.boolean(), feedback: z.string(), score: z.int() })
  const strict = scripted('strict', [
    call('submit_result', {
      status: 'completed',
      summary: 'No.',
      data: { approved: false, feedback: 'More.', score: 2 },
    }),
  ])
  const { kit } = testKit()
  const room = await kit.createRoom({
    orchestration: new Loop({
      agent: writer,
      reviewers: [strict],
      strategy: 'parallel',
      maxIterations: 2,
      verdict: own,
    }),
  })
  await say(kit, room.id, 'Write.')
  const [said] = (await kit.events(room.id, { types: ['message'] })).filter(({ source }) => source.kind === 'agent')
  expect(said).toMatchObject({ content: { text: 'Two.' }, metadata: { approved: false, iterations: 2 } })
  expect(JSON.stringify(strict.script.requests[0]?.tools)).toContain('score')
})

test('SG-9 in the background the person is answered now, the final version comes later', async () => {
  const { kit, clock } = testKit()
  const author = scripted('author', [
    ({ messages }) => (JSON.stringify(messages).includes('Work on this message has begun') ? 'On it.' : 'The text.'),
  ])
  const room = await kit.createRoom({
    orchestration: new Loop({ agent: author, reviewers: [scripted('critic', [verdict(true)])], background: true }),
  })
  await say(kit, room.id, 'Write.')
  await clock.advance(1_000)
  expect((await transcript(kit, room.id)).toSorted()).toEqual(['ada: Write.', 'author: On it.', 'author: The text.'])
})

// Agents in several strategies

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
