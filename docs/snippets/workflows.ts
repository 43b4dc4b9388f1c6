// The code of docs/workflows.md that is not part of an example.
import assert from 'node:assert/strict'
import { scriptedModel } from '@parley/testing'
import { Step, wait, Workflow } from '@parley/workflow'

const refund = new Workflow({
  name: 'refund',
  steps: [
    new Step({ name: 'draft', action: (ctx) => ctx.input['cents'] }),
    new Step({ name: 'review', dependsOn: ['draft'], action: wait.approval() }),
    new Step({ name: 'pay', dependsOn: ['draft', 'review'], action: (ctx) => `paid ${ctx.inputs['draft']}` }),
  ],
})
const folder = 'memory://'

//#region stored
import { openDatabase, postgresBackend } from '@parley/postgres'
import { createEngine } from '@parley/workflow'

const database = await openDatabase(folder) // 'file:./.parley/data', or 'postgres://...'
const engine = createEngine({ backend: postgresBackend({ database }), workflows: [refund] })
await engine.recover() // takes up what another process has left

const { runId, waits } = await engine.run(refund, { cents: 7900 })
const [review] = waits
//#endregion stored
assert.ok(review)
await engine.resolveWait({ waitId: review.id }, { by: 'quinn' })
const { status, output } = await engine.result(runId)
assert.equal(status, 'completed')
assert.equal(output, 'paid 7900')
await engine.close()

const small = scriptedModel(['cheap'], { id: 'vendor/small', card: { tier: 'small' } })
const large = scriptedModel(['thorough'], { id: 'vendor/large', card: { tier: 'large' } })
//#region models
const routed = createEngine({ models: [small, large] }) // any ChatModel: createOpenAiChatModel, fromLanguageModel, ...
const answer = new Workflow({
  name: 'answer',
  steps: [
    new Step({
      name: 'answer',
      prompt: 'Answer: {{input.question}}',
      tier: 'high', // fast, balanced or high
      capabilities: ['reasoning'],
      budget: { maxCalls: 2 },
    }),
  ],
})
const answered = await routed.run(answer, { question: 'Why?' })
const [receipt] = answered.receipts
//#endregion models
assert.equal(answered.output, 'thorough')
assert.equal(receipt?.decision.modelId, 'vendor/large')
assert.equal(receipt.candidates.length, 2)
await routed.close()

const one = scriptedModel(['Paris'], { id: 'vendor/one' })
//#region cache
const keeping = createEngine({ models: [one] })
const capital = new Workflow({
  name: 'capital',
  steps: [
    new Step({
      name: 'ask',
      prompt: 'Capital of {{input.country}}?',
      cache: { ttlMs: 3_600_000 }, // in documents: cache: { ttl_ms: 3600000 }
    }),
  ],
})
await keeping.run(capital, { country: 'France' })
const reused = await keeping.run(capital, { country: 'France' })
console.log(reused.totalCostUsd, reused.receipts[0]?.execution.cached) // 0 true
//#endregion cache
assert.equal(reused.output, 'Paris')
assert.equal(reused.totalCostUsd, 0)
assert.equal(reused.receipts[0]?.execution.cached, true)
assert.equal(one.calls.length, 1)
await keeping.close()
