import { describe, expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import { createEngine } from './create-engine.ts'

const workflow = (hooks: readonly WorkflowHooks[] = []): Workflow =>
  new Workflow({
    name: 'two',
    steps: [
      new Step({ name: 'one', action: () => 1 }),
      new Step({ name: 'two', action: ({ inputs }) => [inputs['one'], 2], dependsOn: ['one'] }),
    ],
    hooks,
  })

async function typesOf(keepsEvents: boolean | undefined): Promise<string[]> {
  await using engine = createEngine({
    backend: memoryBackend(keepsEvents === undefined ? {} : { keepsEvents }),
  })
  const { runId, status, output } = await engine.run(workflow())
  expect([status, output]).toEqual(['completed', [1, 2]])
  const types: string[] = []
  for await (const { type } of engine.events(runId)) types.push(type)
  return types
}

describe('a run whose events nobody can ask for', () => {
  test('4.6 keeps those that begin and end it, and no others', async () => {
    expect(await typesOf(false)).toEqual(['run_started', 'run_completed'])
  })

  test('12.2 keeps all of them where nothing is said', async () => {
    const all = ['run_started', 'step_started', 'step_completed', 'step_started', 'step_completed', 'run_completed']
    expect(await typesOf(undefined)).toEqual(all)
    expect(await typesOf(true)).toEqual(all)
  })

  test('4.6 tells its hooks and gives its steps and its state all the same', async () => {
    const told: string[] = []
    const result = await workflow([
      {
        onStepStart: ({ step }) => void told.push(`start ${step}`),
        onStepComplete: ({ step }) => void told.push(`end ${step}`),
        onWorkflowComplete: ({ data }) => void told.push(String(data['status'])),
      },
    ]).run()
    expect(told).toEqual(['start one', 'end one', 'start two', 'end two', 'completed'])
    expect(result).toMatchObject({ status: 'completed', output: [1, 2], state: { one: 1, two: [1, 2] } })
    expect(result.steps['two']).toMatchObject({ status: 'completed', attempts: [{ attempt: 1, status: 'success' }] })
  })

  test('12.2 gives all events to whoever streams it', async () => {
    const types: string[] = []
    for await (const { type } of workflow().stream()) types.push(type)
    expect(types.filter((type) => type === 'step_completed')).toHaveLength(2)
  })
})
