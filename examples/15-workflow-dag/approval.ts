// A person decides in the middle. The run is put away while it waits, in the store, not in memory; the answer takes it up.
import assert from 'node:assert/strict'
import { createVirtualClock } from '@parley/testing'
import { createEngine, memoryBackend, Step, wait, Workflow, type OpenedWait } from '@parley/workflow'
import { z } from 'zod'

let drafts = 0
//#region approval
const workflow = new Workflow({
  name: 'refund',
  steps: [
    new Step({
      name: 'draft',
      action: (ctx) => ({ invoice: ctx.input['invoice'], cents: 7900, draft: (drafts += 1) }),
    }),
    new Step({
      name: 'review',
      dependsOn: ['draft'],
      action: wait.approval({
        schema: z.object({ cents: z.int().positive() }), // what the answer may change
        show: 'Refund {{steps.draft.output.cents}} cents of {{steps.draft.output.invoice}}?',
        approvers: ['quinn'],
        timeout: 3600, // seconds
        onTimeout: 'reject',
      }),
    }),
    new Step({
      name: 'pay',
      dependsOn: ['review'],
      requires: 'success',
      effect: 'effectful',
      action: (ctx) => `paid ${ctx.inputs['review'].data.cents} cents`,
    }),
  ],
})
//#endregion
assert.deepEqual(workflow.validate(), [])

const clock = createVirtualClock()
const backend = memoryBackend({ clock })
const waits: OpenedWait[] = []
const first = createEngine({ backend, clock, workflows: [workflow], onWait: (opened) => waits.push(opened) })
const run = await first.run(workflow, { invoice: 'INV-2210' })
assert.equal(run.status, 'waiting')
const [opened] = waits
assert.ok(opened)
assert.equal(opened.wait.show, 'Refund 7900 cents of INV-2210?')
console.log(opened.wait.show)

// Another engine on the same store takes the answer: nothing of the run lives in the first one.
const second = createEngine({ backend, clock, workflows: [workflow] })
const token = { token: opened.token } // unguessable; the store holds its hash alone
await assert.rejects(second.resolveWait(token, { data: { cents: 5000 }, by: 'mallory' }), { code: 'forbidden' })
await assert.rejects(second.resolveWait(token, { data: { cents: 'all' }, by: 'quinn' }), { code: 'wait_invalid' })
await second.resolveWait(token, { decision: 'approved', data: { cents: 5000 }, by: 'quinn', idempotencyKey: 'click-1' })
const done = await second.result(run.runId)
assert.equal(done.status, 'completed')
assert.equal(done.output, 'paid 5000 cents')
assert.equal(drafts, 1, 'what stands before a wait never runs again')
// A wait is answered once. The same click again changes nothing; another answer is refused.
await second.resolveWait(token, { decision: 'approved', data: { cents: 5000 }, by: 'quinn', idempotencyKey: 'click-1' })
await assert.rejects(second.resolveWait(token, { decision: 'rejected', by: 'quinn' }), { code: 'wait_resolved' })

// Nobody answers: after an hour the wait ends by itself, and nothing is paid.
const late = await second.run(workflow, { invoice: 'INV-2211' })
assert.equal(late.status, 'waiting')
await clock.advance(3_600_000)
const ended = await second.result(late.runId)
assert.notEqual(ended.steps['pay']?.status, 'completed')
assert.equal(ended.status, 'failed')
console.log(`${done.output}; the other one ${ended.status}: ${ended.error?.message}`)
await second.close()
