// Two steps. The second one depends on the first and reads what it gave by its name.
import assert from 'node:assert/strict'

//#region hello
import { Step, Workflow, type StepContext } from '@parley/workflow'

const greet = (ctx: StepContext): string => `Hello, ${ctx.inputs['name'] ?? 'World'}!`
const shout = (ctx: StepContext): string => ctx.inputs['greet'].toUpperCase()

const workflow = new Workflow({
  name: 'hello',
  steps: [new Step({ name: 'greet', action: greet }), new Step({ name: 'shout', action: shout, dependsOn: ['greet'] })],
})

const result = await workflow.run({ name: 'Kairos' })
console.log(result.output) // HELLO, KAIROS!
//#endregion
assert.equal(result.status, 'completed')
assert.equal(result.output, 'HELLO, KAIROS!')

// The input may be left out, and the same workflow runs as often as you like.
assert.equal((await workflow.run()).output, 'HELLO, WORLD!')

// What is wrong with a workflow is known before it runs, all of it at once.
const circle = new Workflow({
  name: 'circle',
  steps: [
    new Step({ name: 'draft', action: () => 'a draft', dependsOn: ['review'] }),
    new Step({ name: 'review', action: () => 'fine', dependsOn: ['draft'] }),
  ],
})
const [problem] = circle.validate()
assert.equal(problem?.code, 'workflow_cycle')
console.log(problem.message)
await assert.rejects(circle.run(), { code: 'document_invalid' })
