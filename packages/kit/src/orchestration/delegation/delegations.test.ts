import { createBudget, type DelegateOptions, type DelegationResult, type Json, type RoomEvent } from '@parley/spec'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Agent } from '../../agent/agent.ts'
import type { Kit } from '../../kit.ts'
import { receiptsOf, say, scripted, testKit, type TestKit } from '../__fixtures__/orchestrated-kit.ts'
import { delegateTool } from './delegate-tool.ts'

const by = { kind: 'code' as const, id: 'test' }
const never = (): Promise<string> => new Promise<string>(() => {})

/** A call of a tool by a scripted model. */
const call = (name: string, args: Json): { toolCalls: { name: string; arguments: Json }[] } => ({
  toolCalls: [{ name, arguments: args }],
})

function kitWith(...agents: Agent[]): TestKit {
  const made = testKit()
  for (const agent of agents) made.kit.register(agent)
  return made
}

async function shut(kit: Kit, clock: TestKit['clock']): Promise<void> {
  const closing = kit.close()
  await clock.advance(10_000)
  await closing
}

const types = async (kit: Kit, roomId: string): Promise<string[]> => (await kit.events(roomId)).map(({ type }) => type)
const dataOf = ({ content }: RoomEvent): Json => (content.type === 'system' ? (content.data ?? null) : null)

test('DG-1 a task runs in a child room of its own, linked and without orchestration, and the parent logs its beginning and end', async () => {
  const { kit } = kitWith(scripted('worker', ['Forty-two.']))
  const hooks: string[] = []
  kit.hook('onTaskDelegated', ({ delegationId }) => void hooks.push(`begun ${delegationId}`))
  kit.hook('onTaskCompleted', ({ delegationId, status }) => void hooks.push(`${status} ${delegationId}`))
  const room = await kit.createRoom({ organizationId: 'org-1' })
  const delegation = await kit.delegate(room.id, 'worker', 'What is six times seven?', {
    by,
    context: { hint: 'multiply' },
  })
  expect(await delegation.result).toEqual({
    status: 'completed',
    text: 'Forty-two.',
    costNanoUsd: expect.toBeOneOf([0, null]),
  })

  const child = await kit.getRoom(delegation.childRoomId)
  expect(child).toMatchObject({
    parentRoomId: room.id,
    delegationId: delegation.id,
    organizationId: 'org-1',
    orchestration: null,
    status: 'closed',
  })
  expect(
    (await kit.events(child.id, { types: ['message'] })).map(({ content }) => content.type === 'text' && content.text),
  ).toEqual(['What is six times seven?\n\nContext:\n{"hint":"multiply"}', 'Forty-two.'])
  expect(await types(kit, room.id)).toEqual(['delegated', 'delegationEnded'])
  const [begun, ended] = await kit.events(room.id)
  expect(begun && dataOf(begun)).toMatchObject({
    delegationId: delegation.id,
    childRoomId: child.id,
    agentId: 'worker',
    by,
  })
  expect(ended && dataOf(ended)).toMatchObject({ delegationId: delegation.id, status: 'completed', text: 'Forty-two.' })
  expect(hooks).toEqual([`begun ${delegation.id}`, `completed ${delegation.id}`])
  expect(await receiptsOf(kit, room.id, 'delegation')).toMatchObject([
    { delegationId: delegation.id, status: 'completed' },
  ])
})

test('DG-2 shared channels are bound in the child as narrow as in the parent, and follow it', async () => {
  const { kit } = kitWith(new Agent('worker', { model: scripted('m', [never]).script }))
  kit.register(scripted('other', []))
  const room = await kit.createRoom({
    channels: [
      { channelId: 'other', access: 'readOnly', visibility: 'intelligence', muted: true, metadata: { kept: 1 } },
    ],
  })
  const delegation = await kit.delegate(room.id, 'worker', 'Watch.', { by, wait: false, shareChannels: ['other'] })
  const bindingOf = async (): Promise<object | undefined> =>
    (await kit.bindings(delegation.childRoomId)).find(({ channelId }) => channelId === 'other')
  expect(await bindingOf()).toMatchObject({
    access: 'readOnly',
    visibility: 'intelligence',
    muted: true,
    metadata: { kept: 1 },
  })
  await kit.setAccess(room.id, 'other', 'none')
  await kit.settled(room.id)
  await new Promise(setImmediate)
  expect(await bindingOf()).toMatchObject({ access: 'none' })
  await expect(kit.delegate(room.id, 'worker', 'Again.', { by, shareChannels: ['nowhere'] })).rejects.toMatchObject({
    code: 'channel_not_bound',
  })
  await kit.closeRoom(room.id)
})

