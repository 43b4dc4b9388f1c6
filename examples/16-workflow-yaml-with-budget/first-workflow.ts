// A template that comes with the package, under a budget that would rather be cheap than stop.
import assert from 'node:assert/strict'
import { createEngine } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

const facts = 'A new chip in April; source: maker, 2026-04-09.\nNot known: its price.'
const citations = { citations: [{ claim: 'A new chip came out in April.', source: 'maker, 2026-04-09' }] }
const balanced = modelOf('balanced', [facts, 'A new chip came out in April.', JSON.stringify(citations)])
const high = modelOf('high', ['Never asked: it does not fit the budget.'])

//#region research
await using engine = createEngine({ models: [balanced, high] })
const result = await engine.run(
  'research', // or a workflow of your own
  { goal: 'Summarize the latest chip announcements from April 2026' },
  { budget: { maxCostUsd: 0.25, onExceed: 'downgrade' } },
)
console.log(result.outputs['summary'])
console.log(`Cost: $${result.totalCostUsd?.toFixed(4)}, latency: ${result.totalLatencyMs} ms`)
//#endregion
assert.equal(result.status, 'completed')
assert.equal(result.outputs['summary'], 'A new chip came out in April.')
assert.deepEqual(result.outputs['citations'], citations.citations)
assert.ok(result.totalCostUsd !== null && result.totalCostUsd > 0 && result.totalCostUsd <= 0.25)

// `synthesize` asks for a model of the tier high. Its longest answer could cost more than what is left, so the step was
// routed one tier lower, where what it requires (reasoning) is met as well; the receipt says so.
assert.equal(high.requests.length, 0)
const synthesize = result.receipts.find(({ stepKey }) => stepKey === 'synthesize@1')
assert.equal(synthesize?.decision.downgradedFrom, 'high')
assert.equal(synthesize.decision.modelId, 'balanced/model')
// Every model that is registered is on every receipt: with its score, or with the filter that removed it.
for (const { candidates } of result.receipts) assert.equal(candidates.length, 2)
for (const [id, step] of Object.entries(result.steps))
  console.log(`${id}: ${step.modelId}, $${step.costUsd?.toFixed(6)}, receipt ${step.receiptIds[0]}`)

// The other nine work the same way.
console.log(engine.templates.map(({ name }) => name).join(' '))
assert.equal(engine.templates.length, 10)
