import { expect, test } from 'vitest'
import { loadDocument } from '../documents/load-document.ts'
import type { RegisteredFunction, StepContext } from '../step/step-context.ts'
import { Step } from './step.ts'
import { Workflow } from './workflow.ts'

const greet = (ctx: StepContext): string => `Hello, ${ctx.inputs['name'] ?? 'World'}!`
const shout = (ctx: StepContext): string => ctx.inputs['greet'].toUpperCase()
const hello = (): Workflow =>
  new Workflow({
    name: 'hello',
    steps: [
      new Step({ name: 'greet', action: greet }),
      new Step({ name: 'shout', action: shout, dependsOn: ['greet'] }),
    ],
  })

test('2.2 the quick start', async () => {
  const result = await hello().run({ name: 'Kairos' })
  expect(result).toMatchObject({ status: 'completed', output: 'HELLO, KAIROS!' })
})

test('2.2 a stream gives what happens, the end last', async () => {
  const types: string[] = []
  for await (const { type } of hello().stream({ name: 'Kairos' })) types.push(type)
  expect(types.at(0)).toBe('run_started')
  expect(types.at(-1)).toBe('run_completed')
})

test('2.2 hooks of a workflow are told', async () => {
  const seen: string[] = []
  const steps = [new Step('a', () => 1)]
  const hooks = [{ onStepComplete: ({ step = '' }): number => seen.push(step) }, {}]
  await new Workflow({ name: 'x', steps, hooks: hooks as never }).run()
  expect(seen).toEqual(['a'])
})

test('W-6 a workflow with problems says them and does not run', async () => {
  const wrong = new Workflow({ name: 'wrong', steps: [new Step('a', () => 1, { dependsOn: ['b'] })] })
  expect(wrong.validate().map(({ code }) => code)).toEqual(['unknown_reference'])
  await expect(wrong.run()).rejects.toMatchObject({ code: 'document_invalid' })
})

test('W-1 a workflow in code, as a document and back again, has one hash', () => {
  const { compiled, definition, name } = hello()
  expect(name).toBe('hello')
  const functions: ReadonlyMap<string, RegisteredFunction> = compiled.functions
  const loaded = loadDocument(hello().toDocument(), { functions })
  expect(loaded.problems).toEqual([])
  expect(loaded.definition).toEqual(definition)
  const yaml = `
parley: 1
name: hello
steps:
  - { id: greet, function: greet, parallel: false }
  - { id: shout, function: shout, depends_on: [greet], parallel: false }
`
  expect(loadDocument(yaml, { functions }).definition.hash).toBe(definition.hash)
})
