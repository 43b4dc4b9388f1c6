// Records come in, each is cleaned under a contract, the good ones are counted. Secrets stay out of what is shown.
import assert from 'node:assert/strict'
import { FailureAction, FailurePolicy, Schema, Step, Workflow, t, v } from '@parley/workflow'

const record = new Schema(
  { id: t.int, email: t.str, cents: t.int },
  { validators: { email: [v.pattern(/[\w.+-]+@[\w-]+\.\w+$/)], cents: [v.range({ min: 0 })] } },
)

const pipeline = new Workflow({
  name: 'data_pipeline',
  sensitiveKeys: ['*_code'],
  failurePolicy: new FailurePolicy({ onExecutionFail: FailureAction.RETRY, maxAttempts: 2 }),
  steps: [
    new Step({
      name: 'load',
      readKeys: ['rows', 'api_key'],
      action: (ctx) => (ctx.input['api_key'] === undefined ? [] : ctx.input['rows']),
    }),
    new Step({
      name: 'clean',
      foreach: 'load',
      foreachPolicy: 'allowPartial',
      itemKey: 'id',
      readKeys: ['load'],
      onFailure: FailureAction.FAIL,
      action: (ctx) => ({ ...ctx.item, email: ctx.item.email.trim().toLowerCase() }),
      outputContract: record,
    }),
    new Step({
      name: 'total',
      dependsOn: ['clean'],
      readKeys: ['clean'],
      action: (ctx) => {
        const good = ctx.inputs['clean'].filter((row: unknown) => row !== null)
        return { records: good.length, cents: good.reduce((sum: number, row: { cents: number }) => sum + row.cents, 0) }
      },
    }),
  ],
})

const result = await pipeline.run({
  api_key: 'sk-live-abcdefgh',
  discount_code: 'SPRING',
  rows: [
    { id: 7, email: ' Ada@Example.test ', cents: 1200 },
    { id: 8, email: 'nowhere', cents: 500 },
    { id: 9, email: 'ben@example.test', cents: 300 },
  ],
})
assert.equal(result.status, 'partial')
assert.deepEqual(result.output, { records: 2, cents: 1500 })
assert.equal(result.steps['clean']?.items?.[1]?.error?.code, 'contract_output')
// Keys that look like secrets, and those that you name, are masked wherever a run is shown.
assert.equal(result.state['api_key'], '[REDACTED]')
assert.equal(result.state['discount_code'], '[REDACTED]')
assert.doesNotMatch(JSON.stringify(result), /sk-live|SPRING/)
console.log(`${result.status}: ${JSON.stringify(result.output)}`)
console.log(`record 8 was left out: ${result.steps['clean'].items[1].error.message}`)
console.log(`as it is shown: api_key ${JSON.stringify(result.state['api_key'])}`)