const amount = z.object({ cents: z.int().positive() })

test('DG-3 a worker ends by submit_result; violations go back to it until the result fits', async () => {
  const worker = scripted('worker', [
    call('submit_result', { status: 'completed', summary: 'It costs.', data: { cents: -5 } }),
    call('submit_result', { status: 'completed', summary: 'It costs 500.', data: { cents: 500 } }),
  ])
  const { kit } = kitWith(worker)
  const room = await kit.createRoom()
  const { result } = await kit.delegate(room.id, 'worker', 'What does it cost?', { by, output: amount })
  expect(await result).toMatchObject({ status: 'completed', text: 'It costs 500.', value: { cents: 500 } })
  expect(JSON.stringify(worker.script.requests[1]?.messages)).toContain('data.cents')
  expect(worker.script.requests[0]?.tools?.map(({ name }) => name)).toContain('submit_result')
})

test('DG-3 after maxRetries the result is a failure made by the framework', async () => {
  const worker = scripted('worker', [
    call('submit_result', { status: 'completed', summary: 'It costs.', data: { cents: 'many' } }),
  ])
  const { kit } = kitWith(worker)
  const room = await kit.createRoom()
  const { result } = await kit.delegate(room.id, 'worker', 'What does it cost?', { by, output: amount, maxRetries: 1 })
  expect(await result).toMatchObject({
    status: 'failed',
    error: { code: 'agent_output_invalid', details: { madeBy: 'framework' } },
  })
  expect(worker.script.requests).toHaveLength(2)
})

test('DG-3 a worker that only talks is reminded, and without a schema no text is a failure', async () => {
  const { kit } = kitWith(
    scripted('talker', [
      'It costs 5.',
      call('submit_result', { status: 'completed', summary: '5', data: { cents: 5 } }),
    ]),
    scripted('silent', ['']),
  )
  const room = await kit.createRoom()
  expect(
    await (
      await kit.delegate(room.id, 'talker', 'What does it cost?', { by, output: amount })
    ).result,
  ).toMatchObject({ status: 'completed', value: { cents: 5 } })
  expect(await (await kit.delegate(room.id, 'silent', 'Say something.', { by })).result).toMatchObject({
    status: 'failed',
    error: { code: 'delegation_failed', details: { why: 'no_text' } },
  })
})

test('DG-4 the result is a note of the next turn of who is to be notified, once, with the full text readable by tool', async () => {
  const long = `The finding. ${'x'.repeat(9_000)} The end.`
  let id = ''
  const lead = scripted('lead', [
    () => call('read_delegation_result', { id, offset: 3_000 }),
    'Read it all.',
    'Nothing new.',
  ])
  const { kit } = kitWith(lead, scripted('worker', [long]))
  const room = await kit.createRoom({ channels: ['lead'] })
  const delegation = await kit.delegate(room.id, 'worker', 'Find it.', { by, notify: 'lead' })
  id = delegation.id
  await say(kit, room.id, 'Any news?')
  const asked = JSON.stringify(lead.script.requests[0]?.messages)
  expect(asked).toContain('The finding.')
  expect(asked).toContain(`read_delegation_result { \\"id\\": \\"${delegation.id}\\"`)
  expect(lead.script.requests[0]?.tools?.map(({ name }) => name)).toContain('read_delegation_result')
  expect(lead.script.requests[0]?.system).toBe(lead.systemPrompt)
  expect(JSON.stringify(lead.script.requests[1]?.messages.at(-1))).toContain('The end.')
  await say(kit, room.id, 'And now?')
  expect(JSON.stringify(lead.script.requests[2]?.messages)).not.toContain('[Result of the task')
})

