import { createBudget, ParleyError, type BudgetSpec, type ChatRequest } from '@parley/spec'
import { createVirtualClock, scriptedModel } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { samplePrice } from './__fixtures__/sample-pool.ts'
import { modelClassifier } from './prompt-classifier.ts'

const request: ChatRequest = { messages: [{ role: 'user', content: 'Solve it step by step.' }] }
const clock = createVirtualClock()
const options = (spec: BudgetSpec = {}): { signal: AbortSignal; budget: ReturnType<typeof createBudget> } => ({
  signal: new AbortController().signal,
  budget: createBudget('run', 'r', spec, { clock }),
})

describe('workflows 11 classifier by model', () => {
  test('workflows 11 a model says the category, and its call is counted', async () => {
    const model = scriptedModel(['{"category":"creative","confidence":0.9}'], { card: { price: samplePrice(1) } })
    const asked = options()
    expect(await modelClassifier(model)(request, asked)).toEqual({
      category: 'creative',
      confidence: 0.9,
      signals: ['model:test/scripted'],
    })
    expect(asked.budget.envelopes[0]?.settled.calls).toBe(1)
    expect(model.requests[0]).toMatchObject({ maxOutputTokens: 50 })
  })

  test.each([
    ['no category', 'nonsense', {}, 'rules_instead:contract_output'],
    ['another category', '{"category":"sport","confidence":1}', {}, 'rules_instead:contract_output'],
    [
      'no answer',
      new ParleyError({ code: 'model_unauthorized', message: 'No.' }),
      {},
      'rules_instead:model_unauthorized',
    ],
    ['no money', '{"category":"creative","confidence":1}', { maxCalls: 0 }, 'rules_instead:budget_exceeded'],
  ])('workflows 11 with %s the rules decide, and it is told', async (_name, answer, spec, signal) => {
    const found = await modelClassifier(scriptedModel([answer]))(request, options(spec))
    expect(found).toMatchObject({ category: 'reasoning', signals: ['reasoning_words', signal] })
  })

  test('an abort is not taken for a failure of the model', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const found = modelClassifier(scriptedModel([() => new Promise(() => {})]))(request, {
      ...options(),
      signal: controller.signal,
    })
    controller.abort(reason)
    await expect(found).rejects.toBe(reason)
  })
})
