import { ParleyError, type DraftComparison, type Embedder, type ErrorCode } from '@parley/spec'
import { createVirtualClock, type ScriptedModel, type ScriptedTurn, type VirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { samplePrice } from '../routing/__fixtures__/sample-pool.ts'
import { openBench, sampleModel, type CallBench } from './__fixtures__/call-bench.ts'
import type { ModelCallOutcome } from './model-call.ts'
import { runSpeculative, type SpeculativeOptions } from './run-speculative.ts'

const failure = (code: ErrorCode): ParleyError => new ParleyError({ code, message: 'As scripted.' })
const inputTokens = 13

interface Speculation {
  bench: CallBench
  draft: ScriptedModel
  verifier: ScriptedModel
  outcome: ModelCallOutcome
}

async function speculate(
  draftTurn: ScriptedTurn,
  verifierTurn: ScriptedTurn,
  options: SpeculativeOptions & { bench?: Parameters<typeof openBench>[1]; draftMs?: number; verifierMs?: number } = {},
): Promise<Speculation> {
  const { draftMs = 10, verifierMs = 20, bench: benchOptions, ...speculation } = options
  const clock: VirtualClock = createVirtualClock()
  const draft = sampleModel('a/draft', [draftTurn], { clock, ttftMs: draftMs, tiers: ['fast'], price: samplePrice(1) })
  const verifier = sampleModel('b/verifier', [verifierTurn], { clock, ttftMs: verifierMs, price: samplePrice(10) })
  const bench = openBench([draft, verifier], { clock, ...benchOptions })
  const running = runSpeculative(bench.plan, bench.ports, speculation)
  await clock.runToRest()
  return { bench, draft, verifier, outcome: await running }
}

describe('workflows 8 speculative', () => {
  test('workflows 8 speculative: both get the same prompt at the same time, and both are reserved', async () => {
    const { draft, verifier, bench } = await speculate('Yes.', 'Yes.')
    expect(draft.requests).toEqual(verifier.requests)
    expect([draft.calls[0]?.purpose, verifier.calls[0]?.purpose]).toEqual(['speculation', 'step'])
    expect(bench.receipts[0]?.budget.estimateNanoUsd).toBe((inputTokens + 1_000) * 11)
  })

  test("workflows 8 speculative: agree, the draft's output, verified", async () => {
    const { outcome, bench } = await speculate('It is RED,  indeed!', 'it is red indeed')
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'a/draft',
      value: 'It is RED,  indeed!',
      verified: true,
    })
    expect(outcome.receipt).toMatchObject({
      decision: { strategy: 'speculative', modelId: 'a/draft', note: 'draft by a/draft' },
      execution: { status: 'success', verified: true, actualCostNanoUsd: 150 + 1_500 },
    })
    expect(outcome.receipt.execution).not.toHaveProperty('lost')
    expect(bench.receipts).toHaveLength(2)
  })

  test("workflows 8 speculative: disagree, the verifier's output; the draft is lost and charged", async () => {
    const { outcome, bench } = await speculate('Red.', 'Blue.')
    expect(outcome).toMatchObject({ status: 'completed', modelId: 'b/verifier', value: 'Blue.', verified: true })
    expect(outcome.receipt.execution.lost).toEqual([
      { modelId: 'a/draft', reason: 'disagreed', costNanoUsd: 150, basis: 'usage' },
    ])
    expect(bench.budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 1_650, calls: 2 },
      reserved: { costNanoUsd: 0 },
    })
  })

  test('workflows 8 speculative: the draft is shown when it is done, streamed as provisional before', async () => {
    const told: string[] = []
    await speculate('Red it is.', 'Red it is!', {
      bench: {
        ports: {
          onDelta: (text, { modelId, isProvisional }) => void told.push(`${modelId} ${isProvisional} ${text.trim()}`),
          onDraft: ({ modelId, text, value }) => void told.push(`draft ${modelId} ${text} ${String(value)}`),
          onReceipt: ({ execution }) => void told.push(execution.status),
        },
      },
    })
    expect(told).toEqual([
      'dispatched',
      'a/draft true Red',
      'a/draft true it',
      'a/draft true is.',
      'draft a/draft Red it is. Red it is.',
      'success',
    ])
  })

  test.each([false, true])(
    'workflows 8 speculative: a draft slower than its verifier is aborted, allowUnverified %s',
    async (allowUnverified) => {
      const { outcome, draft } = await speculate('Red.', 'Red.', { draftMs: 500, allowUnverified })
      expect(outcome).toMatchObject({ modelId: 'b/verifier', verified: true })
      expect(draft.calls[0]?.signal.aborted).toBe(true)
      expect(outcome.receipt.execution).toMatchObject({
        actualLatencyMs: 20,
        lost: [{ modelId: 'a/draft', reason: 'slower', basis: 'estimate', costNanoUsd: inputTokens }],
      })
    },
  )

  test('workflows 8 speculative: the verifier fails, so does the step', async () => {
    const { outcome } = await speculate('Red.', failure('model_unavailable'))
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'model_unavailable' },
      receipt: {
        execution: {
          status: 'failed',
          errorCode: 'model_unavailable',
          lost: [
            { modelId: 'a/draft', reason: 'cancelled' },
            { modelId: 'b/verifier', reason: 'failed' },
          ],
        },
      },
    })
  })

  test('workflows 8 speculative: the verifier fails, the draft unverified where that is allowed', async () => {
    for (const draftMs of [10, 500]) {
      const { outcome } = await speculate('Red.', failure('model_unavailable'), { allowUnverified: true, draftMs })
      expect(outcome).toMatchObject({
        status: 'completed',
        modelId: 'a/draft',
        verified: false,
        receipt: { execution: { verified: false, lost: [{ modelId: 'b/verifier', reason: 'failed' }] } },
      })
    }
  })

  test("workflows 8 speculative: the draft fails, the verifier's output", async () => {
    const { outcome } = await speculate(failure('model_unavailable'), 'Red.')
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'b/verifier',
      receipt: { execution: { lost: [{ modelId: 'a/draft', reason: 'failed', costNanoUsd: 0 }] } },
    })
  })

  test('workflows 8 speculative: both fail', async () => {
    const { outcome } = await speculate(failure('model_unavailable'), failure('model_refused'), {
      allowUnverified: true,
    })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'model_refused' } })
  })

  test('workflows 8 speculative: without a model one tier down it is single, and the receipt says so', async () => {
    const bench = openBench([sampleModel('b/only', ['Yes.'])])
    const outcome = await runSpeculative(bench.plan, bench.ports)
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'b/only',
      receipt: { decision: { strategy: 'single', note: 'no draft: no model one tier below' } },
    })
    expect(outcome).not.toHaveProperty('verified')
    expect(bench.receipts).toHaveLength(2)
    expect(bench.budget.envelopes[0]).toMatchObject({ settled: { calls: 1 }, reserved: { costNanoUsd: 0, calls: 0 } })
  })

  test('workflows 9 downgrade of a speculation: both move down, and where no draft is left it is single', async () => {
    const cap = (inputTokens + 1_000) * 5
    const { outcome } = await speculate('Red.', 'unheard', {
      bench: { spec: { maxCostUsd: cap / 1e9, onExceed: 'downgrade' } },
    })
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'a/draft',
      downgrade: { from: 'balanced', to: 'fast' },
      receipt: { decision: { strategy: 'single', downgradedFrom: 'balanced' } },
    })
  })

  test('workflows 9 a speculation that does not fit is not begun', async () => {
    const { outcome, draft, verifier } = await speculate('Red.', 'Red.', {
      bench: { spec: { maxCalls: 1, onExceed: 'pause' } },
    })
    expect(outcome).toMatchObject({ status: 'budgetExceeded', onExceed: 'pause', exceeded: 'max_calls' })
    expect([...draft.requests, ...verifier.requests]).toEqual([])
  })

  test('workflows 8 speculative: an abort ends both', async () => {
    const controller = new AbortController()
    const hang = (): Promise<never> => new Promise(() => {})
    const models = [sampleModel('a/draft', [hang], { tiers: ['fast'] }), sampleModel('b/verifier', [hang])]
    const bench = openBench(models, { ports: { signal: controller.signal } })
    const running = runSpeculative(bench.plan, bench.ports)
    await bench.clock.advance(1)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(models.map(({ calls }) => calls[0]?.signal.aborted)).toEqual([true, true])
    expect(bench.receipts.map(({ execution }) => execution.status)).toEqual(['dispatched', 'cancelled'])
    expect(bench.budget.envelopes[0]).toMatchObject({ settled: { calls: 2 }, reserved: { costNanoUsd: 0 } })
  })
})

