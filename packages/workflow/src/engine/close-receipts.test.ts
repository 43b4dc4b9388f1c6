import type { LedgerEntry, ModelReceipt } from '@parley/spec'
import { expect, test } from 'vitest'
import { closeReceipts } from './close-receipts.ts'

function receipt(receiptId: string, execution: Partial<ModelReceipt['execution']> = {}): ModelReceipt {
  return {
    receiptId,
    kind: 'model_routing',
    tenantId: 't',
    taskId: 'task_1',
    runId: 'run_1',
    stepKey: 'a@1',
    attempt: 1,
    createdAt: '2026-02-01T00:00:00.000Z',
    routerVersion: '1',
    priceVersion: '1',
    capabilityVersion: '1',
    promptHash: '',
    classification: { category: 'other', confidence: 1, signals: [] },
    candidates: [],
    decision: { modelId: 'test/m', strategy: 'single', fallbackChain: [], promptRewritten: false },
    execution: {
      status: 'dispatched',
      actualCostNanoUsd: null,
      actualLatencyMs: null,
      tokens: { input: 0, output: 0, cached: 0, reasoning: 0 },
      hops: [],
      ...execution,
    },
    budget: { estimateNanoUsd: 100, settledNanoUsd: null, envelopes: [] },
  }
}

function settled(call: number, costNanoUsd: number | null, kind: LedgerEntry['kind'] = 'settle'): LedgerEntry {
  return { runId: 'run_1', key: `run_1:a@1:1:${call}:1`, kind, envelopes: [], costNanoUsd, tokens: 1, calls: 1 }
}

function costsOf(receipts: ModelReceipt[], ledger: LedgerEntry[]): unknown {
  const written: ModelReceipt[] = []
  const closed = closeReceipts('run_1', receipts, ledger, { receipt: (one) => void written.push(one) })
  expect(written).toEqual(closed.filter((one, index) => one !== receipts[index]))
  for (const { execution, budget } of written)
    expect([execution.status, budget.settledNanoUsd]).toEqual(['unknown', execution.actualCostNanoUsd])
  return closed.map(({ execution }) => execution.actualCostNanoUsd)
}

test('9 a receipt whose call was booked before the process ended costs what was booked', () => {
  expect(costsOf([receipt('r1')], [settled(1, 7)])).toEqual([7])
  expect(costsOf([receipt('r1')], [settled(1, 100, 'release')])).toEqual([0])
})

test('9 a second model that was asked for the same receipt is in its cost', () => {
  expect(costsOf([receipt('r1')], [settled(1, 7), settled(2, 80)])).toEqual([87])
})

test('9 receipts that are closed keep their cost, open ones of the attempt share the rest', () => {
  const done = receipt('r1', { status: 'success', actualCostNanoUsd: 30 })
  const ledger = [settled(1, 30), settled(2, 100), settled(3, 12)]
  expect(costsOf([done, receipt('r2'), receipt('r3')], ledger)).toEqual([30, 100, 12])
  expect(costsOf([done, receipt('r2'), receipt('r3')], [settled(1, 30), settled(2, 8)])).toEqual([30, 8, 0])
})

test('9 an unknown price stays unknown, and without a ledger the estimate is all there is', () => {
  expect(costsOf([receipt('r1')], [settled(1, null)])).toEqual([null])
  expect(costsOf([receipt('r1')], [{ ...settled(1, 5), key: 'run_2:a@1:1:1:1' }])).toEqual([100])
})