test('DG-4 a note is kept for who it is for, though others speak first', async () => {
  const { kit } = kitWith(scripted('lead', ['Ok.']), scripted('worker', ['Found.']), scripted('other', ['Hm.']))
  const room = await kit.createRoom({ channels: ['lead', 'other'] })
  await kit.delegate(room.id, 'worker', 'Find it.', { by, notify: 'lead' })
  await say(kit, room.id, 'You?', { addressedTo: ['other'] })
  const { script } = kit.channels().find(({ channelId }) => channelId === 'other') as ReturnType<typeof scripted>
  expect(JSON.stringify(script.requests)).not.toContain('Found.')
  await say(kit, room.id, 'And you?', { addressedTo: ['lead'] })
  const leadScript = (kit.channels().find(({ channelId }) => channelId === 'lead') as ReturnType<typeof scripted>)
    .script
  expect(JSON.stringify(leadScript.requests)).toContain('Found.')
})

const endings: [
  string,
  (parts: {
    kit: Kit
    roomId: string
    abort: () => void
    cancel: () => void
    advance: (ms: number) => Promise<void>
  }) => Promise<void>,
  DelegationResult['status'],
][] = [
  ['cancel', async ({ cancel }) => cancel(), 'cancelled'],
  ['abort of the parent turn', async ({ abort }) => abort(), 'cancelled'],
  ['closing of the parent room', async ({ kit, roomId }) => void (await kit.closeRoom(roomId)), 'cancelled'],
  ['timeout', ({ advance }) => advance(120_000), 'timeout'],
]

for (const [name, end, status] of endings) {
  test(`DG-5 ${name} ends the child within 2 s, and completion fires exactly once`, async () => {
    const { kit, clock } = kitWith(scripted('worker', [never]))
    const completed: string[] = []
    kit.hook('onTaskCompleted', ({ status: ended }) => void completed.push(ended))
    const room = await kit.createRoom()
    const stop = new AbortController()
    const delegation = await kit.delegate(room.id, 'worker', 'Hang.', { by, wait: false, signal: stop.signal })
    await clock.advance(10)
    await end({
      kit,
      roomId: room.id,
      abort: () => stop.abort(),
      cancel: () => void delegation.cancel('enough'),
      advance: (ms) => clock.advance(ms),
    })
    await clock.advance(2_000)
    expect(delegation.status).toBe(status)
    expect(await delegation.result).toMatchObject({ status })
    expect((await kit.getRoom(delegation.childRoomId)).status).toBe('closed')
    await delegation.cancel('again')
    await clock.advance(200_000)
    expect(completed).toEqual([status])
    expect(clock.pending).toBeLessThan(3)
  })
}

test('DG-6 children are three deep at most', async () => {
  const { kit, clock } = kitWith(scripted('worker', [never]))
  let roomId = (await kit.createRoom()).id
  for (let depth = 1; depth <= 3; depth++)
    roomId = (await kit.delegate(roomId, 'worker', `Level ${depth}.`, { by, wait: false })).childRoomId
  await expect(kit.delegate(roomId, 'worker', 'Level 4.', { by, wait: false })).rejects.toMatchObject({
    code: 'delegation_depth',
  })
  await shut(kit, clock)
})

test('DG-6 eight of a room run, others wait, the 41st is turned away, and places are given on', async () => {
  const { kit, clock } = kitWith(scripted('worker', [never]))
  const room = await kit.createRoom()
  const give = (task: string): ReturnType<Kit['delegate']> => kit.delegate(room.id, 'worker', task, { by, wait: false })
  const given = []
  for (let count = 0; count < 40; count++) given.push(await give(`Task ${count}.`))
  expect(given.map(({ status }) => status).filter((status) => status === 'running')).toHaveLength(8)
  await expect(give('One more.')).rejects.toMatchObject({ code: 'delegation_busy' })
  const cancelling = given[0]?.cancel('enough')
  await clock.advance(2_000)
  await cancelling
  expect(given[8]?.status).toBe('running')
  expect(given[9]?.status).toBe('waiting')
  const closing = kit.closeRoom(room.id)
  await clock.advance(5_000)
  await closing
  await clock.advance(5_000)
  expect(given.every(({ status }) => status === 'cancelled')).toBe(true)
})

