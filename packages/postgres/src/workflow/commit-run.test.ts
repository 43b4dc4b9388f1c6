import type { CommitBatch, Lease, SqlDatabase } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import type { VirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { foreignWaitState } from './backend-errors.ts'
import { commitAllText, commitStepsText } from './commit-functions.ts'
import { commitRun } from './commit-run.ts'
import type { CommitContext } from './commit-run.ts'
import type { RunLane } from './run-lanes.ts'
import { storeUnavailable } from '../database/database-errors.ts'

const lease: Lease = { runId: 'run_1', executorId: 'a', epoch: 3, expiresAt: '2026-01-01T00:00:30.000Z' }
const events: CommitBatch['events'] = [{ type: 'step_completed', data: {} }]

/** A database that answers each statement with the next entry: rows, or what it fails with. */
function scripted(answers: readonly (object[] | Error)[]): { database: SqlDatabase; sent: string[] } {
  const sent: string[] = []
  const database: SqlDatabase = {
    kind: 'postgres',
    query<Row>(text: string) {
      const answer = answers[sent.length]
      sent.push(text)
      if (answer === undefined) return Promise.reject(new Error(`Nothing was expected any more, but: ${text}`))
      // The rows of the script are those that the statement gives.
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve({ rows: answer as Row[], rowCount: answer.length })
    },
    transaction: () => Promise.reject(new Error('A commit is one statement.')),
    close: () => Promise.resolve(),
  }
  return { database, sent }
}

function setup(answers: readonly (object[] | Error)[]): {
  commit: (batch?: Partial<CommitBatch>) => ReturnType<typeof commitRun>
  clock: VirtualClock
  lane: RunLane
  sent: string[]
} {
  const { database, sent } = scripted(answers)
  const clock = createVirtualClock()
  const lane: RunLane = { epoch: 3, doc: undefined, isBroken: false, tail: Promise.resolve() }
  const context: CommitContext = { database, clock, leaseMs: 30_000, nextToken: () => 'token' }
  return { commit: (batch = {}) => commitRun(context, lane, lease, { events, ...batch }), clock, lane, sent }
}

const lost = (): Error => storeUnavailable(new Error('connection terminated'))
const done = [{ outcome: 'done', seq: 7 }]

test('13.2 a batch of steps alone takes the short statement, any other the whole one', async () => {
  const { commit, sent } = setup([done, done])
  expect(await commit()).toMatchObject({ seq: 7, isEnd: false })
  await commit({
    ledger: [{ runId: 'run_1', key: 'k', kind: 'reserve', envelopes: [], costNanoUsd: 1, tokens: 1, calls: 1 }],
  })
  expect(sent).toEqual([commitStepsText, commitAllText])
})

test('13.2 the last event of a run ends it, without another look at its document', async () => {
  const { commit, sent } = setup([done])
  expect(await commit({ events: [{ type: 'run_completed', data: {} }] })).toMatchObject({ isEnd: true })
  expect(sent).toHaveLength(1)
})

test.each([
  ['missing', 'run_unknown'],
  ['fenced', 'lease_lost'],
  ['ended', 'run_terminal'],
])('13.2 %s is told as %s', async (outcome, code) => {
  await expect(setup([[{ outcome, seq: 0 }]]).commit()).rejects.toMatchObject({ code })
})

test('13.2 a run without a row is unknown before anything is written', async () => {
  const { commit, sent } = setup([[]])
  await expect(commit({ run: { status: 'waiting' } })).rejects.toMatchObject({ code: 'run_unknown' })
  expect(sent).toHaveLength(1)
})

test('13.2 a commit whose answer was lost counts as written where its token is found', async () => {
  const { commit, lane, sent } = setup([lost(), [{ last_seq: 9, token: 'token' }]])
  expect(await commit()).toMatchObject({ seq: 9 })
  expect([lane.isBroken, sent.length]).toEqual([false, 2])
})

test('13.2 where another token is found it was not written, and may be sent again', async () => {
  const { commit, lane } = setup([lost(), [{ last_seq: 8, token: 'earlier' }], done])
  await expect(commit()).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
  expect(lane.isBroken).toBe(false)
  expect(await commit()).toMatchObject({ seq: 7 })
})

test('13.2 the database is asked four times, 100, 200 and 400 ms apart; then the lease is given up', async () => {
  const { commit, clock, lane, sent } = setup([lost(), lost(), lost(), lost(), lost()])
  let isOver = false
  const failed = commit().catch((error: unknown) => {
    isOver = true
    return error
  })
  await clock.advance(699)
  expect([isOver, sent.length]).toEqual([false, 4])
  await clock.advance(1)
  expect(await failed).toMatchObject({ code: 'store_unavailable' })
  expect([lane.isBroken, sent.length]).toEqual([true, 5])
  // A repetition could write twice: nothing goes out on this lease any more.
  await expect(commit()).rejects.toMatchObject({ code: 'lease_lost' })
  expect(sent).toHaveLength(5)
})

test('13.2 a database that is back in time says what became of the commit', async () => {
  const { commit, clock, lane } = setup([lost(), lost(), lost(), [{ last_seq: 9, token: 'token' }]])
  const committed = commit()
  await clock.advance(300)
  expect(await committed).toMatchObject({ seq: 9 })
  expect(lane.isBroken).toBe(false)
})

test('12.3 a wait under the id or the token of another is told as such; without waits the fault is not theirs', async () => {
  const wait = {
    id: 'wait_1',
    runId: 'run_1',
    stepKey: 'a@1',
    kind: 'approval' as const,
    status: 'open' as const,
    createdAt: '2026-01-01T00:00:00.000Z',
  }
  for (const code of [foreignWaitState, '23505']) {
    const refused = Object.assign(new Error('taken'), { code })
    await expect(setup([refused]).commit({ waits: [wait] })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('wait_1'),
    })
    await expect(setup([refused]).commit()).rejects.toBe(refused)
  }
})
