// What happens at the moment a call would cost more than is left: stop, downgrade, pause, or warn and go on.
import assert from 'node:assert/strict'
import type { BudgetSpec } from '@parley/spec'
import { createEngine, Step, Workflow, type RunResult } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

const twoCalls = new Workflow({
  name: 'two_calls',
  steps: [
    new Step({
      name: 'outline',
      prompt: 'Outline {{input.topic}}',
      tier: 'high',
      modelOptions: { maxOutputTokens: 1_000 },
    }),
    new Step({
      name: 'draft',
      prompt: 'Write {{steps.outline.output}}',
      tier: 'high',
      modelOptions: { maxOutputTokens: 1_000 },
    }),
  ],
})
// A call of the model of the tier high can cost at most 1000 x $75 per million, 7.5 cents. Each answer costs 4 cents.
const answer = { text: 'Words.', usage: { inputTokens: 0, outputTokens: 533 } }
const models = [modelOf('balanced', [answer]), modelOf('high', [answer])]
const engine = createEngine({ models })
const under = (budget: BudgetSpec): Promise<RunResult> => engine.run(twoCalls, { topic: 'tea' }, { budget })

// Money is held before a call and settled after it, so a cap is never passed.
const stopped = await under({ maxCostUsd: 0.1, onExceed: 'stop' })
assert.equal(stopped.status, 'budget_exceeded')
assert.equal(stopped.steps['outline']?.output, 'Words.', 'what is done is not lost')
assert.equal(stopped.error?.code, 'budget_exceeded')

const lowered = await under({ maxCostUsd: 0.1, onExceed: 'downgrade' })
assert.equal(lowered.status, 'completed')
assert.equal(lowered.steps['draft']?.modelId, 'balanced/model')

const warned = await under({ maxCostUsd: 0.1, onExceed: 'warn' })
assert.equal(warned.status, 'completed')
assert.equal(warned.steps['draft']?.modelId, 'high/model')

// A paused run holds nothing. With more money it goes on where it stood; what was done is not done again.
const paused = await under({ maxCostUsd: 0.1, onExceed: 'pause' })
assert.equal(paused.status, 'paused')
const asked = models[1]?.requests.length ?? 0
await engine.resume(paused.runId, { budget: { maxCostUsd: 0.2, onExceed: 'pause' } })
const resumed = await engine.result(paused.runId)
assert.equal(resumed.status, 'completed')
assert.equal(models[1]?.requests.length, asked + 1)
assert.equal(resumed.totalCostUsd, warned.totalCostUsd, 'what was spent before the pause counts')

// Calls are capped too, whatever they cost: 50 in a run unless you say otherwise.
const capped = new Workflow({
  name: 'capped',
  maxLlmCalls: 1,
  steps: [new Step({ name: 'each', foreach: 'topics', prompt: 'Write about {{item}}' })],
})
assert.equal((await engine.run(capped, { topics: ['tea', 'coffee'] })).status, 'budget_exceeded')
const shown = {
  stop: stopped,
  downgrade: lowered,
  warn: warned,
  pause: paused,
  'pause, then resumed with more': resumed,
}
for (const [onExceed, { status, totalCostUsd, steps }] of Object.entries(shown)) {
  const draft = steps['draft']?.modelId === undefined ? 'no draft' : `draft by ${steps['draft'].modelId}`
  console.log(`${onExceed.padEnd(30)} ${status.padEnd(16)} $${totalCostUsd?.toFixed(4)}  ${draft}`)
}
await engine.close()
