import type { ModelCallOutcome } from './model-call.ts'
import { createBudget, type Budget } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { samplePrice } from '../routing/__fixtures__/sample-pool.ts'
import { openBench, sampleModel } from './__fixtures__/call-bench.ts'
import { runModelCalls } from './run-model-calls.ts'

const strategies = [
  { type: 'single' },
  { type: 'race', candidates: 2, staggerMs: 0 },
  { type: 'speculative', compare: 'normalized', allowUnverified: true },
] as const

test('workflows 9 settled and reserved never pass the cap under any order of 50 calls at once; at the end nothing is reserved', async () => {
  const capNanoUsd = 40_000
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ strategy: fc.constantFrom(...strategies), isAborted: fc.boolean() }), {
        minLength: 10,
        maxLength: 50,
      }),
      fc.constantFrom('stop', 'downgrade', 'pause'),
      async (scheduler, calls, onExceed) => {
        const clock = createVirtualClock()
        const inner = createBudget('run', 'run_1', { maxCostUsd: capNanoUsd / 1e9, onExceed }, { clock })
        let most = 0
        const look = (): void => {
          const [envelope] = inner.envelopes
          most = Math.max(most, (envelope?.settled.costNanoUsd ?? 0) + (envelope?.reserved.costNanoUsd ?? 0))
        }
        // Each step of the budget and each answer of a model comes when the scheduler says so.
        const budget: Budget = {
          get envelopes() {
            return inner.envelopes
          },
          reserve: (...args) =>
            scheduler
              .schedule(Promise.resolve())
              .then(() => inner.reserve(...args))
              .finally(look),
          settle: (...args) =>
            scheduler
              .schedule(Promise.resolve())
              .then(() => inner.settle(...args))
              .finally(look),
          release: (...args) =>
            scheduler
              .schedule(Promise.resolve())
              .then(() => inner.release(...args))
              .finally(look),
          child: (...args) => inner.child(...args),
        }
        const answer = (): Promise<{ text: string; usage: { inputTokens: number; outputTokens: number } }> =>
          scheduler.schedule(Promise.resolve({ text: 'Yes.', usage: { inputTokens: 10, outputTokens: 50 } }))
        const models = [
          sampleModel('a/fast', [answer], { tiers: ['fast'], price: samplePrice(1) }),
          sampleModel('b/one', [answer], { price: samplePrice(4) }),
          sampleModel('c/two', [answer], { price: samplePrice(5) }),
        ]
        const { router } = openBench(models, { clock })
        const receipts = new Map<string, number>()
        const outcomes = await scheduler.waitFor(
          Promise.allSettled(
            calls.map(({ strategy, isAborted }, index) => {
              const controller = new AbortController()
              if (isAborted)
                void scheduler.schedule(Promise.resolve()).then(() => controller.abort(new Error('enough')))
              const bench = openBench([], {
                clock,
                plan: {
                  key: `run_1:step_${index}:1`,
                  strategy,
                  request: { messages: [{ role: 'user', content: 'Hi' }], maxOutputTokens: 990 },
                },
                ports: {
                  router,
                  budget,
                  signal: controller.signal,
                  onReceipt: ({ receiptId }) => void receipts.set(receiptId, (receipts.get(receiptId) ?? 0) + 1),
                },
              })
              return runModelCalls(bench.plan, bench.ports)
            }),
          ),
        )
        expect(most).toBeLessThanOrEqual(capNanoUsd)
        expect(inner.envelopes[0]?.reserved).toMatchObject({ costNanoUsd: 0, tokens: 0, calls: 0 })
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toEqual(new Error('enough'))
        }
        const made = outcomes
          .filter((outcome): outcome is PromiseFulfilledResult<ModelCallOutcome> => outcome.status === 'fulfilled')
          .map(({ value }) => value.receipt.receiptId)
        expect(new Set(made).size).toBe(made.length)
        for (const times of receipts.values()) expect(times).toBeLessThanOrEqual(2)
      },
    ),
    { numRuns: 30 },
  )
})
