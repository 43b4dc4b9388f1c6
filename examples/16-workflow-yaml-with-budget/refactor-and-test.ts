// An inline DAG is plain JSON. Steps name what they need, by tier and capability, not by vendor; `test` is written by a
// fast model while a stronger one writes it too.
import assert from 'node:assert/strict'
import { createEngine, loadDocument } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

//#region document
const document = {
  name: 'refactor-and-test',
  steps: [
    { id: 'plan', prompt: 'Plan a refactor for: {{goal}}', tier: 'balanced' },
    {
      id: 'code',
      prompt: 'Implement: {{steps.plan.output}}',
      tier: 'high',
      capabilities: [{ kind: 'code_generation', required: true }],
    },
    {
      id: 'test',
      prompt: 'Write tests for: {{steps.code.output}}',
      depends_on: ['code'],
      tier: 'balanced',
      strategy: 'speculative',
    },
  ],
  outputs: { code: '{{steps.code.output}}', tests: '{{steps.test.output}}' },
}
//#endregion
const fast = modelOf('fast', ["test('refuses a call without a token')"])
const balanced = modelOf('balanced', ['Move the check into one place.', "test('refuses a call without a token')"])
const high = modelOf('high', ['export function requireToken() {}'])

await using engine = createEngine({ models: [fast, balanced, high] })
assert.deepEqual(loadDocument(document).problems, [])
const result = await engine.run(document, { goal: 'Extract auth into a middleware' })
assert.equal(result.status, 'completed')
assert.deepEqual(result.outputs, {
  code: 'export function requireToken() {}',
  tests: "test('refuses a call without a token')",
})

// `code` says nothing of `plan` but uses its output, and so waits for it.
assert.equal(Object(high.requests[0]?.messages[0])['content'], 'Implement: Move the check into one place.')
assert.deepEqual(
  Object.entries(result.steps).map(([id, { modelId }]) => [id, modelId]),
  [
    ['plan', 'balanced/model'],
    ['code', 'high/model'],
    ['test', 'fast/model'], // both said the same, so the draft counts
  ],
)
assert.equal(result.receipts.at(-1)?.execution.verified, true)

// A goal that is missing is noticed before anything is spent.
const nothing = await engine.run(document, {})
assert.equal(nothing.status, 'failed')
assert.equal(nothing.error?.code, 'template_unresolved')
assert.equal(nothing.totalCostUsd, 0)
for (const [id, { modelId }] of Object.entries(result.steps)) console.log(`${id.padEnd(5)} by ${modelId}`)
console.log(result.outputs['tests'])