test('DG-6 an agent may delegate to itself only with a different task', async () => {
  const { kit, clock } = kitWith(scripted('worker', [never]))
  const room = await kit.createRoom()
  const self = { by: { kind: 'agent' as const, id: 'worker' }, wait: false }
  const first = await kit.delegate(room.id, 'worker', 'Sort the list.', { by, wait: false })
  await expect(kit.delegate(first.childRoomId, 'worker', ' Sort the list. ', self)).rejects.toMatchObject({
    code: 'invalid_options',
  })
  await expect(kit.delegate(first.childRoomId, 'worker', 'Sort the first half.', self)).resolves.toMatchObject({
    status: 'running',
  })
  await shut(kit, clock)
})

test('DG-7 unknown rooms and agents create nothing', async () => {
  const { kit } = kitWith(scripted('worker', ['Done.']))
  const room = await kit.createRoom()
  await expect(kit.delegate('nowhere', 'worker', 'Go.', { by })).rejects.toMatchObject({ code: 'room_not_found' })
  await expect(kit.delegate(room.id, 'nobody', 'Go.', { by })).rejects.toMatchObject({ code: 'channel_not_registered' })
  await expect(
    kit.delegate(room.id, 'worker', 'Go.', { by, outptu: amount } as unknown as DelegateOptions),
  ).rejects.toMatchObject({ code: 'invalid_options', message: expect.stringContaining('"output"') })
  expect(await kit.events(room.id)).toEqual([])
  expect((await kit.store.findRooms({ parentRoomId: room.id })).items).toEqual([])
})

test('DG-7 a repeated idempotency key gives the same delegation, while it runs and afterwards', async () => {
  const worker = scripted('worker', ['Done.'])
  const { kit } = kitWith(worker)
  const room = await kit.createRoom()
  const give = (): ReturnType<Kit['delegate']> => kit.delegate(room.id, 'worker', 'Go.', { by, idempotencyKey: 'k1' })
  const [one, other] = await Promise.all([give(), give()])
  const later = await give()
  expect(new Set([one.id, other.id, later.id]).size).toBe(1)
  expect(worker.script.requests).toHaveLength(1)
})

test('DG-8 spend is reserved from the budget that is given and settled there', async () => {
  const { kit, clock } = kitWith(scripted('worker', [call('nothing', {}), 'Done.']))
  const room = await kit.createRoom()
  const budget = createBudget('turn', 'parent', { maxCalls: 1 }, { clock })
  const { result } = await kit.delegate(room.id, 'worker', 'Go.', { by, budget })
  expect(await result).toMatchObject({ status: 'overBudget', error: { code: 'budget_exceeded' } })
  expect(budget.envelopes[0]).toMatchObject({ settled: { calls: 1 }, reserved: { calls: 0 } })
})

test('DG-8 DG-5 delegate_task draws on the budget of its turn and gives the result to the model', async () => {
  const worker = scripted('worker', ['Forty-two.'])
  const lead = scripted('lead', [call('delegate_task', { agent: 'worker', task: 'Six times seven?' }), 'It is 42.'], {
    tools: [delegateTool({ agents: [worker] })],
  })
  const { kit } = kitWith(lead, worker)
  const room = await kit.createRoom({ channels: ['lead'] })
  await say(kit, room.id, 'Six times seven?')
  expect(JSON.stringify(lead.script.requests[1]?.messages)).toContain('Forty-two.')
  expect((await kit.events(room.id, { types: ['message'] })).at(-1)?.content).toMatchObject({ text: 'It is 42.' })
  const [turn] = await receiptsOf(kit, room.id, 'turn')
  expect(turn).toMatchObject({ end: 'completed' })
})

test('DG-4 delegate_task with wait false goes on at once, and the result is a note later', async () => {
  const worker = scripted('worker', ['Forty-two.'])
  const lead = scripted(
    'lead',
    [call('delegate_task', { agent: 'worker', task: 'Six times seven?', wait: false }), 'I am on it.', 'It is 42.'],
    { tools: [delegateTool({ agents: [worker] })] },
  )
  const { kit } = kitWith(lead, worker)
  const room = await kit.createRoom({ channels: ['lead'] })
  await say(kit, room.id, 'Six times seven?')
  await kit.settled(room.id)
  await say(kit, room.id, 'Well?')
  expect(JSON.stringify(lead.script.requests[2]?.messages)).toContain('Forty-two.')
})
