import { scriptedModel } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { createEngine } from '../engine/create-engine.ts'
import type { StepModelOptions } from '../step/step-context.ts'
import { model } from './model.ts'

test('15 the routed action asks the engine, with a receipt and without counting twice', async () => {
  const scripted = scriptedModel(['Tides.', '{"ok":true}'])
  const engine = createEngine({ models: [scripted] })
  const workflow = new Workflow({
    name: 'report',
    maxLlmCalls: 2,
    steps: [
      new Step('facts', model('Facts about {topic}')),
      new Step('report', model('Report on {facts.text}', { output: z.object({ ok: z.boolean() }) })),
    ],
  })
  expect(workflow.definition.root.steps.map(({ dependsOn }) => dependsOn)).toEqual([[], ['facts']])
  const result = await workflow.run({ topic: 'the moon' }, { engine })
  expect(result).toMatchObject({
    status: 'completed',
    output: { text: '{"ok":true}', data: { ok: true }, metadata: { endReason: 'stop' } },
  })
  expect(scripted.requests.map(({ messages }) => messages)).toEqual([
    [{ role: 'user', content: 'Facts about the moon' }],
    [{ role: 'user', content: 'Report on Tides.' }],
  ])
  expect(scripted.requests[1]?.output?.name).toBe('report')
  expect(result.receipts).toHaveLength(2)
  expect(result.steps['facts']?.receiptIds).toHaveLength(1)
})

test('F-6 a third call is over the budget', async () => {
  const engine = createEngine({ models: [scriptedModel(['a'], { then: 'last' })] })
  const steps = ['a', 'b', 'c'].map(
    (name, index) => new Step(name, model('x'), { dependsOn: ['a', 'b'].slice(0, index) }),
  )
  const result = await new Workflow({ name: 'w', maxLlmCalls: 2, steps }).run({}, { engine })
  expect(result).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_calls' } })
})

test('15 what the action asks for: required unless it says otherwise', async () => {
  const asked: (StepModelOptions | undefined)[] = []
  const context = {
    stepId: 'ask',
    inputs: {},
    signal: new AbortController().signal,
    model: (options?: StepModelOptions) => {
      asked.push(options)
      return scriptedModel(['a'])
    },
  }
  await model('x')(context)
  await model('x', { tier: 'high', capabilities: ['reasoning', { kind: 'vision', required: false }] })(context)
  await model('x', { model: 'openai/one' })(context, { model: 'openai/other' })
  expect(asked).toEqual([
    { capabilities: [] },
    {
      tier: 'high',
      capabilities: [
        { kind: 'reasoning', required: true },
        { kind: 'vision', required: false },
      ],
    },
    { capabilities: [], model: 'openai/other' },
  ])
})

test.each<[object, string]>([
  [{ tier: 'hihg' }, 'Did you mean "high"?'],
  [{ capabilities: ['resoning'] }, 'Did you mean "reasoning"?'],
  [{ capabilities: ['x_'] }, 'x_'],
  [{ capabilities: 'vision' }, 'list'],
  [{ teir: 'high' }, 'Did you mean "tier"?'],
  [{ baseUrl: 'https://example.com' }, 'baseUrl'],
])('1 options that cannot be meant are refused: %j', (options, text) => {
  expect(() => model('x', options)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(() => model('x', options)).toThrow(text)
})

test.each(['apiKey', 'secret-key'])('S14 %s is refused at construction and per call', async (name) => {
  const options: object = { [name]: 's3cret' }
  expect(() => model('x', options)).toThrow(/CredentialSource/)
  const context = { stepId: 'a', inputs: {}, signal: new AbortController().signal, model: () => scriptedModel(['a']) }
  await expect(model('x')(context, options)).rejects.toMatchObject({ code: 'invalid_options' })
})
