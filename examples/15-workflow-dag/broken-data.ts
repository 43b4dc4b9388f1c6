// A score of 95 instead of 0.95 would make an average of 47.975, and a report that says 4797 percent. A contract on the
// step that cleans records stops it, and the step that adds up never runs.
import assert from 'node:assert/strict'
import { FailureAction, FailurePolicy, Schema, Step, Workflow, t, v } from '@parley/workflow'

const recordSchema = new Schema(
  { name: t.str, email: t.str, score: t.float },
  {
    validators: {
      name: [v.notEmpty()],
      email: [v.pattern(/^[\w.+-]+@[\w-]+\.[\w.]+$/)],
      score: [v.range({ min: 0, max: 1 })],
    },
  },
)

let aggregated = 0
const workflow = new Workflow({
  name: 'broken_data',
  steps: [
    new Step({
      name: 'clean',
      action: (ctx) => ctx.item,
      foreach: 'raw_records',
      outputContract: recordSchema, // the guard
      failurePolicy: new FailurePolicy({ onValidationFail: FailureAction.ABORT }),
    }),
    new Step({
      name: 'aggregate',
      dependsOn: ['clean'],
      action: (ctx) => {
        aggregated += 1
        const scores = ctx.inputs['clean'].map(({ score }: { score: number }) => score)
        return scores.reduce((sum: number, score: number) => sum + score, 0) / scores.length
      },
    }),
  ],
})

const ada = { name: 'Ada', email: 'ada@example.test', score: 0.75 }
const ben = { name: 'Ben', email: 'ben@example.test', score: 0.25 }
const cases = [
  { title: 'good data', record: ben, field: undefined },
  { title: 'bad email', record: { ...ben, email: 'nowhere' }, field: 'email' },
  { title: 'score 95 instead of 0.95', record: { ...ben, score: 95 }, field: 'score' },
  { title: 'empty name', record: { ...ben, name: '   ' }, field: 'name' },
]

for (const [index, { title, record, field }] of cases.entries()) {
  const result = await workflow.run({ raw_records: [ada, record] })
  const aggregate = result.steps['aggregate']?.status
  const said = aggregate === 'completed' ? `average ${JSON.stringify(result.output)}` : `aggregate: ${aggregate}`
  console.log(`TEST ${index + 1}: ${title.padEnd(25)} status: ${result.status.padEnd(9)} (${said})`)
  if (field === undefined) {
    assert.equal(result.status, 'completed')
    assert.equal(result.output, 0.5)
    continue
  }
  assert.equal(result.status, 'failed')
  assert.equal(aggregate, 'skipped')
  assert.equal(result.steps['aggregate']?.attempts.length, 0, 'it was never started')
  console.log(`        ${result.error?.message}`)
  assert.match(result.steps['clean']?.error?.message ?? '', new RegExp(`\\b${field}\\b`))
}
assert.equal(aggregated, 1, 'the step that adds up ran for the good data alone')
