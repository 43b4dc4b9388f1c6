import { expect, test } from 'vitest'
import { readItemChunks, toItemChunk, type ItemEntry } from './item-chunks.ts'
import type { AttemptRecord, StepRunRecord } from './runs.ts'

const record = (index: number, more: Partial<StepRunRecord> = {}): StepRunRecord => ({
  runId: 'run_1',
  stepKey: `each@1#${index}`,
  step: 'each',
  status: 'completed',
  seq: 10 + index,
  index,
  output: index,
  attempts: 1,
  costNanoUsd: 0,
  receiptIds: [],
  ...more,
})
const attempt = (index: number): AttemptRecord => ({
  runId: 'run_1',
  stepKey: `each@1#${index}`,
  attempt: 1,
  dispatch: 1,
  status: 'success',
  startedAt: '2026-01-01T00:00:00.000Z',
  receiptIds: [],
})
const entry = (index: number): ItemEntry => ({ record: record(index), attempt: attempt(index) })

test('4.2 items are one record, and come out of it as they were, in order of seq', () => {
  const one = toItemChunk('each@1', [entry(3), entry(1)])
  const two = toItemChunk('each@1', [entry(0), { record: record(2) }])
  expect([one.stepKey, two.stepKey]).toEqual(['each@1#[3]', 'each@1#[0]'])
  const last = record(9, { stepKey: 'last@1', step: 'last' })
  const rows = readItemChunks({ stepRuns: [one, two, last], attempts: [] })
  expect(rows.stepRuns).toEqual([record(0), record(1), record(2), record(3), last])
  expect(rows.attempts).toEqual([attempt(3), attempt(1), attempt(0)])
})

test('4.2 without chunks nothing is copied', () => {
  const rows = { stepRuns: [record(0)], attempts: [] }
  expect(readItemChunks(rows)).toBe(rows)
})

test('6.2 an item that ran again under a new plan is as it was then', () => {
  const again = record(1, { plan: 2, output: 'new' })
  const chunks = [toItemChunk('each@1', [{ record: again }]), toItemChunk('each@1', [entry(0), entry(1)])]
  expect(readItemChunks({ stepRuns: chunks, attempts: [] }).stepRuns).toEqual([record(0), again])
})
