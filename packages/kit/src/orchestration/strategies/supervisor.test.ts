import { expect, test } from 'vitest'
import { receiptsOf, say, scripted, testKit, transcript } from '../__fixtures__/orchestrated-kit.ts'
import { asked, call, never, tooled, verdict } from './__fixtures__/strategy-scripts.ts'
import { Supervisor } from './supervisor.ts'

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

test('SG-11 DG-5 a turn that is cancelled takes its workers with it, and no step is left running', async () => {
  const boss = scripted('boss', [call('delegate_workers', { task: 'Go.' })])
  const { kit, clock } = testKit()
  const room = await kit.createRoom({
    orchestration: new Supervisor({ supervisor: boss, workers: [scripted('one', [never])], strategy: 'parallel' }),
  })
  const turnIds: string[] = []
  kit.hook('afterBroadcast', ({ event }) => void (event.turnId !== undefined && turnIds.push(event.turnId)), {
    roomId: room.id,
  })
  await kit.send(room.id, { from: 'ada', text: 'Go.' })
  await clock.advance(1_000)
  kit.steer(turnIds[0] ?? '', { type: 'cancel', reason: 'enough' })
  await clock.advance(2_000)
  const receipts = await receiptsOf(kit, room.id, 'delegation')
  expect(receipts.find(({ strategy }) => strategy === 'supervisor')).toMatchObject({
    stopped: 'cancelled',
    steps: [{ worker: 'one', status: 'cancelled' }],
  })
  expect(receipts.filter(({ delegationId }) => delegationId !== undefined)).toMatchObject([{ status: 'cancelled' }])
  expect((await kit.store.findRooms({ parentRoomId: room.id, status: 'active' })).items).toEqual([])
  expect(kit.status.recent({ roomId: room.id, agentId: 'one', n: 50 }).at(-1)?.status).toBe('failed')
})
