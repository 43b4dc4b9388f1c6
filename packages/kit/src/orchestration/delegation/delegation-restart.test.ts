import type { ConversationStore } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import type { Agent } from '../../agent/agent.ts'
import { createMemoryStore } from '../../store/memory-store.ts'
import { receiptsOf, say, scripted, testKit, transcript, type TestKit } from '../__fixtures__/orchestrated-kit.ts'
import { Loop } from '../strategies/loop.ts'
import { Supervisor } from '../strategies/supervisor.ts'
import { Swarm } from '../strategies/swarm.ts'

const by = { kind: 'code' as const, id: 'test' }
const never = (): Promise<string> => new Promise<string>(() => {})
let processes = 0

/** A store as one that outlives its process. */
function lasting(): ConversationStore {
  return { ...createMemoryStore(), isProcessLocal: false, close: async () => {} }
}

/** The next process on a store, some seconds later. The former is dead: its clock stands still. */
function start(store: ConversationStore, agents: readonly Agent[] = []): TestKit {
  processes += 1
  const made = testKit({
    store,
    clock: createVirtualClock({ now: Date.UTC(2026, 0, 1, 0, 0, processes * 10) }),
    ids: createSeededIds(500 + processes),
  })
  for (const agent of agents) made.kit.register(agent)
  return made
}

test('DG-9 a background task whose turn had done nothing yet is run again and completes, with its note', async () => {
  const store = lasting()
  const first = start(store, [scripted('lead', ['Ok.']), scripted('worker', [never])])
  const room = await first.kit.createRoom({ channels: ['lead'] })
  const { childRoomId } = await first.kit.delegate(room.id, 'worker', 'Find it.', { by, wait: false, notify: 'lead' })
  await first.clock.advance(100)

  const lead = scripted('lead', ['Thanks.'])
  const { kit, clock } = start(store, [lead, scripted('worker', ['Found it.'])])
  await kit.ready()
  await clock.advance(100)
  expect(await kit.getRoom(childRoomId)).toMatchObject({ status: 'closed' })
  expect((await kit.events(room.id)).map(({ type }) => type)).toEqual(['delegated', 'delegationEnded'])
  await say(kit, room.id, 'Well?')
  expect(JSON.stringify(lead.script.requests)).toContain('Found it.')
})

test('DG-9 SG-11 a task that somebody waited for ends interrupted after a restart, with a completion, a receipt and a status', async () => {
  const store = lasting()
  const first = start(store, [scripted('worker', [never])])
  const room = await first.kit.createRoom()
  void first.kit.delegate(room.id, 'worker', 'Find it.', { by })
  await first.clock.advance(100)

  const second = start(store, [scripted('worker', ['Too late.'])])
  const completed: string[] = []
  second.kit.hook('onTaskCompleted', ({ status }) => void completed.push(status))
  await second.kit.ready()
  await second.clock.advance(3_000)
  expect(completed).toEqual(['interrupted'])
  expect(await receiptsOf(second.kit, room.id, 'delegation')).toMatchObject([{ status: 'interrupted' }])
  expect(second.kit.status.recent({ roomId: room.id })).toMatchObject([{ status: 'failed', detail: 'interrupted' }])

  const third = start(store, [])
  await third.kit.ready()
  expect((await third.kit.events(room.id)).filter(({ type }) => type === 'delegationEnded')).toHaveLength(1)
})

test('DG-9 a task that had only waited for its place is begun after a restart', async () => {
  const store = lasting()
  const first = start(store, [scripted('worker', [never])])
  const room = await first.kit.createRoom()
  for (let count = 0; count < 9; count++)
    await first.kit.delegate(room.id, 'worker', `Task ${count}.`, { by, wait: false })
  await first.clock.advance(100)

  const worker = scripted('worker', ['Done.'])
  const { kit, clock } = start(store, [worker])
  await kit.ready()
  await clock.advance(3_000)
  const ended = (await kit.events(room.id)).filter(({ type }) => type === 'delegationEnded')
  expect(ended).toHaveLength(9)
  expect(JSON.stringify(worker.script.requests.map(({ messages }) => messages))).toContain('Task 8.')
})

test('DG-7 a key that an earlier process used gives that delegation', async () => {
  const store = lasting()
  const first = start(store, [scripted('worker', ['Done.'])])
  const room = await first.kit.createRoom()
  const before = await first.kit.delegate(room.id, 'worker', 'Go.', { by, idempotencyKey: 'k1' })
  const worker = scripted('worker', ['Done twice.'])
  const { kit } = start(store, [worker])
  const after = await kit.delegate(room.id, 'worker', 'Go.', { by, idempotencyKey: 'k1' })
  expect(after.id).toBe(before.id)
  expect(await after.result).toMatchObject({ status: 'completed', text: 'Done.' })
  expect(worker.script.requests).toEqual([])
})

