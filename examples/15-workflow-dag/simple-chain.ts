// A chain of three: outputs by name, the order that follows from them, and state that steps share.
import assert from 'node:assert/strict'
import { Step, TaskGraph, Workflow } from '@parley/workflow'

const steps = [
  // Written in another order than they run in: what depends on what decides.
  new Step({
    name: 'report',
    dependsOn: ['count'],
    action: (ctx) => [ctx.inputs['count'], 'words, written in', ctx.state.get('style')].join(' '),
  }),
  new Step({ name: 'clean', action: (ctx) => ctx.input['text'].trim().replaceAll(/\s+/g, ' ') }),
  new Step({
    name: 'count',
    dependsOn: ['clean'],
    action: (ctx) => {
      // Kept when the step succeeds; an attempt that fails leaves no trace.
      ctx.state.set('style', ctx.inputs['clean'] === ctx.inputs['clean'].toLowerCase() ? 'lower case' : 'mixed case')
      return ctx.inputs['clean'].split(' ').length
    },
  }),
]

const graph = new TaskGraph({ name: 'chain', steps })
assert.deepEqual(
  graph.order().map(({ name }) => name),
  ['clean', 'count', 'report'],
)
assert.deepEqual(
  graph.getCascadeSkipSteps(['clean']).map(({ name }) => name),
  ['report', 'count'],
)

const result = await new Workflow({ name: 'chain', steps }).run({ text: '  The right action   at the right time ' })
assert.equal(result.output, '7 words, written in mixed case')
// Every output is in the state under the name of its step, beside the input.
assert.equal(result.state['count'], 7)
assert.equal(result.steps['clean']?.output, 'The right action at the right time')
console.log(
  graph
    .order()
    .map(({ name }) => name)
    .join(' -> '),
)
console.log(result.output)
