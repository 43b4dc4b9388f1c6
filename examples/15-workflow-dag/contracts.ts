// A step says what it takes and gives. What breaks the contract reaches no other step.
import assert from 'node:assert/strict'
import { FailureAction, Schema, Step, Workflow, t, v } from '@parley/workflow'
import { z } from 'zod'

//#region contract
const analysis = new Schema(
  { name: t.str, products: t.list(t.str), score: t.optional(t.float) },
  { validators: { name: [v.notEmpty()], score: [v.range({ min: 0, max: 1 })] } },
)

const analyze = new Step({
  name: 'analyze',
  action: (ctx) => ({ name: ctx.input['company'], products: ['cards', 'loans'], score: ctx.input['score'] }),
  inputContract: z.object({ company: z.string() }), // any Standard Schema will do
  outputContract: analysis,
  onFailure: FailureAction.FAIL,
})
//#endregion
const workflow = new Workflow({
  name: 'contracts',
  steps: [
    analyze,
    new Step({
      name: 'publish',
      dependsOn: ['analyze'],
      action: (ctx) => `${ctx.inputs['analyze'].name} is published`,
    }),
  ],
})

const good = await workflow.run({ company: 'Acme', score: 0.8 })
assert.equal(good.output, 'Acme is published')

// 95 instead of 0.95: nothing is published, and the error names the field, never the value.
const bad = await workflow.run({ company: 'Acme', score: 95 })
assert.equal(bad.status, 'failed')
assert.equal(bad.steps['analyze']?.error?.code, 'contract_output')
assert.match(bad.steps['analyze'].error.message, /score/)
assert.doesNotMatch(bad.steps['analyze'].error.message, /95/)
assert.deepEqual(bad.steps['publish']?.skip, { kind: 'dependency', because: 'analyze' })

// An input contract is checked before the action is called.
const missing = await workflow.run({ company: 7 })
assert.equal(missing.steps['analyze']?.error?.code, 'contract_input')

// Absent and null are the same for an optional field; nothing else is bent into shape.
assert.equal((await workflow.run({ company: 'Acme', score: null })).status, 'completed')
assert.equal((await workflow.run({ company: 'Acme', score: '0.8' })).status, 'failed')
assert.deepEqual(analysis.toJsonSchema()['required'], ['name', 'products'])
console.log(bad.steps['analyze'].error.message)