test('SG-1 swarm, supervisor and loop work after a restart with nothing but their agents registered', async () => {
  const store = lasting()
  const make = (): Agent[] => [
    scripted('a', ['A.']),
    scripted('b', [
      ({ tools = [] }) =>
        `B may hand to ${JSON.stringify(tools.map(({ parameters }) => (parameters['properties'] as { target: { enum: string[] } }).target.enum))}.`,
    ]),
    scripted('boss', ['Boss, by the workers.']),
    scripted('worker', ['Worked.']),
    scripted('writer', ['The text.']),
    scripted('critic', [
      {
        toolCalls: [
          { name: 'submit_result', arguments: { status: 'completed', summary: 's', data: { approved: true } } },
        ],
      },
    ]),
  ]
  const agents = new Map(make().map((agent) => [agent.channelId, agent]))
  const named = (id: string): Agent => agents.get(id) as Agent
  const first = start(store)
  const swarm = await first.kit.createRoom({
    orchestration: new Swarm({ agents: [named('a'), named('b')], allow: { b: ['a'] } }),
  })
  const supervised = await first.kit.createRoom({
    orchestration: new Supervisor({
      supervisor: named('boss'),
      workers: [named('worker')],
      strategy: 'parallel',
      autoDelegate: true,
    }),
  })
  const loop = await first.kit.createRoom({
    orchestration: new Loop({ agent: named('writer'), reviewers: [named('critic')] }),
  })
  await first.kit.handoff(
    swarm.id,
    { target: 'b', reason: 'r', summary: 's' },
    { by, signal: new AbortController().signal },
  )
  await first.kit.settled(swarm.id)
  await first.kit.close()

  const { kit, errors } = start(store, make())
  for (const room of [swarm, supervised, loop]) await say(kit, room.id, 'Hello again.')
  expect((await transcript(kit, swarm.id)).at(-1)).toBe('b: B may hand to [["a","human"]].')
  expect(await transcript(kit, supervised.id)).toEqual(['ada: Hello again.', 'boss: Boss, by the workers.'])
  expect(await transcript(kit, loop.id)).toEqual(['ada: Hello again.', 'writer: The text.'])
  expect((await kit.events(loop.id)).at(-1)?.metadata).toEqual({ approved: true, iterations: 1 })
  expect(errors).toEqual([])
})

test('SG-1 a function of a strategy is found again by the id of its definition', async () => {
  const store = lasting()
  const make = (): { boss: ReturnType<typeof scripted>; worker: ReturnType<typeof scripted> } => ({
    boss: scripted('boss', ['Ok.']),
    worker: scripted('worker', ['Worked.']),
  })
  const strategy = ({ boss, worker }: ReturnType<typeof make>): Supervisor =>
    new Supervisor({
      id: 'team',
      supervisor: boss,
      workers: [worker],
      strategy: 'parallel',
      autoDelegate: true,
      refineTask: (task) => `${task} (refined)`,
    })
  const first = start(store)
  const room = await first.kit.createRoom({ orchestration: strategy(make()) })
  await first.kit.close()

  const agents = make()
  const without = start(store, [agents.boss, agents.worker])
  await say(without.kit, room.id, 'One.')
  expect(without.errors).toMatchObject([{ code: 'orchestration_missing' }])
  const other = await without.kit.createRoom({ orchestration: strategy(agents) })
  await say(without.kit, room.id, 'Two.')
  expect(JSON.stringify(agents.worker.script.requests.map(({ messages }) => messages))).toContain('Two. (refined)')
  expect(other.orchestration?.id).toBe('team')
})

test('SG-1 SG-11 a loop that was cut off by a restart goes on with the draft it had, and answers once', async () => {
  const store = lasting()
  const first = start(store)
  const room = await first.kit.createRoom({
    orchestration: new Loop({ agent: scripted('writer', ['The draft.']), reviewers: [scripted('critic', [never])] }),
  })
  await first.kit.send(room.id, { from: 'ada', text: 'Write.' })
  await first.clock.advance(100)
  expect(await transcript(first.kit, room.id)).toEqual(['ada: Write.'])

  const writer = scripted('writer', ['Another draft.'])
  const critic = scripted('critic', [
    {
      toolCalls: [
        { name: 'submit_result', arguments: { status: 'completed', summary: 's', data: { approved: true } } },
      ],
    },
  ])
  for (const agents of [
    [writer, critic],
    [scripted('writer', []), scripted('critic', [])],
  ]) {
    const { kit, clock } = start(store, agents)
    await kit.ready()
    await clock.advance(5_000)
    await kit.settled(room.id)
    expect(await transcript(kit, room.id)).toEqual(['ada: Write.', 'writer: The draft.'])
    const running = (await receiptsOf(kit, room.id, 'delegation')).filter(({ status }) => status === 'running')
    expect(running).toEqual([])
  }
  expect(writer.script.requests).toEqual([])
})
