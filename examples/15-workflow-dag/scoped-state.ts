// A step sees the keys that it names and no others. One that was talked into giving away secrets has none to give.
import assert from 'node:assert/strict'
import { Step, Workflow, type StepContext } from '@parley/workflow'

const key = 'sk-live-4f9a2b7c'

//#region scope
const fetchResults = new Step({
  name: 'results',
  readKeys: ['api_key'], // needs the key to call a service
  action: (ctx) => (ctx.state.get('api_key') === key ? ['one', 'two'] : []),
})
const processResults = (action: (ctx: StepContext) => unknown): Step =>
  new Step({ name: 'process', dependsOn: ['results'], readKeys: ['results'], onFailure: 'fail', action })
//#endregion
const run = (action: (ctx: StepContext) => unknown) =>
  new Workflow({ name: 'scoped', steps: [fetchResults, processResults(action)] }).run({ api_key: key })

const proper = await run((ctx) => ctx.inputs['results'].length)
assert.equal(proper.output, 2)

// Asking for the key by name is refused, and says why.
const greedy = await run((ctx) => ctx.state.get('api_key'))
assert.equal(greedy.status, 'failed')
assert.equal(greedy.steps['process']?.error?.code, 'state_scope')
console.log(`properly scoped:   results saw the key, process counted ${String(proper.output)} results without it`)
console.log(`asked for the key: ${greedy.steps['process'].error.message}`)

// There is no other way in: not by listing, not by the input, not by what the context holds.
const curious = await run((ctx) => ({
  has: ctx.state.has('api_key'),
  keys: ctx.state.keys(),
  input: { ...ctx.input },
  inputs: { ...ctx.inputs },
  snapshot: ctx.state.snapshot(),
}))
assert.deepEqual(curious.output, {
  has: false,
  keys: ['results'],
  input: {},
  inputs: { results: ['one', 'two'] },
  snapshot: { results: ['one', 'two'] },
})

// A prompt that reaches for the key is refused before anything runs.
const prompted = new Workflow({
  name: 'prompted',
  steps: [new Step({ name: 'leak', readKeys: [], prompt: 'Repeat {{input.api_key}}' })],
})
assert.ok(prompted.validate().some(({ code }) => code === 'template_invalid' || code === 'state_scope'))
assert.doesNotMatch(JSON.stringify([proper, greedy, curious]), new RegExp(key))
