import { createVirtualClock, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import type { Budget, BudgetSpec, Price } from './budget-port.ts'
import { createBudget } from './budget.ts'
import type { ChatModel, ChatRequest } from './chat-model.ts'
import { generate } from './generate.ts'
import { ParleyError } from './parley-error.ts'
import { withBudget } from './with-budget.ts'

const price: Price = { from: '2026-01-01T00:00:00.000Z', input: 100, output: 1000 }
const request: ChatRequest = { messages: [{ role: 'user', content: 'Hi' }] }
const signal = new AbortController().signal
const card = { price, maxOutputTokens: 50 }
const open = (spec: BudgetSpec): Budget => createBudget('turn', 'turn_1', spec, { clock: createVirtualClock() })
const countTokens = (): number => 10
/** 10 input tokens at 100 and 50 output tokens at 1000. */
const estimate = 51_000

describe('withBudget', () => {
  test('PO-17 reserves before the call and settles the last usage', async () => {
    const budget = open({ maxCostUsd: estimate / 1e9 })
    const inner = scriptedModel(
      [
        () => {
          expect(budget.envelopes[0]?.reserved).toMatchObject({ costNanoUsd: estimate, tokens: 60, calls: 1 })
          return { text: 'Hello.', usage: { inputTokens: 12, outputTokens: 3 } }
        },
      ],
      { card },
    )
    const result = await generate(withBudget(inner, budget, { countTokens }), request, { signal })
    expect(result.text).toBe('Hello.')
    expect(budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 12 * 100 + 3 * 1000, tokens: 15, calls: 1 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
    expect(inner.requests[0]?.maxOutputTokens).toBe(50)
  })

  test('PO-17 a call that does not fit is budget_exceeded before any request', async () => {
    const budget = open({ maxCostUsd: (estimate - 1) / 1e9, onExceed: 'downgrade' })
    const inner = scriptedModel(['unheard'], { card })
    await expect(generate(withBudget(inner, budget, { countTokens }), request, { signal })).rejects.toMatchObject({
      code: 'budget_exceeded',
      retryable: false,
      details: { envelope: { kind: 'turn', id: 'turn_1' }, exceeded: 'max_cost_usd', onExceed: 'downgrade' },
    })
    expect(inner.requests).toEqual([])
  })

  test('PO-17 a smaller output limit needs a smaller reservation, and is kept', async () => {
    const inner = scriptedModel(['Hello.'], { card })
    await generate(
      withBudget(inner, open({ maxCostUsd: 11_000 / 1e9 }), { countTokens }),
      { ...request, maxOutputTokens: 10 },
      { signal },
    )
    expect(inner.requests[0]?.maxOutputTokens).toBe(10)
  })

  test('PO-15 a call that fails or is aborted before anything came is released', async () => {
    const budget = open({ maxCostUsd: 1 })
    const failing = withBudget(
      scriptedModel([new ParleyError({ code: 'model_unavailable', message: 'Down.' })], { card }),
      budget,
    )
    await expect(generate(failing, request, { signal })).rejects.toMatchObject({ code: 'model_unavailable' })
    const controller = new AbortController()
    const hanging = withBudget(scriptedModel([() => new Promise(() => {})], { card }), budget)
    const stopped = generate(hanging, request, { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(stopped).rejects.toBe(reason)
    expect(budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 0, calls: 0 },
      reserved: { costNanoUsd: 0, calls: 0 },
    })
  })

  test('a call that is left after some words is booked at what had come', async () => {
    const budget = open({ maxCostUsd: 1 })
    const inner = scriptedModel(['12345678 more and more'], { card })
    for await (const part of withBudget(inner, budget, { countTokens }).stream(request, { signal })) {
      if (part.type === 'textDelta') break
    }
    expect(budget.envelopes[0]).toMatchObject({
      settled: { costNanoUsd: 10 * 100 + 3 * 1000, calls: 1 },
      reserved: { costNanoUsd: 0 },
    })
  })

  test('PO-16 without caps the request is sent as it is and its use is counted', async () => {
    const budget = open({})
    const inner = scriptedModel([{ text: 'Hello.', usage: { inputTokens: 4, outputTokens: 2 } }])
    await generate(withBudget(inner, budget), request, { signal })
    expect(inner.requests[0]).toEqual(request)
    expect(budget.envelopes[0]?.settled).toEqual({ costNanoUsd: null, tokens: 6, calls: 1 })
  })

  test('PO-10 it is a chat model itself, with the id and card of its own', () => {
    const inner = scriptedModel(['a'])
    const model: ChatModel = withBudget(inner, open({}))
    expect(model.id).toBe(inner.id)
    expect(model.card).toBe(inner.card)
  })
})
