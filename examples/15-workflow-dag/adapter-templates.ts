// Steps that ask models by a template: `{name}` for an output or an input, `{item}` for the item of a foreach. Which
// vendor answers is one word; here scripted models stand for three of them.
import assert from 'node:assert/strict'
import { generate, parseTemplate, renderTemplate, type Json } from '@parley/spec'
import { scriptedModel } from '@parley/testing'
import { createEngine, Schema, Step, Workflow, t, v, type StepAction } from '@parley/workflow'

// An action of one's own: any function of the context will do. The model is routed, budgeted and on a receipt.
const ask =
  (model: string, source: string): StepAction =>
  async (ctx) => {
    const parsed = parseTemplate(source, { style: 'brace' })
    assert.ok(parsed.ok)
    const values: { [name: string]: Json } = { ...ctx.input, ...ctx.inputs, item: ctx.item ?? null }
    const prompt = renderTemplate(parsed.template, ([name = '']) => values[name])
    assert.ok(prompt.ok)
    const request = { messages: [{ role: 'user' as const, content: prompt.text }] }
    return (await generate(ctx.model({ model }), request, { signal: ctx.signal })).text
  }

const claude = scriptedModel(['Chips get smaller.', 'Ships get larger.'], { id: 'anthropic/claude' })
const gemini = scriptedModel(['Sound, but short.'], { id: 'google/gemini' })
// Its first answer breaks the contract of the step; the second attempt is told which field.
const openai = scriptedModel(
  [
    JSON.stringify({ title: '', body: 'Things change size.' }),
    JSON.stringify({ title: 'Sizes', body: 'Things change size.' }),
  ],
  {
    id: 'openai/gpt',
  },
)

const workflow = new Workflow({
  name: 'ai_pipeline',
  steps: [
    new Step({ name: 'research', foreach: 'topics', action: ask('anthropic/claude', 'Research {item}') }),
    new Step({
      name: 'review',
      dependsOn: ['research'],
      action: ask('google/gemini', 'Review this research: {research}'),
    }),
    // The same without code: a prompt is a template too, and what it names it depends on.
    new Step({
      name: 'draft',
      model: 'openai/gpt',
      prompt: 'Write a report on: {{steps.review.output}}',
      outputContract: new Schema({ title: t.str, body: t.str }, { validators: { title: [v.notEmpty()] } }),
    }),
  ],
})
assert.deepEqual(workflow.validate(), [])

await using engine = createEngine({ models: [claude, gemini, openai] })
const result = await engine.run(workflow, { topics: ['chips', 'ships'] })
assert.equal(result.status, 'completed')
assert.deepEqual(result.output, { title: 'Sizes', body: 'Things change size.' })
assert.equal(result.steps['draft']?.attempts.length, 2)

const asked = (model: typeof claude): unknown[] =>
  model.requests.map(({ messages }) => Object(messages.at(-1))['content'])
assert.deepEqual(asked(claude), ['Research chips', 'Research ships'])
assert.deepEqual(asked(gemini), ['Review this research: ["Chips get smaller.","Ships get larger."]'])
const [first, second] = asked(openai).map(String)
assert.equal(first, 'Write a report on: Sound, but short.')
assert.match(second ?? '', /^Write a report on: Sound, but short\.\n\n\[Attempt 2\..*title/)
assert.doesNotMatch(second ?? '', /Things change size/, 'the answer that was refused is not shown to the model')

// One receipt per decision: who was asked, and who might have been.
assert.equal(result.receipts.length, 5)
assert.deepEqual(
  result.receipts.map(({ decision }) => decision.modelId),
  ['anthropic/claude', 'anthropic/claude', 'google/gemini', 'openai/gpt', 'openai/gpt'],
)
for (const { stepKey, decision } of result.receipts) console.log(`${stepKey?.padEnd(14)} asked ${decision.modelId}`)
console.log(`draft, at its second attempt: ${JSON.stringify(result.output)}`)
