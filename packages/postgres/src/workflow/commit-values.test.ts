import { createHash } from 'node:crypto'

import type { AttemptRecord, CommitBatch, RunRecord, StepRunRecord, WaitRecord, WaitResolution } from '@parley/spec'
import { expect, test } from 'vitest'

import { commitAllText, commitStepsText } from './commit-functions.ts'
import { toCommitValues } from './commit-values.ts'

const at = '2026-01-01T00:00:00.000Z'
const run: RunRecord = {
  id: 'run_1',
  tenantId: 'acme',
  taskId: 'task_1',
  status: 'waiting',
  workflow: 'report',
  definitionHash: 'hash_1',
  input: { goal: 'tea' },
  planVersion: 1,
  createdAt: at,
  updatedAt: at,
}
const stepRun = (stepKey: string, fields: Partial<StepRunRecord> = {}): StepRunRecord => ({
  runId: 'run_1',
  stepKey,
  step: 'a',
  status: 'completed',
  seq: 1,
  attempts: 1,
  costNanoUsd: 0,
  receiptIds: [],
  startedAt: at,
  ...fields,
})
const attempt = (stepKey: string, fields: Partial<AttemptRecord> = {}): AttemptRecord => ({
  runId: 'run_1',
  stepKey,
  attempt: 1,
  dispatch: 1,
  status: 'success',
  startedAt: at,
  receiptIds: [],
  ...fields,
})
const values = (batch: Partial<CommitBatch>): ReturnType<typeof toCommitValues> =>
  toCommitValues({ events: [], ...batch }, batch.run === undefined ? undefined : run)
// The texts are those of records.
const parse = (texts: unknown): unknown[] => (texts as string[]).map((text): unknown => JSON.parse(text))
/** Lease, epoch, token, now, expiry and end come before. */
const ownParameters = 6
const placeholders = (text: string): number => text.match(/\$\d+/g)?.length ?? 0

test('13.2 groups that a batch does not have are null, as many as the statement takes', () => {
  const { events, steps, rest } = values({})
  expect(events).toEqual([])
  expect(steps).toEqual(Array.from({ length: placeholders(commitStepsText) - ownParameters }, () => null))
  expect(rest).toBeUndefined()
  const whole = values({
    ledger: [{ runId: 'run_1', key: 'k', kind: 'reserve', envelopes: [], costNanoUsd: 1, tokens: 1, calls: 1 }],
  })
  expect(whole.steps.length + (whole.rest?.length ?? 0)).toBe(placeholders(commitAllText) - ownParameters)
})

test('13.2 of records with one key the last counts, at the place of the first', () => {
  const { steps } = values({
    stepRuns: [
      stepRun('a@1', { status: 'running' }),
      stepRun('b@1'),
      stepRun('a@1', { status: 'completed', output: 1 }),
    ],
    attempts: [
      attempt('a@1', { status: 'running' }),
      attempt('a@1', { attempt: 2 }),
      attempt('a@1', { status: 'failure' }),
    ],
  })
  expect(steps.slice(1, 5)).toMatchObject([['a@1', 'b@1'], expect.anything(), ['1', null], [null, null]])
  expect(parse(steps[2])).toMatchObject([{ status: 'completed' }, { status: 'completed' }])
  expect(parse(steps[2])[0]).not.toHaveProperty('output')
  expect(steps.slice(5, 7)).toEqual([
    ['a@1', 'a@1'],
    [1, 2],
  ])
  expect(parse(steps[7])).toMatchObject([{ status: 'failure' }, { attempt: 2 }])
})

test('13.2 what is taken away of the state goes before what is set, once; null is a value', () => {
  const { steps } = values({ state: { set: { a: 1, b: null }, unset: ['a', 'c', 'c'] } })
  expect(steps.slice(8, 11)).toEqual([
    ['a', 'b', 'c'],
    ['1', 'null', null],
    [null, null, null],
  ])
})

test('W-22 a value above 256 KiB is a blob under its hash, one for equal ones; by bytes, not by characters', () => {
  const large = 'x'.repeat(262_143)
  const wide = '€'.repeat(90_000)
  const { steps } = values({
    stepRuns: [
      stepRun('a@1', { output: large }),
      stepRun('b@1', { output: 'x'.repeat(262_142) }),
      stepRun('c@1', { output: wide }),
    ],
    state: { set: { a: large } },
  })
  const hashOf = (value: string): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')
  expect(steps[3]).toEqual([null, JSON.stringify('x'.repeat(262_142)), null])
  expect(steps[4]).toEqual([hashOf(large), null, hashOf(wide)])
  expect(steps[10]).toEqual([hashOf(large)])
  expect(steps.slice(11)).toEqual([
    [hashOf(large), hashOf(wide)],
    [JSON.stringify(large), JSON.stringify(wide)],
  ])
})

test('S6 data of an event above 64 KiB is clipped, in what is stored and in what is told', () => {
  const { events, steps } = values({ events: [{ type: 'step_completed', data: { text: 'x'.repeat(70_000) } }] })
  const [stored] = parse(steps[0])
  expect(stored).toEqual(events[0])
  expect(JSON.stringify(stored).length).toBeLessThan(66_000)
})

test('13.2 of a run the document goes without its values; those of the patch have columns of their own', () => {
  const { rest = [] } = values({ run: { status: 'waiting', output: { a: 1 }, outputs: undefined } })
  const [doc, status, hash, names, texts, blobs] = rest
  const stored: unknown = JSON.parse(String(doc))
  expect(stored).toMatchObject({ id: 'run_1', status: 'waiting' })
  for (const field of ['input', 'output', 'outputs', 'updatedAt']) expect(stored).not.toHaveProperty(field)
  expect([status, hash, names, texts, blobs]).toEqual([
    'waiting',
    run.definitionHash,
    ['output', 'outputs'],
    ['{"a":1}', null],
    [null, null],
  ])
})

test('12.3 state and answer of a wait lie beside its document', () => {
  const answer: WaitResolution = { decision: 'approved', at }
  const wait: WaitRecord = {
    id: 'wait_1',
    runId: 'run_1',
    stepKey: 'a@1',
    kind: 'approval',
    status: 'open',
    tokenHash: 'ff',
    createdAt: at,
  }
  const { rest = [] } = values({ waits: [wait, { ...wait, status: 'resolved', resolution: answer }] })
  const [ids, tokens, statuses, docs, resolutions] = rest.slice(-5)
  expect([ids, tokens, statuses]).toEqual([['wait_1'], ['ff'], ['resolved']])
  expect(parse(docs)[0]).not.toHaveProperty('status')
  expect(parse(docs)[0]).not.toHaveProperty('resolution')
  expect(parse(resolutions)).toEqual([answer])
})
