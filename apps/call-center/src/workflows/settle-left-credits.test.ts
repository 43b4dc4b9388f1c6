import { openDatabase } from '@parley/postgres'
import type { PendingRequest, SqlDatabase } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { createEngine, memoryBackend } from '@parley/workflow'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadHarbor } from '../business/load-harbor.ts'
import { creditApproval } from './credit-approval.ts'
import { createCreditDesk } from './credit-desk.ts'
import { findLeftCredits, settleLeftCredits } from './settle-left-credits.ts'

let database: SqlDatabase
const clock = createVirtualClock({ now: Date.UTC(2026, 10, 21, 9) })
const ids = createSeededIds(1)
const by = { kind: 'person', id: 'kim' } as const
const terms = { invoiceId: 'INV-2210', cents: 7_900, reason: 'twice' }
const call = { roomId: 'room_1', idempotencyKey: 'turn_1:0' }

beforeAll(async () => {
  database = await openDatabase('memory://')
  await loadHarbor(database, { clock })
}, 60_000)

afterAll(() => database.close())

beforeEach(async () => {
  await database.query('DELETE FROM harbor.credits')
})

/** A process that ended after the desk's request was closed, and the next one on the same store. */
async function restart(
  request: Partial<PendingRequest>,
  status = 'active',
  { isOver = false, laterMs = 0, records = [] }: { isOver?: boolean; laterMs?: number; records?: object[] } = {},
) {
  const backend = memoryBackend({ clock, ids })
  const workflow = creditApproval({ database, clock, ids })
  const first = createEngine({ backend, clock, ids, workflows: [workflow] })
  const desk = createCreditDesk({ engine: first, backend, workflow })
  await desk.ask({ ...terms, accountId: 'acc-01' }, call)
  if (isOver) await desk.decide({ status: 'approved', by }, terms, call)
  await first.close()
  const engine = createEngine({ backend, clock, ids, workflows: [workflow] })
  const said: unknown[] = []
  // Of requests and rooms these fields are read.
  const asked = { id: 'req_1', kind: 'approval', agentId: 'billing', callId: 'call_1', ...call, ...request }
  const requests = { list: () => Promise.resolve({ items: [asked as PendingRequest] }) } as never
  const left = await findLeftCredits(engine, { requests }, clock.now() + laterMs)
  await engine.recover()
  await settleLeftCredits(left, {
    credits: createCreditDesk({ engine, backend, workflow }),
    rooms: {
      getRoom: () => Promise.resolve({ status } as never),
      events: () => Promise.resolve(records as never),
      deliver: (...told: unknown[]) => Promise.resolve(void said.push(told)) as never,
    },
  })
  const run = await engine.get('credit_turn_1_0')
  await engine.close()
  return { run, said, left }
}

const paid = async (): Promise<unknown[]> => (await database.query('SELECT cents FROM harbor.credits')).rows

test('a yes that was stored and not passed on is passed on at the start, and told once', async () => {
  const { run, said } = await restart({ status: 'approved', decidedBy: by, value: { ...terms, cents: 5_000 } })
  expect(run).toMatchObject({ status: 'completed', output: { cents: 5_000, approvedBy: 'kim' } })
  expect(await paid()).toEqual([{ cents: 5_000 }])
  expect(said).toEqual([
    [
      'room_1',
      'Good news: $50.00 is credited to invoice INV-2210.',
      { as: 'billing', idempotencyKey: 'outcome:room_1:call_1' },
    ],
  ])
})

test('so is a no with its reason, and an end of the room, which nobody is told of', async () => {
  const refused = await restart({ status: 'rejected', decidedBy: by, reason: 'not twice' })
  expect(refused.run?.status).toBe('failed')
  expect(refused.said).toMatchObject([['room_1', 'My colleague did not approve the credit and noted: not twice', {}]])
  const closed = await restart({ status: 'cancelled' }, 'closed')
  expect([closed.run?.status, closed.said]).toEqual(['cancelled', []])
  expect(await paid()).toEqual([])
})

test('what is still open stays open', async () => {
  const { run, said, left } = await restart({ status: 'open' })
  expect([left, run?.status, said]).toEqual([[], 'waiting', []])
})

test('a run that was over is told of too, unless the room has it on record, or it is of another day', async () => {
  const approved = { status: 'approved', decidedBy: by, value: terms } as const
  const untold = await restart(approved, 'active', { isOver: true })
  expect(untold.said).toMatchObject([['room_1', 'Good news: $79.00 is credited to invoice INV-2210.', {}]])
  const record = { content: { type: 'system', code: 'request_outcome' }, metadata: { requestId: 'req_1' } }
  const told = await restart(approved, 'active', { isOver: true, records: [record] })
  expect([told.left.length, told.said]).toEqual([1, []])
  const other = { ...record, metadata: { requestId: 'req_2' } }
  expect((await restart(approved, 'active', { isOver: true, records: [other] })).said).toHaveLength(1)
  const days = [24.9, 25.1].map((hours) => hours * 60 * 60_000)
  const found = []
  for (const laterMs of days) found.push((await restart(approved, 'active', { isOver: true, laterMs })).left.length)
  expect(found).toEqual([1, 0])
})
