import { noLogger, type Receipt } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createCallBudgets } from './call-budgets.ts'

const turn = (costNanoUsd: number | null): Receipt => ({
  id: 'rcpt',
  roomId: 'r',
  kind: 'turn',
  at: '2026-11-22T00:00:00.000Z',
  data: { costNanoUsd },
})

function budgetsWith(receipts: Receipt[]) {
  let reads = 0
  const budgets = createCallBudgets({
    capUsd: 0.05,
    // Of rooms only their receipts are read here.
    rooms: () => ({ receipts: async () => ((reads += 1), receipts) }) as never,
    clock: createVirtualClock(),
    logger: noLogger,
  })
  return { budgets, reads: () => reads }
}

test('what a conversation spent before a restart counts against its cap, and its receipts are read once', async () => {
  const { budgets, reads } = budgetsWith([turn(20_000_000), turn(null), turn(15_000_000)])
  const budget = await budgets.budgetOf('r')
  expect(await budgets.budgetOf('r')).toBe(budget)
  expect(reads()).toBe(1)
  expect(budget.envelopes[0]).toMatchObject({ kind: 'call', id: 'r', settled: { costNanoUsd: 35_000_000 } })
  expect(await budget.reserve('a', { costNanoUsd: 15_000_001 })).toMatchObject({ ok: false, exceeded: 'max_cost_usd' })
  expect(await budget.reserve('b', { costNanoUsd: 15_000_000 })).toMatchObject({ ok: true })
})
