import { createBudget, generate, ParleyError, type ChatPart, type ModelReceipt } from '@parley/spec'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { chatModelSuite } from '@parley/testing/conformance'
import { describe, expect, test } from 'vitest'
import { openBench, sampleChat as request, sampleModel } from '../strategies/__fixtures__/call-bench.ts'
import type { ModelCallOutcome } from '../strategies/model-call.ts'
import { sampleCard, samplePrice } from './__fixtures__/sample-pool.ts'
import { createRouter } from './create-router.ts'
import { routedModel } from './routed-model.ts'

const signal = new AbortController().signal
const account = { tenantId: 'acme', taskId: 'task_1' }
const asked = { tier: 'balanced' as const, account }
const clock = createVirtualClock()
const over = (...models: Parameters<typeof createRouter>[0]['models'][number][]): ReturnType<typeof createRouter> =>
  createRouter({ models, clock })

chatModelSuite('routedModel', () => ({
  text: () => ({
    model: routedModel(over(scriptedModel(['Good day.'], { then: 'last' })), asked),
    request,
    text: 'Good day.',
  }),
  hang: (when) => {
    const slow =
      when === 'beforeContent'
        ? scriptedModel([() => new Promise(() => {})])
        : scriptedModel(['Good day.'], { partMs: 1000, clock: createVirtualClock() })
    return { model: routedModel(over(slow), asked), request }
  },
  brokenOff: (when) => {
    const parts: ChatPart[] = when === 'afterContent' ? [{ type: 'textDelta', text: 'Good' }] : []
    const broken = {
      ...scriptedModel([]),
      async *stream() {
        yield* parts
      },
    }
    return { model: routedModel(over(broken), asked), request }
  },
  failure: (code) => ({
    model: routedModel(over(scriptedModel([new ParleyError({ code, message: 'As scripted.' })])), asked),
    request,
  }),
}))

describe('routedModel', () => {
  test('workflows 11 each request is routed, receipted and booked like a step', async () => {
    const receipts: ModelReceipt[] = []
    const outcomes: ModelCallOutcome[] = []
    const budget = createBudget('turn', 'turn_1', { maxCostUsd: 1 }, { clock })
    const router = over(
      sampleModel('a/down', [new ParleyError({ code: 'model_unavailable', message: 'Down.' })], {
        price: samplePrice(1),
      }),
      sampleModel('b/up', ['Yes.'], { price: samplePrice(2) }),
    )
    const model = routedModel(router, {
      ...asked,
      budget,
      onReceipt: (receipt) => void receipts.push(receipt),
      onOutcome: (outcome) => void outcomes.push(outcome),
    })
    expect((await generate(model, request, { signal, purpose: 'turn' })).text).toBe('Yes.')
    expect((await generate(model, request, { signal })).text).toBe('Yes.')
    expect(receipts.map(({ execution }) => execution.status)).toEqual([
      'dispatched',
      'success',
      'dispatched',
      'success',
    ])
    expect(receipts[1]?.execution.hops).toHaveLength(2)
    expect(outcomes.map(({ status }) => status)).toEqual(['completed', 'completed'])
    expect(budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 600, calls: 4 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
  })

  test('PO-17 a budget that does not take the call, and no model left, are errors before any request', async () => {
    const inner = sampleModel('a/one', ['unheard'])
    const budget = createBudget('turn', 'turn_1', { maxCalls: 0, onExceed: 'pause' }, { clock })
    await expect(generate(routedModel(over(inner), { ...asked, budget }), request, { signal })).rejects.toMatchObject({
      code: 'budget_exceeded',
      details: { onExceed: 'pause', exceeded: 'max_calls', envelope: { kind: 'turn', id: 'turn_1' } },
    })
    await expect(generate(routedModel(over(), asked), request, { signal })).rejects.toMatchObject({
      code: 'no_models_available',
    })
    expect(inner.requests).toEqual([])
  })

  test('PO-5 nothing is retryable after the first content, whatever the model says', async () => {
    const broken = {
      ...sampleModel('a/one', []),
      async *stream(): AsyncGenerator<ChatPart> {
        yield { type: 'textDelta', text: 'Half' }
        throw new ParleyError({ code: 'model_unavailable', message: 'Down.' })
      },
    }
    await expect(generate(routedModel(over(broken), asked), request, { signal })).rejects.toMatchObject({
      code: 'model_unavailable',
      retryable: false,
    })
  })

  test('PO-17 the usage of a failed attempt is booked but not given out', async () => {
    const usage = { inputTokens: 99, outputTokens: 0 }
    const broken = {
      ...sampleModel('a/one', [], { price: samplePrice(1) }),
      async *stream(): AsyncGenerator<ChatPart> {
        yield { type: 'usage', usage }
        throw new ParleyError({ code: 'model_unavailable', message: 'Down.' })
      },
    }
    const budget = createBudget('turn', 'turn_1', {}, { clock })
    const model = routedModel(over(broken, sampleModel('b/two', ['Yes.'], { price: samplePrice(2) })), {
      ...asked,
      budget,
    })
    const parts: ChatPart[] = []
    for await (const part of model.stream(request, { signal })) parts.push(part)
    expect(parts.map(({ type }) => type)).toEqual(['textDelta', 'end'])
    expect(budget.envelopes[0]?.settled).toMatchObject({ costNanoUsd: 99 + 300, calls: 2 })
  })

  test('workflows 9 a reader that leaves ends the call; it is booked at what had come', async () => {
    const receipts: ModelReceipt[] = []
    const bench = openBench([sampleModel('a/one', [{ text: '12345678 and more' }], { price: samplePrice(10) })])
    const model = routedModel(bench.router, {
      ...asked,
      budget: bench.budget,
      onReceipt: (receipt) => void receipts.push(receipt),
    })
    for await (const part of model.stream(request, { signal })) if (part.type === 'textDelta') break
    expect(receipts.at(-1)?.execution.status).toBe('cancelled')
    expect(bench.budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: (13 + 3) * 10, calls: 1 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
  })

  test('an answer that was cut is passed on, for an agent to go on from', async () => {
    const model = routedModel(over(sampleModel('a/one', [{ text: 'Half', reason: 'length' }])), asked)
    expect(await generate(model, request, { signal })).toMatchObject({ text: 'Half', reason: 'length' })
  })

  test('PO-10 its card says what some model of the pool can do; of a model by name it is that card', () => {
    const one = sampleModel('a/one', [], { contextTokens: 10, input: ['text', 'image'], tools: false })
    const router = over(one, sampleModel('b/two', [], { structuredOutput: 'tool' }))
    expect(routedModel(router, asked)).toMatchObject({
      id: 'routed/auto',
      card: { contextTokens: 128_000, input: ['text', 'image'], tools: true, structuredOutput: 'tool' },
    })
    expect(routedModel(router, { ...asked, model: 'a/one' })).toMatchObject({
      id: 'a/one',
      card: sampleCard('a/one', one.card),
    })
  })
})
