import { expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { loadDocument } from '../documents/load-document.ts'
import type { RegisteredFunction } from '../step/step-context.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

const greet: RegisteredFunction = { name: 'greet', version: '1', run: (ctx) => `Hello, ${ctx.inputs['who']}!` }
const functions = new Map([['greet', greet]])

test('2.3 a function of the document is called as function://name, with the arguments of the step, and needs no kernel', async () => {
  const { engine } = setupEngine()
  const workflow = loadDocument(
    `
name: fns
functions: [{ name: hello, path: greet }]
nodes:
  - { name: begin, type: start, next: hi }
  - { name: hi, type: function, tool: "python://hello", inputs: { who: { type: context, name: input.name } }, output: text, next: finish }
  - { name: finish, type: end, output: text }
`,
    { functions },
  )
  expect(workflow.problems).toEqual([])
  expect(await engine.run(workflow, { name: 'Ada' })).toMatchObject({ status: 'completed', output: 'Hello, Ada!' })
})

test('4.6 tools and agents that the engine does not have are missed before anything runs', async () => {
  const { engine } = setupEngine()
  let ran = 0
  const first = new Step({ name: 'first', action: () => (ran += 1) })
  const lookup = new Step({ name: 'lookup', tool: 'rest://crm.customer', dependsOn: ['first'] })
  const ask = new Step({ name: 'ask', agent: 'desk', dependsOn: ['first'] })
  await expect(engine.run(new Workflow({ name: 'a', steps: [first, lookup] }))).rejects.toMatchObject({
    code: 'invalid_options',
    message: expect.stringMatching(/"lookup" calls rest:\/\/crm\.customer.*kernel/),
  })
  await expect(engine.run(new Workflow({ name: 'b', steps: [first, ask] }))).rejects.toMatchObject({
    code: 'unknown_reference',
    message: expect.stringMatching(/"ask" names the agent "desk".*agents/),
  })
  expect(ran).toBe(0)
})

test('4.6 a step that is skipped does without what it would need', async () => {
  const { engine } = setupEngine()
  const options = { condition: 'input.deep == true' }
  const steps = [
    new Step({ name: 'lookup', tool: 'rest://crm.customer', ...options }),
    new Step({ name: 'ask', agent: 'desk', ...options }),
  ]
  expect((await engine.run(new Workflow({ name: 'a', steps }), { deep: false })).status).toBe('completed')
  // Where it is not, the run fails at once: trying again would not help.
  const { status, steps: results } = await engine.run(new Workflow({ name: 'a', steps }), { deep: true })
  expect(status).toBe('failed')
  expect(results['lookup']).toMatchObject({ error: { code: 'invalid_options' }, attempts: [{ status: 'failure' }] })
})