describe('workflows 8 agreement', () => {
  const output = { name: 'answer', schema: { type: 'object' } }
  const structured = async (draft: string, verifier: string): Promise<string | undefined> => {
    const { outcome } = await speculate(draft, verifier, {
      bench: {
        plan: { request: { messages: [{ role: 'user', content: 'Go.' }], output } },
        ports: { validate: ({ text }) => ({ ok: true, value: JSON.parse(text) }) },
      },
    })
    return outcome.status === 'completed' ? outcome.modelId : outcome.status
  }

  test('workflows 8 agreement of structured output is deep equality, whatever the order of keys', async () => {
    expect(await structured('{"a":[1,{"b":null}],"c":"x"}', '{"c":"x","a":[1,{"b":null}]}')).toBe('a/draft')
    expect(await structured('{"a":"X"}', '{"a":"x"}')).toBe('b/verifier')
    expect(await structured('{"a":0}', '{"a":false}')).toBe('b/verifier')
  })

  test('workflows 8 agreement of text is normalized by default', async () => {
    const { outcome } = await speculate('YES', 'yes')
    expect(outcome).toMatchObject({ modelId: 'a/draft' })
    expect(await speculate('Yes, surely', 'yes')).toMatchObject({ outcome: { modelId: 'b/verifier' } })
  })

  const embedder = (vectors: number[][], fails = false): Embedder => ({
    id: 'e',
    dimensions: 2,
    maxBatch: 10,
    maxInputTokens: 100,
    normalized: true,
    price: samplePrice(2),
    embed: async () => {
      if (fails) throw failure('embedding_invalid')
      return { vectors: vectors.map((vector) => Float32Array.from(vector)), usage: { inputTokens: 7 } }
    },
  })
  const byVectors = (vectors: number[][], least = 0.92, fails = false): Promise<Speculation> =>
    speculate('Red.', 'Scarlet.', {
      compare: { embedding: least },
      bench: { ports: { embedder: embedder(vectors, fails) } },
    })

  test('workflows 8 agreement by embedding: the cosine decides, and the embedding is counted', async () => {
    const near = await byVectors([
      [1, 0],
      [0.95, Math.sqrt(1 - 0.95 ** 2)],
    ])
    expect(near.outcome).toMatchObject({ modelId: 'a/draft' })
    expect(near.bench.budget.envelopes[0]?.settled).toMatchObject({ costNanoUsd: 1_650 + 14, calls: 3 })
    expect(
      (
        await byVectors([
          [1, 0],
          [0.9, Math.sqrt(1 - 0.9 ** 2)],
        ])
      ).outcome,
    ).toMatchObject({ modelId: 'b/verifier' })
  })

  test('workflows 8 agreement that cannot be found out is none, and the receipt says why', async () => {
    const { outcome, bench } = await byVectors([], 0.92, true)
    expect(outcome).toMatchObject({
      modelId: 'b/verifier',
      receipt: { decision: { note: 'draft by a/draft; compare failed: embedding_invalid' } },
    })
    expect(bench.budget.envelopes[0]?.reserved).toMatchObject({ costNanoUsd: 0, calls: 0 })
  })

  test('workflows 8 agreement by a registered function', async () => {
    const comparers = new Map([['first_letter', (one: string, other: string) => one[0] === other[0]]])
    const compare: DraftComparison = { function: 'first_letter' }
    expect((await speculate('Red.', 'Rose.', { compare, bench: { ports: { comparers } } })).outcome).toMatchObject({
      modelId: 'a/draft',
    })
    expect((await speculate('Red.', 'Blue.', { compare, bench: { ports: { comparers } } })).outcome).toMatchObject({
      modelId: 'b/verifier',
    })
  })

  test.each<[DraftComparison, ErrorCode]>([
    [{ embedding: 0.9 }, 'invalid_options'],
    [{ function: 'unknown' }, 'unknown_reference'],
  ])(
    'workflows 8 a comparison by %j without what it needs is refused before anything is sent',
    async (compare, code) => {
      const bench = openBench([sampleModel('a/one', ['unheard'])])
      await expect(runSpeculative(bench.plan, bench.ports, { compare })).rejects.toMatchObject({ code })
      expect(bench.receipts).toEqual([])
    },
  )

  const judged = async (verdict: string, spec = {}): Promise<Speculation> => {
    let asked = 0
    // The draft's model is the only fast one, so that it is the judge too.
    return speculate(() => (asked++ === 0 ? 'Red.' : verdict), 'Scarlet.', { compare: 'judge', bench: { spec } })
  }

  test('workflows 8 agreement by a judge: a call of its own, budgeted and receipted', async () => {
    const { outcome, bench, draft } = await judged('{"same":true}')
    expect(outcome).toMatchObject({ modelId: 'a/draft', verified: true })
    expect(draft.calls[1]?.purpose).toBe('judge')
    expect(new Set(bench.receipts.map(({ receiptId }) => receiptId)).size).toBe(2)
    expect(bench.budget.envelopes[0]?.settled.calls).toBe(3)
    expect((await judged('{"same":false}')).outcome).toMatchObject({ modelId: 'b/verifier' })
  })

  test('workflows 8 agreement by a judge that says nothing clear, or that cannot be paid, is none', async () => {
    expect((await judged('Well.')).outcome).toMatchObject({
      modelId: 'b/verifier',
      receipt: { decision: { note: 'draft by a/draft; judge failed: contract_output' } },
    })
    expect((await judged('{"same":true}', { maxCalls: 2 })).outcome).toMatchObject({
      modelId: 'b/verifier',
      receipt: { decision: { note: 'draft by a/draft; judge failed: budget_exceeded' } },
    })
  })
})
