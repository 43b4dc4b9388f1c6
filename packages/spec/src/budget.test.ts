import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Budget, BudgetSpec, Spend } from './budget-port.ts'
import { createBudget, type BudgetWarning } from './budget.ts'

const clock = createVirtualClock()
const spend = (nanoUsd: number, tokens = 0): Spend => ({ costNanoUsd: nanoUsd, tokens })
const open = (spec: BudgetSpec): Budget => createBudget('run', 'run_1', spec, { clock })
const usd = (nano: number): number => nano / 1_000_000_000

describe('createBudget', () => {
  test('PO-15 a reservation is all or nothing over all envelopes', async () => {
    const run = open({ maxCostUsd: usd(100) })
    const step = run.child('step', 'draft', { maxCostUsd: usd(10) })
    expect(await step.reserve('a', spend(11))).toEqual({
      ok: false,
      code: 'budget_exceeded',
      envelope: { kind: 'step', id: 'draft' },
      exceeded: 'max_cost_usd',
      onExceed: 'stop',
    })
    expect(run.envelopes[0]?.reserved.costNanoUsd).toBe(0)
    expect(await step.reserve('b', spend(10))).toEqual({ ok: true, key: 'b' })
    expect(step.envelopes.map(({ kind, reserved }) => [kind, reserved.costNanoUsd])).toEqual([
      ['run', 10],
      ['step', 10],
    ])
  })

  test('PO-15 repeating reserve, settle or release with a key changes nothing', async () => {
    const run = open({ maxCostUsd: usd(100) })
    for (let again = 0; again < 3; again++) expect(await run.reserve('a', spend(60))).toEqual({ ok: true, key: 'a' })
    expect(run.envelopes[0]).toMatchObject({ reserved: { costNanoUsd: 60, calls: 1 }, remaining: { costNanoUsd: 40 } })
    for (let again = 0; again < 3; again++) await run.settle('a', spend(50))
    await run.release('a')
    await run.reserve('a', spend(60))
    expect(run.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 50, calls: 1 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
    await run.reserve('b', spend(10))
    await run.release('b')
    await run.release('b')
    await run.reserve('b', spend(10))
    expect(run.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 50 },
      reserved: { costNanoUsd: 0 },
      remaining: { costNanoUsd: 50 },
    })
  })

  test('PO-15 a key that was refused may be tried again', async () => {
    const run = open({ maxCostUsd: usd(10), onExceed: 'pause' })
    expect(await run.reserve('a', spend(11))).toMatchObject({ ok: false, onExceed: 'pause' })
    expect(await run.reserve('a', spend(9))).toMatchObject({ ok: true })
  })

  test('PO-15 settling more than was reserved is recorded, and the next call is refused', async () => {
    const run = open({ maxCostUsd: usd(10) })
    await run.reserve('a', spend(8))
    await run.settle('a', spend(14))
    expect(run.envelopes[0]).toMatchObject({ settled: { costNanoUsd: 14 }, remaining: { costNanoUsd: 0 } })
    expect(await run.reserve('b', spend(0))).toMatchObject({ ok: false, exceeded: 'max_cost_usd' })
  })

  test('PO-15 settling an unknown or released key is budget_invalid', async () => {
    const run = open({})
    await expect(run.settle('nobody', spend(1))).rejects.toMatchObject({
      code: 'budget_invalid',
      details: { key: 'nobody' },
    })
    await expect(run.release('nobody')).rejects.toMatchObject({ code: 'budget_invalid' })
    await run.reserve('a', spend(1))
    await run.release('a')
    await expect(run.settle('a', spend(1))).rejects.toMatchObject({ code: 'budget_invalid' })
  })

  test('PO-15 an aborted reserve holds nothing', async () => {
    const run = open({})
    const reason = new Error('enough')
    await expect(run.reserve('a', spend(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(run.envelopes[0]?.reserved.calls).toBe(0)
  })

  test('PO-15 settling through any budget of the nest books in the envelopes that held', async () => {
    const run = open({ maxCostUsd: usd(100) })
    const step = run.child('step', 'one', { maxCostUsd: usd(50) })
    const other = run.child('step', 'two', { maxCostUsd: usd(50) })
    await step.reserve('a', spend(20))
    await other.settle('a', spend(15))
    expect(step.envelopes.map(({ settled }) => settled.costNanoUsd)).toEqual([15, 15])
    expect(other.envelopes.map(({ settled }) => settled.costNanoUsd)).toEqual([15, 0])
  })

  test('the innermost exhausted envelope decides, and warn refuses nothing', async () => {
    const run = open({ maxCostUsd: usd(10), onExceed: 'pause' })
    const step = run.child('step', 'one', { maxCostUsd: usd(10), onExceed: 'downgrade' })
    expect(await step.reserve('a', spend(11))).toMatchObject({ envelope: { kind: 'step' }, onExceed: 'downgrade' })
    const lenient = run.child('step', 'two', { maxCostUsd: usd(1), onExceed: 'warn' })
    expect(await lenient.reserve('b', spend(5))).toMatchObject({ ok: true })
    expect(await lenient.reserve('c', spend(6))).toMatchObject({
      ok: false,
      envelope: { kind: 'run' },
      onExceed: 'pause',
    })
  })

  test('tokens, calls and wall time have caps of their own', async () => {
    const own = createVirtualClock()
    const budget = createBudget('turn', 't', { maxTokens: 100, maxCalls: 2, maxWallMs: 1000 }, { clock: own })
    expect(await budget.reserve('a', { costNanoUsd: null, tokens: 101 })).toMatchObject({ exceeded: 'max_tokens' })
    await budget.reserve('a', { costNanoUsd: null, tokens: 10 })
    await budget.reserve('b', { costNanoUsd: null, tokens: 10 })
    expect(await budget.reserve('c', { costNanoUsd: null, tokens: 10 })).toMatchObject({ exceeded: 'max_calls' })
    await budget.release('b')
    await own.advance(1000)
    expect(await budget.reserve('c', { costNanoUsd: null, tokens: 10 })).toMatchObject({ exceeded: 'max_wall_ms' })
  })

  test('with a cost cap an unknown price is refused, and an unknown settlement is booked at what was held', async () => {
    const run = open({ maxCostUsd: usd(10) })
    expect(await run.reserve('a', { costNanoUsd: null, tokens: 5 })).toMatchObject({ exceeded: 'price_unknown' })
    await run.reserve('b', spend(7))
    await run.settle('b', { costNanoUsd: null, tokens: 5 })
    expect(run.envelopes[0]?.settled).toMatchObject({ costNanoUsd: 7, tokens: 5 })
  })

  test('PO-16 a budget without caps answers ok and counts, and shows an unknown cost as unknown', async () => {
    const run = open({})
    expect(await run.reserve('a', spend(5, 7))).toEqual({ ok: true, key: 'a' })
    expect(await run.reserve('b', { costNanoUsd: null, tokens: 3 })).toEqual({ ok: true, key: 'b' })
    expect(run.envelopes[0]?.reserved).toEqual({ costNanoUsd: null, tokens: 10, calls: 2 })
    await run.settle('a', spend(4, 6))
    await run.release('b')
    expect(run.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 4, tokens: 6, calls: 1 },
      reserved: { costNanoUsd: 0, tokens: 0, calls: 0 },
      remaining: { costNanoUsd: null },
    })
  })

  test.each<BudgetSpec>([
    { maxCostUsd: Number.NaN },
    { maxCostUsd: -1 },
    { maxCostUsd: 0.0000000001 },
    { maxTokens: 1.5 },
    { maxCalls: -1 },
    { warnAt: [1.1] },
    { maxWallMs: 10, onExceed: 'downgrade' },
    { maxVisits: 10, onExceed: 'downgrade' },
  ])('PO-16 %o is budget_invalid', (spec) => {
    expect(() => open(spec)).toThrow(expect.objectContaining({ code: 'budget_invalid' }))
    expect(() => open({}).child('step', 's', spec)).toThrow(expect.objectContaining({ code: 'budget_invalid' }))
  })

  test('PO-16 a key that is no cap is refused, since it would hold nothing back', () => {
    const misspelt = { maxCost: 1 } as BudgetSpec
    const refusal = { code: 'invalid_options', message: expect.stringContaining('"maxCostUsd"') }
    expect(() => open(misspelt)).toThrow(expect.objectContaining(refusal))
    expect(() => open({}).child('step', 's', { max_cost_usd: 1 } as BudgetSpec)).toThrow(
      expect.objectContaining(refusal),
    )
    expect(() => open({ onExceed: 'halt' as 'stop' })).toThrow(expect.objectContaining({ code: 'budget_invalid' }))
  })

  test('PO-16 amounts that cannot be counted are refused and change nothing', async () => {
    const run = open({})
    for (const costNanoUsd of [Number.NaN, -1, 0.5, Number.MAX_SAFE_INTEGER + 1]) {
      await expect(run.reserve('a', { costNanoUsd })).rejects.toMatchObject({ code: 'budget_invalid' })
    }
    await run.reserve('b', spend(Number.MAX_SAFE_INTEGER))
    await expect(run.reserve('c', spend(1))).rejects.toMatchObject({ code: 'budget_invalid' })
    expect(run.envelopes[0]?.reserved.costNanoUsd).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('a warning comes once per share, and a listener that throws changes nothing', async () => {
    const errors: unknown[] = []
    const own = createVirtualClock({ onError: (error) => void errors.push(error) })
    const warnings: BudgetWarning[] = []
    const onWarning = (warning: BudgetWarning): void => {
      warnings.push(warning)
      throw new Error('listener')
    }
    const run = createBudget(
      'run',
      'r',
      { maxCostUsd: usd(100), warnAt: [0.5, 0.8], onExceed: 'warn' },
      { clock: own, onWarning },
    )
    for (const [key, cost] of [
      ['a', 40],
      ['b', 20],
      ['c', 30],
      ['d', 20],
    ] as const) {
      await run.reserve(key, spend(cost))
      await run.settle(key, spend(cost))
    }
    await own.runToRest()
    expect(warnings.map(({ share }) => share)).toEqual([0.5, 0.8, 1])
    expect(errors).toHaveLength(3)
    expect(run.envelopes[0]?.settled.costNanoUsd).toBe(110)
  })

  test('visits have a cap of their own, are told of like the others, and calls that overspent do not keep them out', async () => {
    const told: BudgetWarning[] = []
    const run = createBudget(
      'run',
      'run_1',
      { maxVisits: 5, maxCalls: 1, maxCostUsd: usd(10) },
      { clock, onWarning: (warning) => void told.push(warning) },
    )
    const visit: Spend = { costNanoUsd: 0, calls: 0, visits: 1 }
    await run.reserve('call', spend(5))
    await run.settle('call', spend(50))
    for (const key of ['1', '2', '3', '4', '5']) {
      expect(await run.reserve(key, visit)).toEqual({ ok: true, key })
      await run.settle(key, visit)
    }
    expect(run.envelopes[0]).toMatchObject({ settled: { calls: 1, visits: 5 }, remaining: { visits: 0 } })
    expect(await run.reserve('6', visit)).toMatchObject({ ok: false, exceeded: 'max_visits', onExceed: 'stop' })
    await clock.advance(0)
    expect(told.map(({ share }) => share)).toEqual([0.8, 0.8].slice(0, told.length))
    expect(open({}).envelopes[0]?.settled).toEqual({ costNanoUsd: 0, tokens: 0, calls: 0 })
  })

  test('caps change while work is under way: what was spent and is held stays', async () => {
    const task = createBudget('task', 't', { maxCalls: 1 }, { clock })
    const run = task.child('run', 'r', {})
    await run.reserve('a', spend(1))
    expect(await run.reserve('b', spend(1))).toMatchObject({ ok: false, exceeded: 'max_calls' })
    task.limit?.({ maxCalls: 2 })
    expect(await run.reserve('b', spend(1))).toMatchObject({ ok: true })
    await run.settle('a', spend(1))
    expect(task.envelopes[0]).toMatchObject({
      spec: { maxCalls: 2 },
      settled: { calls: 1 },
      reserved: { calls: 1 },
      remaining: { calls: 0 },
    })
    task.limit?.({ maxCalls: 1 })
    expect(await run.reserve('c', spend(0))).toMatchObject({ ok: false, envelope: { kind: 'task' } })
    expect(() => task.limit?.({ maxCalls: -1 })).toThrow('maxCalls')
    expect(task.envelopes[0]?.spec).toEqual({ maxCalls: 1 })
  })

  test('PO-16 settled + reserved never passes a cap under any interleaving, and at the end reserved is 0', async () => {
    const call = fc.record({
      estimate: fc.nat(40),
      used: fc.double({ min: 0, max: 1, noNaN: true }),
      where: fc.nat(3),
      outcome: fc.constantFrom('settle', 'release'),
      waits: fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }),
      visits: fc.nat(2),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 30 }),
        fc.tuple(fc.nat(200), fc.nat(120), fc.nat(60), fc.nat(20), fc.nat(12)),
        async (calls, [taskCap, runCap, stepCap, maxCalls, maxVisits]) => {
          const task = createBudget('task', 't', { maxCostUsd: usd(taskCap), maxCalls }, { clock })
          const run = task.child('run', 'r', { maxCostUsd: usd(runCap), maxVisits })
          const steps = [run.child('step', 'one', { maxCostUsd: usd(stepCap) }), run.child('step', 'two', {})]
          const budgets = [task, run, ...steps]
          const check = (): void => {
            for (const budget of budgets) {
              for (const { spec, settled, reserved } of budget.envelopes) {
                const total = (settled.costNanoUsd ?? Number.NaN) + (reserved.costNanoUsd ?? Number.NaN)
                expect(Number.isSafeInteger(total)).toBe(true)
                if (spec.maxCostUsd !== undefined) expect(total).toBeLessThanOrEqual(Math.round(spec.maxCostUsd * 1e9))
                if (spec.maxCalls !== undefined)
                  expect((settled.calls ?? 0) + (reserved.calls ?? 0)).toBeLessThanOrEqual(spec.maxCalls)
                if (spec.maxVisits !== undefined)
                  expect((settled.visits ?? 0) + (reserved.visits ?? 0)).toBeLessThanOrEqual(spec.maxVisits)
              }
            }
          }
          const pause = async (turns: number): Promise<void> => {
            for (let turn = 0; turn < turns; turn++) await Promise.resolve()
          }
          await Promise.all(
            calls.map(async ({ estimate, used, where, outcome, waits, visits }, index) => {
              const budget = budgets[where] ?? task
              const key = `call ${index}`
              await pause(waits[0] ?? 0)
              const reservation = await budget.reserve(key, { ...spend(estimate), visits })
              check()
              await pause(waits[1] ?? 0)
              if (!reservation.ok) return
              if (outcome === 'settle') await budget.settle(key, { ...spend(Math.floor(estimate * used)), visits })
              else await budget.release(key)
              check()
            }),
          )
          for (const budget of budgets) {
            for (const { reserved } of budget.envelopes)
              expect(reserved).toEqual({ costNanoUsd: 0, tokens: 0, calls: 0 })
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
