// What happens when a step fails is said by a policy: try again, skip, stop. The step's policy wins over the workflow's.
import assert from 'node:assert/strict'
import { ParleyError } from '@parley/spec'
import { FailureAction, FailurePolicy, Schema, Step, Workflow, t, v } from '@parley/workflow'

// A service that is out of order twice.
let calls = 0
const flaky = (): string => {
  calls += 1
  if (calls < 3)
    throw new ParleyError({ code: 'store_unavailable', message: `No answer, key sk-live-${'x'.repeat(8)}` })
  return 'stored'
}

//#region policy
const store = new Step({
  name: 'store',
  action: flaky,
  failurePolicy: new FailurePolicy({
    onExecutionFail: FailureAction.RETRY,
    onValidationFail: FailureAction.ABORT,
    maxAttempts: 3, // the first one counts
    retryDelay: 0.01, // seconds
    retryBackoff: 2,
  }),
})
//#endregion
const stored = await new Workflow({ name: 'recovery', steps: [store] }).run()
assert.equal(stored.output, 'stored')
assert.deepEqual(
  stored.steps['store']?.attempts.map(({ status }) => status),
  ['failure', 'failure', 'success'],
)
// Every attempt is kept, without the secret that its error held.
assert.doesNotMatch(JSON.stringify(stored.steps['store'].attempts), /sk-live/)

// A later attempt is told what was wrong: the field and its type, never the text that was refused.
const notes: unknown[] = []
const score = new Step({
  name: 'score',
  action: (ctx) => {
    notes.push(ctx.retryContext)
    return { score: ctx.attempt === 1 ? 95 : 0.95 }
  },
  outputContract: new Schema({ score: t.float }, { validators: { score: [v.range({ min: 0, max: 1 })] } }),
})
const scored = await new Workflow({ name: 'feedback', steps: [score] }).run()
assert.deepEqual(scored.output, { score: 0.95 })
assert.equal(notes[0], undefined)
assert.match(JSON.stringify(notes[1]), /"failedFields":\["score"\]/)

// A step that may be missed is skipped, and the run says that it is not whole.
const skipped = await new Workflow({
  name: 'optional',
  steps: [
    new Step({
      name: 'enrich',
      onFailure: FailureAction.SKIP,
      action: () => {
        throw new Error('out of order')
      },
    }),
    new Step({ name: 'answer', dependsOn: ['enrich'], action: (ctx) => `with ${ctx.inputs['enrich'] ?? 'nothing'}` }),
  ],
}).run()
assert.equal(skipped.output, 'with nothing')
assert.equal(skipped.status, 'partial')
assert.equal(skipped.steps['enrich']?.skip?.kind, 'policy')

// `fail` lets steps beside it go on, `abort` stops them too.
const ended = async (onFailure: 'fail' | 'abort'): Promise<string | undefined> => {
  const run = await new Workflow({
    name: onFailure,
    steps: [
      new Step({
        name: 'broken',
        onFailure,
        action: () => {
          throw new Error('out of order')
        },
      }),
      new Step({ name: 'other', action: () => 'done' }),
    ],
  }).run()
  assert.equal(run.status, 'failed')
  return run.steps['other']?.status
}
assert.equal(await ended('fail'), 'completed')
assert.equal(await ended('abort'), 'cancelled')
console.log(`stored at attempt ${stored.steps['store'].attempts.length}`)
console.log(`what the second attempt was told: ${JSON.stringify(notes[1])}`)
console.log(`skipped: ${skipped.status}, "${String(skipped.output)}"`)
