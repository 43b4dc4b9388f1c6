import { ParleyError, type ChatResult, type ErrorCode } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { samplePrice } from '../routing/__fixtures__/sample-pool.ts'
import { openBench, sampleModel } from './__fixtures__/call-bench.ts'
import type { AnswerCheck, ModelCallOutcome } from './model-call.ts'
import { defaultRaceCandidates, maxRaceCandidates, pickDistinct, runRace } from './run-race.ts'

const failure = (code: ErrorCode, message = 'As scripted.'): ParleyError => new ParleyError({ code, message })
const inputTokens = 13
const isJson = ({ text }: ChatResult): AnswerCheck => {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    const fault = { path: '<root>', expected: 'json', actual: 'text', message: 'No JSON.', severity: 'error' as const }
    return { ok: false, faults: [fault] }
  }
}

describe('workflows 8 race', () => {
  test('workflows 8 race: 2 candidates, no stagger, at most 5', async () => {
    expect([defaultRaceCandidates, maxRaceCandidates]).toEqual([2, 5])
    const models = ['a/1', 'b/2', 'c/3'].map((id, index) =>
      sampleModel(id, ['Yes.'], { price: samplePrice(index + 1) }),
    )
    const bench = openBench(models)
    await runRace(bench.plan, bench.ports)
    expect(models.map(({ requests }) => requests.length)).toEqual([1, 1, 0])
    await expect(runRace(bench.plan, bench.ports, { candidates: 6 })).rejects.toMatchObject({
      code: 'limit_exceeded',
      details: { max: 5, actual: 6 },
    })
  })

  test('workflows 8 race: the first valid answer wins; a fast error and an invalid answer do not', async () => {
    const clock = createVirtualClock()
    const models = [
      sampleModel('a/limited', [failure('model_rate_limited')], { clock, ttftMs: 10, price: samplePrice(1) }),
      sampleModel('b/broken', ['no json'], { clock, ttftMs: 20, price: samplePrice(2) }),
      sampleModel('c/valid', ['{"a":1}'], { clock, ttftMs: 30, price: samplePrice(3) }),
      sampleModel('d/slow', ['{"a":2}'], { clock, ttftMs: 500, price: samplePrice(4) }),
    ]
    const bench = openBench(models, { clock, ports: { validate: isJson } })
    const racing = runRace(bench.plan, bench.ports, { candidates: 4 })
    await clock.advance(30)
    const outcome = await racing
    expect(outcome).toMatchObject({ status: 'completed', modelId: 'c/valid', value: { a: 1 } })
    expect(models[3]?.calls[0]?.signal.aborted).toBe(true)
    expect(outcome.receipt).toMatchObject({
      decision: { strategy: 'race', modelId: 'c/valid' },
      execution: {
        status: 'success',
        actualLatencyMs: 30,
        firstTokenMs: 30,
        hops: [
          { modelId: 'a/limited', status: 'failed', errorCode: 'model_rate_limited', latencyMs: 10 },
          { modelId: 'b/broken', status: 'failed', errorCode: 'contract_output', latencyMs: 20 },
          { modelId: 'c/valid', status: 'success', latencyMs: 30 },
          { modelId: 'd/slow', status: 'cancelled', latencyMs: 30 },
        ],
        lost: [
          { modelId: 'a/limited', reason: 'failed', costNanoUsd: 0 },
          { modelId: 'b/broken', reason: 'invalid', costNanoUsd: 300, basis: 'usage' },
          { modelId: 'd/slow', reason: 'slower', costNanoUsd: inputTokens * 4, basis: 'estimate' },
        ],
      },
    })
    expect(bench.receipts).toHaveLength(2)
    const spent = 300 + 450 + inputTokens * 4
    expect(bench.budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: spent, calls: 4 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
    expect(outcome.receipt.execution.actualCostNanoUsd).toBe(spent)
  })

  test('workflows 8 race: the sum is reserved before any start, else none starts', async () => {
    const sum = (inputTokens + 1_000) * (10 + 20)
    const models = [
      sampleModel('a/1', ['Yes.'], { price: samplePrice(10) }),
      sampleModel('b/2', ['Yes.'], { price: samplePrice(20) }),
    ]
    const short = openBench(models, { spec: { maxCostUsd: (sum - 1) / 1e9 } })
    expect(await runRace(short.plan, short.ports)).toMatchObject({ status: 'budgetExceeded', onExceed: 'stop' })
    expect(models.map(({ requests }) => requests.length)).toEqual([0, 0])
    const enough = openBench(models, { spec: { maxCostUsd: sum / 1e9 } })
    expect(await runRace(enough.plan, enough.ports)).toMatchObject({ status: 'completed' })
    expect(enough.receipts[0]?.budget.estimateNanoUsd).toBe(sum)
  })

  test('workflows 8 race: starts are staggered in rank order, and a winner spares the rest', async () => {
    const clock = createVirtualClock()
    const models = [
      sampleModel('a/1', ['Yes.'], { clock, ttftMs: 150, price: samplePrice(1) }),
      sampleModel('b/2', ['Yes.'], { clock, ttftMs: 900, price: samplePrice(2) }),
      sampleModel('c/3', ['Yes.'], { clock, price: samplePrice(3) }),
    ]
    const bench = openBench(models, { clock })
    const racing = runRace(bench.plan, bench.ports, { candidates: 3, staggerMs: 100 })
    await clock.advance(99)
    expect(models.map(({ requests }) => requests.length)).toEqual([1, 0, 0])
    await clock.advance(1)
    expect(models.map(({ requests }) => requests.length)).toEqual([1, 1, 0])
    await clock.advance(50)
    const outcome = await racing
    await clock.advance(1_000)
    expect(models.map(({ requests }) => requests.length)).toEqual([1, 1, 0])
    expect(outcome.receipt.execution.hops.map(({ modelId }) => modelId)).toEqual(['a/1', 'b/2'])
    expect(bench.budget.envelopes[0]).toMatchObject({ settled: { calls: 2 }, reserved: { costNanoUsd: 0, calls: 0 } })
    expect(clock.pending).toBe(0)
  })

  test('workflows 8 race: fewer eligible than wanted race all the same, and the receipt says so', async () => {
    const bench = openBench([sampleModel('a/1', ['Yes.']), sampleModel('b/2', ['Yes.'])])
    const outcome = await runRace(bench.plan, bench.ports, { candidates: 3 })
    expect(outcome).toMatchObject({ status: 'completed' })
    expect(outcome.receipt.decision.note).toBe('race of 2: of 3 wanted no more are eligible')
  })

  test('workflows 8 race: other providers are preferred', () => {
    const ranked = ['a/1', 'a/2', 'b/3', 'a/4'].map((modelId) => ({
      modelId,
      provider: modelId.charAt(0),
      optionalMet: 0,
      costNanoUsd: 1,
      quality: 1,
      score: 1,
      inputTokens: 1,
      outputCapTokens: 1,
    }))
    const ids = (count: number): string[] => pickDistinct(ranked, count).map(({ modelId }) => modelId)
    expect([ids(1), ids(2), ids(3), ids(9)]).toEqual([
      ['a/1'],
      ['a/1', 'b/3'],
      ['a/1', 'a/2', 'b/3'],
      ['a/1', 'a/2', 'b/3', 'a/4'],
    ])
  })

  test('workflows 8 race: all fail, one error with the cause of each', async () => {
    const models = [
      sampleModel('a/1', [failure('model_unauthorized', 'No key.')]),
      sampleModel('b/2', ['no json']),
      sampleModel('c/3', [failure('model_unavailable')]),
    ]
    const bench = openBench(models, { ports: { validate: isJson } })
    const outcome = await runRace(bench.plan, bench.ports, { candidates: 3 })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'step_failed', retryable: true } })
    const error = outcome.status === 'failed' ? outcome.error : undefined
    expect(error?.details['causes']).toEqual([
      { model: 'a/1', code: 'model_unauthorized', message: 'No key.' },
      { model: 'b/2', code: 'contract_output', message: 'The answer does not satisfy its contract.' },
      { model: 'c/3', code: 'model_unavailable', message: 'As scripted.' },
    ])
  })

  test('workflows 8 race: what a foreign error says reaches nobody', async () => {
    const bench = openBench([sampleModel('a/1', [new Error('sk-secret in /home/x')])])
    const outcome = await runRace(bench.plan, bench.ports)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'internal_error', retryable: false } })
    expect(JSON.stringify([outcome, bench.receipts])).not.toContain('sk-secret')
  })

  test('workflows 8 race: all invalid is a contract failure', async () => {
    const bench = openBench([sampleModel('a/1', ['no']), sampleModel('b/2', ['neither'])], {
      ports: { validate: isJson },
    })
    expect(await runRace(bench.plan, bench.ports)).toMatchObject({
      status: 'invalid',
      modelId: 'a/1',
      result: { text: 'no' },
    })
  })

  test('workflows 8 race: an abort ends all candidates and rejects with its reason', async () => {
    const controller = new AbortController()
    const models = [
      sampleModel('a/1', [() => new Promise(() => {})]),
      sampleModel('b/2', [() => new Promise(() => {})]),
    ]
    const bench = openBench(models, { ports: { signal: controller.signal } })
    const racing = runRace(bench.plan, bench.ports)
    await bench.clock.advance(1)
    controller.abort(new Error('enough'))
    await expect(racing).rejects.toThrow('enough')
    expect(models.map(({ calls }) => calls[0]?.signal.aborted)).toEqual([true, true])
    expect(bench.receipts.at(-1)?.execution.status).toBe('cancelled')
    expect(bench.budget.envelopes[0]).toMatchObject({ settled: { calls: 2 }, reserved: { costNanoUsd: 0 } })
  })

  test('workflows 8 race: whatever the models do, one winner at most, one receipt, and no cost is lost', async () => {
    const behaviour = fc.record({
      ttftMs: fc.nat(50),
      answer: fc.constantFrom('{"a":1}', 'no json', 'unavailable', 'refused'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { minLength: 1, maxLength: 5 }),
        fc.nat(30),
        async (behaviours, staggerMs) => {
          const clock = createVirtualClock()
          const models = behaviours.map(({ answer, ttftMs }, index) => {
            const turn =
              answer === 'unavailable'
                ? failure('model_unavailable')
                : answer === 'refused'
                  ? failure('model_refused')
                  : answer
            return sampleModel(`${'abcde'.charAt(index)}/m`, [turn], { clock, ttftMs })
          })
          const bench = openBench(models, { clock, spec: { maxCostUsd: 1 }, ports: { validate: isJson } })
          const racing = runRace(bench.plan, bench.ports, { candidates: behaviours.length, staggerMs })
          await clock.runToRest()
          const outcome: ModelCallOutcome = await racing
          expect(outcome.status === 'completed').toBe(behaviours.some(({ answer }) => answer === '{"a":1}'))
          expect(new Set(bench.receipts.map(({ receiptId }) => receiptId)).size).toBe(1)
          expect(bench.receipts).toHaveLength(2)
          const { execution } = outcome.receipt
          expect(execution.hops).toHaveLength(models.filter(({ requests }) => requests.length > 0).length)
          expect(bench.budget.envelopes[0]).toMatchObject({
            settled: { costNanoUsd: execution.actualCostNanoUsd, calls: execution.hops.length },
            reserved: { costNanoUsd: 0, tokens: 0, calls: 0 },
          })
          expect(clock.pending).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  })
})
