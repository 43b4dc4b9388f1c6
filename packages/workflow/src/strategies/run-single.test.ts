import { createBudget, ParleyError, type BudgetSpec, type ChatPart, type ErrorCode } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { samplePrice } from '../routing/__fixtures__/sample-pool.ts'
import { openBench, sampleChat, sampleModel } from './__fixtures__/call-bench.ts'
import { runSingle } from './run-single.ts'

const failure = (code: ErrorCode): ParleyError => new ParleyError({ code, message: 'As scripted.' })
/** Input tokens of the sample request, as estimated: 8 for the message and a third of its 14 characters. */
const inputTokens = 13
const estimate = (inputTokens + 1_000) * 10
const usd = (nano: number): number => nano / 1e9

describe('workflows 8 single', () => {
  test('workflows 8 single: the first candidate answers; one receipt, dispatched and then complete', async () => {
    const first = sampleModel('a/one', ['Hello.'], { price: samplePrice(10) })
    const bench = openBench([first, sampleModel('b/two', ['unheard'], { price: samplePrice(20) })])
    const outcome = await runSingle(bench.plan, bench.ports)
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'a/one',
      value: 'Hello.',
      result: { text: 'Hello.' },
    })
    expect(bench.receipts).toMatchObject([
      {
        execution: { status: 'dispatched', actualCostNanoUsd: null },
        budget: { estimateNanoUsd: estimate, settledNanoUsd: null },
      },
      {
        decision: { modelId: 'a/one', strategy: 'single', fallbackChain: ['b/two'], promptRewritten: false },
        execution: {
          status: 'success',
          actualCostNanoUsd: 1_500,
          tokens: { input: 100, output: 50, cached: 0, reasoning: 0 },
          finishReason: 'stop',
          hops: [{ modelId: 'a/one', status: 'success' }],
        },
        budget: { estimateNanoUsd: estimate, settledNanoUsd: 1_500, envelopes: [{ kind: 'run', id: 'run_1' }] },
      },
    ])
    expect(new Set(bench.receipts.map(({ receiptId }) => receiptId)).size).toBe(1)
    expect(outcome.receipt).toEqual(bench.receipts[1])
    expect(bench.receipts[0]).toMatchObject({
      runId: 'run_1',
      stepKey: 'draft',
      attempt: 1,
      taskId: 'task_1',
      tenantId: 'acme',
    })
  })

  test('workflows 11 a receipt is written before anything is sent, and holds neither prompt nor output', async () => {
    const told: string[] = []
    const model = sampleModel('a/one', [() => (told.push('asked'), 'OUTPUT-WORDS')])
    const bench = openBench([model], {
      plan: { request: { system: 'SYSTEM-WORDS', messages: [{ role: 'user', content: 'PROMPT-WORDS' }] } },
      ports: { onReceipt: (receipt) => void told.push(`${receipt.execution.status} ${JSON.stringify(receipt)}`) },
    })
    await runSingle(bench.plan, bench.ports)
    expect(told.map((text) => text.split(' ')[0])).toEqual(['dispatched', 'asked', 'success'])
    expect(told.join('')).not.toMatch(/WORDS/)
  })

  test('workflows 11 the prompt hash is SHA-256 and changes with the prompt', async () => {
    const hashOf = async (content: string, system?: string): Promise<string | undefined> => {
      const request = { messages: [{ role: 'user' as const, content }], ...(system === undefined ? {} : { system }) }
      const bench = openBench([sampleModel('a/one', ['x'])], { plan: { request } })
      return (await runSingle(bench.plan, bench.ports)).receipt.promptHash
    }
    expect(await hashOf('a', 'b')).not.toBe(await hashOf('a', 'c'))
    expect(await hashOf('a')).toMatch(/^[0-9a-f]{64}$/)
    expect(await hashOf('a')).toBe(await hashOf('a'))
    expect(await hashOf('a')).not.toBe(await hashOf('b'))
  })

  test.each<ErrorCode>(['model_unavailable', 'model_rate_limited', 'model_timeout', 'model_stream_broken'])(
    'workflows 8 single: after %s the fallback chain is tried, each hop on the receipt',
    async (code) => {
      const bench = openBench([
        sampleModel('a/one', [failure(code)], { price: samplePrice(1) }),
        sampleModel('b/two', [failure('model_unavailable')], { price: samplePrice(2) }),
        sampleModel('c/three', ['Yes.'], { price: samplePrice(3) }),
      ])
      const outcome = await runSingle(bench.plan, bench.ports)
      expect(outcome).toMatchObject({ status: 'completed', modelId: 'c/three' })
      expect(outcome.receipt.execution.hops).toMatchObject([
        { modelId: 'a/one', status: 'failed', errorCode: code },
        { modelId: 'b/two', status: 'failed', errorCode: 'model_unavailable' },
        { modelId: 'c/three', status: 'success' },
      ])
      expect(bench.receipts).toHaveLength(2)
      expect(bench.budget.envelopes[0]).toMatchObject({
        settled: { costNanoUsd: 450, calls: 3 },
        reserved: { costNanoUsd: 0, calls: 0 },
      })
    },
  )

  test.each<ErrorCode>(['model_unauthorized', 'model_quota', 'model_refused', 'model_request_invalid'])(
    'workflows 8 single: %s is no hop but a failed attempt',
    async (code) => {
      const second = sampleModel('b/two', ['unheard'], { price: samplePrice(99) })
      const bench = openBench([sampleModel('a/one', [failure(code)]), second])
      const outcome = await runSingle(bench.plan, bench.ports)
      expect(outcome).toMatchObject({
        status: 'failed',
        error: { code },
        receipt: { execution: { status: 'failed', errorCode: code } },
      })
      expect(second.requests).toEqual([])
    },
  )

  test('workflows 8 single: after the first content there is no hop', async () => {
    const broken = {
      ...sampleModel('a/one', []),
      async *stream(): AsyncGenerator<ChatPart> {
        yield { type: 'textDelta', text: '12345678' }
        throw failure('model_unavailable')
      },
    }
    const second = sampleModel('b/two', ['unheard'], { price: samplePrice(99) })
    const bench = openBench([broken, second])
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({
      status: 'failed',
      error: { code: 'model_unavailable' },
    })
    expect(second.requests).toEqual([])
    expect(bench.budget.envelopes[0]?.settled).toMatchObject({ costNanoUsd: (inputTokens + 2) * 10, calls: 1 })
  })

  test('workflows 8 single: a contract failure is a failed attempt and no hop', async () => {
    const faults = [{ path: 'a', expected: 'str', actual: 'missing', message: 'No a.', severity: 'error' as const }]
    const second = sampleModel('b/two', ['unheard'], { price: samplePrice(99) })
    const bench = openBench([sampleModel('a/one', ['bad']), second], {
      ports: { validate: () => ({ ok: false, faults }) },
    })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({
      status: 'invalid',
      faults,
      modelId: 'a/one',
      receipt: { execution: { status: 'failed', errorCode: 'contract_output', actualCostNanoUsd: 1_500 } },
    })
    expect(second.requests).toEqual([])
  })

  test('workflows 6 an answer that was cut at its cap is model_output_truncated, never retried', async () => {
    const bench = openBench([sampleModel('a/one', [{ text: 'Half', reason: 'length' }])])
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({
      status: 'failed',
      error: { code: 'model_output_truncated', retryable: false },
    })
  })

  test('workflows 11 no model left is a value with the remedy, and has its receipt', async () => {
    const bench = openBench([sampleModel('a/one', [], { tools: false })], {
      plan: { capabilities: [{ kind: 'tool_use', required: true }] },
      router: { keyNames: ['SOME_KEY'] },
    })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({
      status: 'noModels',
      error: {
        code: 'no_models_available',
        details: { filter: 'capability:tool_use', remedy: expect.stringContaining('SOME_KEY') },
      },
    })
    expect(bench.receipts).toMatchObject([
      {
        decision: { modelId: null },
        candidates: [{ modelId: 'a/one', filteredOutBy: 'capability:tool_use' }],
        execution: { status: 'failed', errorCode: 'no_models_available', actualCostNanoUsd: 0 },
      },
    ])
  })

  test('workflows 10 what a request holds, its model must take', async () => {
    const blind = sampleModel('a/blind', ['unheard'], { price: samplePrice(1) })
    const bench = openBench(
      [blind, sampleModel('b/seeing', ['A cat.'], { input: ['text', 'image'], price: samplePrice(9) })],
      {
        plan: {
          request: {
            messages: [
              { role: 'user', content: [{ type: 'image', mimeType: 'image/png', url: 'https://x.test/a.png' }] },
            ],
          },
        },
      },
    )
    const outcome = await runSingle(bench.plan, bench.ports)
    expect(outcome).toMatchObject({ status: 'completed', modelId: 'b/seeing' })
    expect(outcome.receipt.candidates[0]).toEqual({ modelId: 'a/blind', filteredOutBy: 'capability:vision' })
  })

  test('workflows 6 an abort rejects with its reason; what was sent is booked, the receipt is cancelled', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const bench = openBench([sampleModel('a/one', [() => new Promise(() => {})])], {
      ports: { signal: controller.signal },
    })
    const outcome = runSingle(bench.plan, bench.ports)
    await bench.clock.advance(1)
    controller.abort(reason)
    await expect(outcome).rejects.toBe(reason)
    expect(bench.receipts.map(({ execution }) => execution.status)).toEqual(['dispatched', 'cancelled'])
    expect(bench.budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: inputTokens * 10, calls: 1 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
  })

  test('a model that ignores the abort holds nobody up', async () => {
    const controller = new AbortController()
    const deaf = {
      ...sampleModel('a/one', []),
      async *stream(): AsyncGenerator<ChatPart> {
        await new Promise(() => {})
      },
    }
    const bench = openBench([deaf], { ports: { signal: controller.signal } })
    const outcome = runSingle(bench.plan, bench.ports)
    await bench.clock.advance(1)
    controller.abort(new Error('enough'))
    await expect(outcome).rejects.toThrow('enough')
  })

  test('a receipt that cannot be written stops the call before it is sent, and nothing stays reserved', async () => {
    const model = sampleModel('a/one', ['unheard'])
    const lost = new ParleyError({ code: 'lease_lost', message: 'Taken over.' })
    const bench = openBench([model], { ports: { onReceipt: () => Promise.reject(lost) } })
    await expect(runSingle(bench.plan, bench.ports)).rejects.toBe(lost)
    expect(model.requests).toEqual([])
    expect(bench.budget.envelopes[0]?.reserved).toMatchObject({ costNanoUsd: 0, calls: 0 })
  })
})

