import { openDatabase } from '@parley/postgres'
import type { DurableBackend, SqlDatabase } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { createEngine, memoryBackend, type Engine, type RunResult } from '@parley/workflow'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { loadHarbor } from '../business/load-harbor.ts'
import { creditApproval, type CreditWish } from './credit-approval.ts'

const today = Date.UTC(2026, 10, 21, 9)
const ada = 'acc-01'
/** The invoice that Ada paid twice, $79.00. */
const invoiceId = 'INV-2210'
const wish = (cents: number): CreditWish => ({ accountId: ada, invoiceId, cents, reason: 'charged twice' })

let database: SqlDatabase
let clock: VirtualClock
let backend: DurableBackend
let engine: Engine
let workflow: ReturnType<typeof creditApproval>
const ids = createSeededIds(1)

const newEngine = (): Engine => createEngine({ backend, clock, ids, workflows: [workflow] })
const paid = async (): Promise<{ cents: number; reason: string }[]> =>
  (await database.query<{ cents: number; reason: string }>('SELECT cents, reason FROM harbor.credits ORDER BY id')).rows
const waitOf = ({ waits }: RunResult): { waitId: string } => ({ waitId: waits[0]?.id ?? '' })

beforeAll(async () => {
  database = await openDatabase('memory://')
  await loadHarbor(database, { clock: createVirtualClock({ now: today }) })
}, 60_000)

afterAll(() => database.close())

beforeEach(async () => {
  // Every test begins on the same day with nothing credited.
  await database.query('DELETE FROM harbor.credits')
  clock = createVirtualClock({ now: today })
  backend = memoryBackend({ clock, ids })
  workflow = creditApproval({ database, clock, ids })
  engine = newEngine()
})

afterEach(() => engine.close())

test('what an agent may give is paid without asking, and the receipt names no colleague', async () => {
  expect(workflow.validate()).toEqual([])
  const run = await engine.run(workflow, wish(2_500))
  expect(run).toMatchObject({
    status: 'completed',
    output: { status: 'credited', invoiceId, cents: 2_500, approvedBy: null, creditedAt: '2026-11-21T09:00:00.000Z' },
    steps: {
      check: { output: { mostCents: 7_900, freeCents: 2_500, needsColleague: false } },
      review: { status: 'skipped', skip: { kind: 'condition' } },
    },
  })
  // What was given counts: the next cent is a colleague's decision, 30 days later it is not.
  expect((await engine.run(workflow, wish(1))).status).toBe('waiting')
  await clock.advance(31 * 86_400_000)
  expect((await engine.run(workflow, wish(1))).status).toBe('completed')
})

test('a wish above the limit waits 600 s for a colleague, who may approve less; it is paid once', async () => {
  const waiting = await engine.run(workflow, wish(7_900))
  expect(waiting).toMatchObject({
    status: 'waiting',
    waits: [{ show: 'Credit 7900 cents to invoice INV-2210? charged twice', deadline: '2026-11-21T09:10:00.000Z' }],
  })
  expect(await paid()).toEqual([])
  const terms = { invoiceId, cents: 4_000, reason: 'half of it' }
  await expect(engine.resolveWait(waitOf(waiting), { data: { cents: 'all' }, by: 'kim' })).rejects.toMatchObject({
    code: 'wait_invalid',
  })
  await engine.resolveWait(waitOf(waiting), { data: terms, by: 'kim', idempotencyKey: 'click' })
  const done = await engine.result(waiting.runId)
  expect(done).toMatchObject({ status: 'completed', output: { status: 'credited', cents: 4_000, approvedBy: 'kim' } })
  // The same click again changes nothing; another answer comes too late.
  await engine.resolveWait(waitOf(waiting), { data: terms, by: 'kim', idempotencyKey: 'click' })
  await expect(engine.resolveWait(waitOf(waiting), { decision: 'rejected', by: 'lee' })).rejects.toMatchObject({
    code: 'wait_resolved',
  })
  expect(await paid()).toEqual([{ cents: 4_000, reason: 'half of it' }])
})

