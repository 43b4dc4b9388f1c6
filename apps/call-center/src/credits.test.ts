import type { RoomEvent, RunRecord } from '@parley/spec'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStoryWorld, type StoryRoom, type StoryWorld } from './__fixtures__/story-room.ts'

let world: StoryWorld

beforeAll(async () => {
  world = await createStoryWorld()
}, 60_000)

afterAll(async () => {
  await world.close()
})

const kim = { kind: 'person', id: 'desk-kim' } as const
const lee = { kind: 'person', id: 'desk-lee' } as const

/** Ada has agreed to a credit that a colleague must decide on. */
async function adaWaits(): Promise<StoryRoom> {
  // Every story begins with nothing credited.
  await world.database.query('DELETE FROM harbor.credits')
  const room = await world.open('Ada')
  await room.say('charged twice')
  await room.say('204417')
  await room.pin('4821')
  expect(await room.say('yes')).toContain('decided by a colleague')
  return room
}

async function runOf({ id }: StoryRoom): Promise<RunRecord> {
  const { runs } = await world.engine.list({ workflow: 'credit-approval' })
  const run = runs.find(({ roomId }) => roomId === id)
  if (!run) throw new Error('The room has no run.')
  return run
}

async function credited(): Promise<number[]> {
  return (await world.database.query<{ cents: number }>('SELECT cents FROM harbor.credits')).rows.map(
    ({ cents }) => cents,
  )
}

const outcomeOf = (log: readonly RoomEvent[]): unknown => {
  const content = log.findLast(
    ({ content: told }) => told.type === 'system' && told.code === 'request_outcome',
  )?.content
  return content?.type === 'system' ? content.data : undefined
}

test('approved: the request of the desk stands for the wait of the run, and its answer pays once', async () => {
  const room = await adaWaits()
  const [request] = await room.requests()
  const run = await runOf(room)
  const { waits } = await world.backend.read(run.id)
  expect([run.status, waits.map(({ status }) => status)]).toEqual(['waiting', ['open']])
  expect(request).toMatchObject({ tool: 'issue_credit', mode: 'detach', arguments: { invoiceId: 'INV-2210' } })
  // Nobody is asked any longer than the run waits.
  expect(Math.abs(Date.parse(request?.expiresAt ?? '') - Date.parse(waits[0]?.deadline ?? ''))).toBeLessThan(2_000)
  expect(await room.answer('approval', 'approve')).toContain('$79.00 is credited to invoice INV-2210')
  expect(await runOf(room)).toMatchObject({
    status: 'completed',
    output: { status: 'credited', cents: 7_900, approvedBy: 'kim' },
  })
  expect(await credited()).toEqual([7_900])
  expect(outcomeOf(await room.log())).toMatchObject({
    status: 'approved',
    tool: 'issue_credit',
    result: { status: 'credited', creditId: expect.any(String), invoiceId: 'INV-2210', cents: 7_900 },
  })
})

test('refused: the agent is told why, the run ends without a payment', async () => {
  const room = await adaWaits()
  expect(await room.answer('approval', 'reject', { reason: 'not twice' })).toContain('and noted: not twice')
  expect(await runOf(room)).toMatchObject({ status: 'failed', error: { code: 'tool_denied', step: 'review' } })
  expect(outcomeOf(await room.log())).toMatchObject({
    status: 'rejected',
    result: { status: 'rejected', reason: 'not twice' },
  })
  expect(await credited()).toEqual([])
})

test('never answered: after ten minutes it counts as refused, and the agent says so', async () => {
  const room = await adaWaits()
  expect(await room.wait(599_000 - 5_000)).toBe('')
  expect((await runOf(room)).status).toBe('waiting')
  expect(await room.wait(10_000)).toContain('Nobody could decide on the credit in time')
  const { run, waits } = await world.backend.read((await runOf(room)).id)
  expect([run.status, waits[0]?.resolution?.decision]).toEqual(['failed', 'timeout'])
  expect(await credited()).toEqual([])
})

test('two people answer: one counts, the other learns who was first, and it is paid once', async () => {
  const room = await adaWaits()
  const [request] = await room.requests()
  const id = request?.id ?? ''
  const answers = await Promise.all([
    world.kit.answerRequest(id, { decision: 'approve', by: kim }),
    world.kit.answerRequest(id, { decision: 'reject', by: lee, reason: 'no' }),
  ])
  const said = await room.wait(100)
  const [winner, loser] = answers[0].outcome === 'accepted' ? [kim, answers[1]] : [lee, answers[0]]
  expect(loser).toEqual({ outcome: 'already_decided', by: winner })
  expect(said).toContain(winner === kim ? '$79.00 is credited' : 'did not approve')
  expect(await credited()).toEqual(winner === kim ? [7_900] : [])
})

test('the run was answered elsewhere: the desk comes too late, and what the run did is told', async () => {
  const room = await adaWaits()
  const { waits } = await world.backend.read((await runOf(room)).id)
  const terms = { invoiceId: 'INV-2210', cents: 5_000, reason: 'by the command line' }
  await world.engine.resolveWait({ waitId: waits[0]?.id ?? '' }, { data: terms, by: 'lee' })
  expect(await room.answer('approval', 'reject', { reason: 'too late' })).toContain('$50.00 is credited')
  expect(await credited()).toEqual([5_000])
})

test('the caller leaves while it waits: it is decided all the same, and a message is left in the room', async () => {
  const room = await adaWaits()
  await world.kit.endConversation(room.id)
  await room.wait(100)
  expect(await world.summaries.read(room.id)).toMatchObject({
    status: 'ready',
    summary: { followUps: ['A colleague decides on a credit of $79.00.'] },
  })
  expect(await room.answer('approval', 'approve')).toBe('Good news: $79.00 is credited to invoice INV-2210.')
  expect((await runOf(room)).status).toBe('completed')
  expect(await room.phase()).toBe('wrapup')
  // The summary speaks of what came of it.
  expect(await world.summaries.read(room.id)).toMatchObject({
    status: 'ready',
    summary: { resolution: 'A credit of $79.00 was given for invoice INV-2210.', followUps: [] },
  })
})

test('the room is closed while it waits: the run is cancelled, and nothing is paid', async () => {
  const room = await adaWaits()
  await world.kit.closeRoom(room.id)
  await room.wait(100)
  const { run, waits } = await world.backend.read((await runOf(room)).id)
  expect([run.status, waits[0]?.status]).toEqual(['cancelled', 'cancelled'])
  expect(await credited()).toEqual([])
})