describe('workflows 9 budgets', () => {
  const models = (): ReturnType<typeof sampleModel>[] => [
    sampleModel('a/fast', ['Small.'], { tiers: ['fast'], price: samplePrice(1) }),
    sampleModel('b/balanced', ['Middle.'], { price: samplePrice(10) }),
    sampleModel('c/high', ['Large.'], { tiers: ['high'], price: samplePrice(100) }),
  ]
  const run = async (spec: BudgetSpec, plan: Parameters<typeof openBench>[1] = {}): ReturnType<typeof runSingle> => {
    const bench = openBench(models(), { spec, ...plan })
    return runSingle(bench.plan, bench.ports)
  }

  test('workflows 9 the cost is reserved before dispatch, and the cap is sent along', async () => {
    const bench = openBench(
      [
        sampleModel('a/one', [
          () => {
            expect(bench.budget.envelopes[0]?.reserved).toEqual({
              costNanoUsd: estimate,
              tokens: inputTokens + 1_000,
              calls: 1,
            })
            return 'Yes.'
          },
        ]),
      ],
      { spec: { maxCostUsd: usd(estimate) } },
    )
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({ status: 'completed' })
    // Without a cap of cost or tokens the request is sent as it is.
    const open = sampleModel('a/one', ['Yes.'])
    const bare = openBench([open], { spec: { maxCalls: 3 } })
    await runSingle(bare.plan, bare.ports)
    expect(open.requests[0]).toEqual(sampleChat)
    const capped = sampleModel('a/one', ['Yes.'])
    const tight = openBench([capped], { spec: { maxCostUsd: 1 } })
    await runSingle(tight.plan, tight.ports)
    expect(capped.requests[0]?.maxOutputTokens).toBe(1_000)
  })

  test.each(['stop', 'pause'] as const)('workflows 9 %s: no dispatch, and nothing is held', async (onExceed) => {
    const bench = openBench(models(), { spec: { maxCostUsd: usd(estimate - 1), onExceed } })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({
      status: 'budgetExceeded',
      onExceed,
      exceeded: 'max_cost_usd',
      envelope: { kind: 'run', id: 'run_1' },
    })
    expect(bench.budget.envelopes[0]).toMatchObject({ settled: { calls: 0 }, reserved: { costNanoUsd: 0, calls: 0 } })
    expect(bench.receipts).toMatchObject([
      {
        decision: { modelId: null },
        execution: { status: 'failed', errorCode: 'budget_exceeded' },
        candidates: [{ filteredOutBy: 'tier' }, { filteredOutBy: 'budget' }, { filteredOutBy: 'budget' }],
      },
    ])
  })

  test('workflows 9 stop is what a budget does that says nothing', async () => {
    expect(await run({ maxCostUsd: usd(1) })).toMatchObject({ status: 'budgetExceeded', onExceed: 'stop' })
  })

  test('workflows 9 warn: the call goes on', async () => {
    expect(await run({ maxCostUsd: usd(1), onExceed: 'warn' })).toMatchObject({
      status: 'completed',
      modelId: 'b/balanced',
    })
  })

  test('workflows 9 warn: what is left of the budget does not change which model is taken', async () => {
    const able = sampleModel('a/able', ['Yes.'], { price: samplePrice(500) })
    const plain = sampleModel('b/plain', ['unheard'], { tools: false, price: samplePrice(1) })
    const bench = openBench([able, plain], {
      spec: { maxCostUsd: usd(estimate), onExceed: 'warn' },
      plan: { capabilities: [{ kind: 'tool_use', required: false }] },
    })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({ status: 'completed', modelId: 'a/able' })
  })

  test('workflows 9 downgrade: the next cheaper tier that fits, told on outcome and receipt', async () => {
    const outcome = await run({ maxCostUsd: usd(estimate), onExceed: 'downgrade' }, { plan: { tier: 'high' } })
    expect(outcome).toMatchObject({
      status: 'completed',
      modelId: 'b/balanced',
      downgrade: { from: 'high', to: 'balanced', envelope: { kind: 'run', id: 'run_1' } },
      receipt: { decision: { modelId: 'b/balanced', downgradedFrom: 'high' } },
    })
    expect(
      await run({ maxCostUsd: usd(estimate / 10), onExceed: 'downgrade' }, { plan: { tier: 'high' } }),
    ).toMatchObject({
      modelId: 'a/fast',
      downgrade: { from: 'high', to: 'fast' },
    })
  })

  test('workflows 9 downgrade: where none fits, or a filter forbids what would, it stops', async () => {
    expect(await run({ maxCostUsd: usd(5), onExceed: 'downgrade' })).toMatchObject({
      status: 'budgetExceeded',
      onExceed: 'stop',
    })
    const plan = { capabilities: [{ kind: 'vision' as const, required: true }] }
    const seeing = sampleModel('d/seeing', ['unheard'], { input: ['text', 'image'], price: samplePrice(50) })
    const bench = openBench([...models(), seeing], { spec: { maxCostUsd: usd(estimate), onExceed: 'downgrade' }, plan })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({ status: 'budgetExceeded', onExceed: 'stop' })
  })

  test('workflows 9 an envelope that was downgraded before holds for later steps', async () => {
    expect(await run({}, { plan: { tier: 'high', maxTier: 'fast', downgradedFrom: 'high' } })).toMatchObject({
      modelId: 'a/fast',
      receipt: { decision: { downgradedFrom: 'high' } },
    })
  })

  test('workflows 9 a cheaper model of the same tier is taken before any policy', async () => {
    const dear = sampleModel('a/able', ['unheard'], { price: samplePrice(500) })
    const cheap = sampleModel('b/plain', ['Yes.'], { tools: false, price: samplePrice(1) })
    const bench = openBench([dear, cheap], {
      spec: { maxCostUsd: usd(estimate) },
      plan: { capabilities: [{ kind: 'tool_use', required: false }] },
    })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({ status: 'completed', modelId: 'b/plain' })
  })

  test("workflows 9 the innermost exhausted envelope's policy applies", async () => {
    const clock = createVirtualClock()
    const outer = createBudget('tenant', 'acme', { maxCostUsd: usd(5), onExceed: 'stop' }, { clock })
    const budget = outer.child('run', 'run_1', { maxCostUsd: usd(5), onExceed: 'pause' })
    const bench = openBench(models(), { clock, ports: { budget } })
    expect(await runSingle(bench.plan, bench.ports)).toMatchObject({ onExceed: 'pause', envelope: { kind: 'run' } })
  })

  test('workflows 9 with a cost cap models of unknown price are left out, and the remedy says why', async () => {
    const { price: _price, ...card } = sampleModel('a/one', []).card
    const unpriced = { ...sampleModel('a/one', ['Yes.']), card }
    const capped = openBench([unpriced], { spec: { maxCostUsd: 1 } })
    expect(await runSingle(capped.plan, capped.ports)).toMatchObject({
      status: 'noModels',
      error: { details: { filter: 'price_unknown' } },
    })
    const open = openBench([unpriced])
    const outcome = await runSingle(open.plan, open.ports)
    expect(outcome.receipt.execution).toMatchObject({
      status: 'success',
      actualCostNanoUsd: null,
      tokens: { input: 100 },
    })
    expect(open.budget.envelopes[0]?.settled).toMatchObject({ costNanoUsd: null, tokens: 150 })
  })

  test('workflows 9 keys name run, step, attempt, call and dispatch; a later call has a key of its own', async () => {
    const keys: string[] = []
    const bench = openBench(
      [
        sampleModel('a/one', [failure('model_unavailable')]),
        sampleModel('b/two', ['Yes.'], { price: samplePrice(99) }),
      ],
      {
        plan: { dispatch: 2 },
      },
    )
    const budget = {
      ...bench.budget,
      reserve: (key: string, ...rest: [never, never]) => (keys.push(key), bench.budget.reserve(key, ...rest)),
    }
    await runSingle(bench.plan, { ...bench.ports, budget })
    expect(keys).toEqual(['run_1:draft:1:1:2', 'run_1:draft:1:2:2'])
  })

  test('workflows 9 cached and reasoning tokens are priced apart', async () => {
    const usage = { inputTokens: 100, outputTokens: 50, cachedInputTokens: 80, reasoningTokens: 40 }
    const price = { ...samplePrice(10, 20), cachedInput: 1, reasoning: 30 }
    const bench = openBench([sampleModel('a/one', [{ text: 'Yes.', usage }], { price })])
    expect((await runSingle(bench.plan, bench.ports)).receipt.execution).toMatchObject({
      actualCostNanoUsd: 20 * 10 + 80 * 1 + 10 * 20 + 40 * 30,
      tokens: { input: 100, output: 50, cached: 80, reasoning: 40 },
    })
  })
})