test('a refusal and a wait that nobody answers end the run without a payment', async () => {
  const refused = await engine.run(workflow, wish(7_900))
  await engine.resolveWait(waitOf(refused), { decision: 'rejected', by: 'kim' })
  const late = await engine.run(workflow, wish(7_900))
  await clock.advance(600_000)
  for (const { runId } of [refused, late]) {
    expect(await engine.result(runId)).toMatchObject({
      status: 'failed',
      error: { code: 'tool_denied', class: 'approval_rejected' },
      steps: { pay: { status: 'skipped', skip: { kind: 'dependency', because: 'review' } } },
    })
  }
  expect(await paid()).toEqual([])
})

test('another engine on the same store takes the answer, and what was checked is not checked again', async () => {
  const waiting = await engine.run(workflow, wish(7_900))
  await engine.close()
  engine = newEngine()
  await engine.recover()
  await engine.resolveWait(waitOf(waiting), { data: { invoiceId, cents: 7_900, reason: 'r' }, by: 'kim' })
  const done = await engine.result(waiting.runId)
  expect(done.output).toMatchObject({ status: 'credited', cents: 7_900 })
  expect(done.steps['check']?.attempts).toHaveLength(1)
})

test('an attempt whose payment was written and whose answer was lost finds the credit it wrote', async () => {
  let isLost = true
  const lossy: SqlDatabase = {
    ...database,
    query: (text, values) => database.query(text, values),
    async transaction(work) {
      const result = await database.transaction(work)
      if (isLost) {
        isLost = false
        throw new Error('connection lost after commit')
      }
      return result
    },
  }
  const run = await engine.run(creditApproval({ database: lossy, clock, ids }), wish(2_000))
  expect(run.steps['pay']?.attempts.map(({ status }) => status)).toEqual(['failure', 'success'])
  expect(run.output).toMatchObject({ status: 'credited', cents: 2_000 })
  expect(await paid()).toHaveLength(1)
})

test('of two conversations that ask at once, the limit lets one through', async () => {
  const runs = await Promise.all([engine.run(workflow, wish(2_500)), engine.run(workflow, wish(2_500))])
  expect(runs.map(({ output }) => Object(output)['status']).toSorted()).toEqual(['credited', 'refused'])
  expect(await paid()).toHaveLength(1)
})

test('more than is left of the invoice is refused without asking, also when it became too much while it waited', async () => {
  expect((await engine.run(workflow, wish(7_901))).output).toMatchObject({ status: 'refused', mostCents: 7_900 })
  const waiting = await engine.run(workflow, wish(7_900))
  await engine.run(workflow, wish(1_000))
  await engine.resolveWait(waitOf(waiting), { data: { invoiceId, cents: 7_900, reason: 'r' }, by: 'kim' })
  expect((await engine.result(waiting.runId)).output).toMatchObject({ status: 'refused', mostCents: 6_900 })
})

test('an invoice of somebody else is never credited, neither asked for nor approved', async () => {
  const { rows } = await database.query<{ id: string }>("SELECT id FROM harbor.invoices WHERE account_id = 'acc-02'")
  const foreign = rows[0]?.id ?? ''
  const asked = await engine.run(workflow, { ...wish(100), invoiceId: foreign })
  expect(asked).toMatchObject({ status: 'failed', error: { code: 'tool_denied' } })
  const waiting = await engine.run(workflow, wish(7_900))
  await engine.resolveWait(waitOf(waiting), { data: { invoiceId: foreign, cents: 100, reason: 'r' }, by: 'kim' })
  expect((await engine.result(waiting.runId)).output).toMatchObject({ status: 'refused', mostCents: 0 })
  await expect(engine.run(workflow, wish(0))).rejects.toMatchObject({ code: 'contract_input' })
  expect(await paid()).toEqual([])
})
