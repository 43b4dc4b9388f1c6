import { createBudget, type LedgerEntry } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ledgerBudget, settleHeld, type OpenReservations } from './ledger-budget.ts'
import type { JournalWriter } from './journal-writer.ts'
import { readLedger } from './read-ledger.ts'
import { openRunBudget } from './run-budget.ts'

const movement = fc.record({
  key: fc.nat({ max: 8 }),
  what: fc.constantFrom('reserve' as const, 'settle' as const, 'release' as const),
  cost: fc.integer({ min: 0, max: 1_000 }),
})

function open(settled = { costNanoUsd: 0, tokens: 0, calls: 0 }): ReturnType<typeof openRunBudget> {
  const clock = createVirtualClock()
  return openRunBudget(undefined, 'run', {
    spec: { maxCostUsd: 0.000_003 },
    maxModelCalls: 50,
    clock,
    settled,
    onWarning: () => {},
  })
}

const isHeld = (held: OpenReservations, key: string): boolean => held.has(key) && held.get(key) !== 'over'

test('9 property: a run that is taken up again has spent what its ledger says, and what was under way at its estimate', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(movement, { maxLength: 40 }), async (movements) => {
      const entries: LedgerEntry[] = []
      // Of the writer only this is used.
      const writer = { ledger: (entry: LedgerEntry) => void entries.push(entry) } as unknown as JournalWriter
      const held: OpenReservations = new Map()
      const budget = ledgerBudget(open(), 'run', writer, held)
      for (const { key, what, cost } of movements) {
        const name = `run:a@1:1:${key}:1`
        if (what === 'reserve') await budget.reserve(name, { costNanoUsd: cost, tokens: cost })
        else if (isHeld(held, name) && what === 'settle')
          await budget.settle(name, { costNanoUsd: cost * 2, tokens: 1 })
        else if (isHeld(held, name)) await budget.release(name)
      }
      const { run, interrupted, dispatches } = readLedger('run', entries, new Set(['a@1:1']))
      const again = open(run)
      await settleHeld(budget, held)
      // As if nothing had happened in between, also beyond the cap.
      expect(again.envelopes[0]?.settled).toEqual(budget.envelopes[0]?.settled)
      expect(budget.envelopes[0]?.reserved).toMatchObject({ costNanoUsd: 0, tokens: 0, calls: 0 })
      const before = entries.length - interrupted.length
      expect(
        entries
          .slice(before)
          .map(({ key }) => key)
          .toSorted(),
      ).toEqual(interrupted.map(({ key }) => key).toSorted())
      if (entries.length > 0) expect(dispatches.get('a@1:1')).toEqual({ stepKey: 'a@1', attempt: 1, dispatch: 1 })
    }),
  )
})

test('9 a cost that was not told counts as it was held, and a step has what it spent itself', () => {
  const envelopes: LedgerEntry['envelopes'] = [
    { kind: 'run', id: 'run' },
    { kind: 'run', id: 'run:calls' },
    { kind: 'step', id: 'a@1' },
  ]
  const common = { runId: 'run', key: 'run:a@1:2:1:3', envelopes, tokens: 5, calls: 1 }
  const { run, steps, dispatches } = readLedger(
    'run',
    [
      { ...common, kind: 'reserve', costNanoUsd: 70 },
      { ...common, kind: 'settle', costNanoUsd: null },
    ],
    new Set(),
  )
  expect(run).toEqual({ costNanoUsd: 70, tokens: 5, calls: 1, visits: 0 })
  expect(steps.get('a@1')).toEqual(run)
  expect(dispatches.get('a@1:2')?.dispatch).toBe(3)
})

test('9 a budget of what was spent is a budget with that spent', async () => {
  const clock = createVirtualClock()
  const outer = createBudget('task', 't', { maxCalls: 3 }, { clock })
  const inner = outer.child('run', 'r', { maxCalls: 2 }, { settled: { costNanoUsd: 0, tokens: 0, calls: 1 } })
  expect((await inner.reserve('a', { costNanoUsd: 0 })).ok).toBe(true)
  expect(await inner.reserve('b', { costNanoUsd: 0 })).toMatchObject({ ok: false, envelope: { id: 'r' } })
  expect(outer.envelopes[0]?.reserved.calls).toBe(1)
})

test('9 what was held and not sent when the process ended is released; what code counts, and keys of others, count', () => {
  const held: LedgerEntry = {
    runId: 'run',
    key: 'run:a@1:2:1:3',
    kind: 'reserve',
    envelopes: [],
    costNanoUsd: 70,
    tokens: 5,
    calls: 1,
  }
  const read = (entry: LedgerEntry, ...sent: string[]): unknown => {
    const { run, interrupted } = readLedger('run', [entry], new Set(sent))
    return [run, interrupted]
  }
  const zero = { costNanoUsd: 0, tokens: 0, calls: 0, visits: 0 }
  const { costNanoUsd, tokens, calls } = held
  expect(read(held)).toEqual([zero, [{ ...held, ...zero, kind: 'release' }]])
  expect(read(held, 'a@1:2')).toEqual([
    { costNanoUsd, tokens, calls, visits: 0 },
    [{ ...held, kind: 'settle', basis: 'estimate' }],
  ])
  const counted: LedgerEntry = { ...held, costNanoUsd: 0, tokens: 0, calls: 2 }
  expect(read(counted)).toEqual([{ ...zero, calls: 2 }, [{ ...counted, kind: 'settle', basis: 'estimate' }]])
  const other: LedgerEntry = { ...held, key: 'turn_1' }
  expect(read(other)).toEqual([
    { costNanoUsd, tokens, calls, visits: 0 },
    [{ ...other, kind: 'settle', basis: 'estimate' }],
  ])
})
