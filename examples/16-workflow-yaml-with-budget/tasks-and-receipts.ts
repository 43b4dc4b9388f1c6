// A task is the account of all runs that share its id: what they cost, which models answered, and one switch to stop them.
import assert from 'node:assert/strict'
import { createEngine, Step, Workflow } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

let isAsked = (): void => {}
const asked = new Promise<void>((resolve) => (isAsked = resolve))
const models = [
  modelOf('balanced', [
    'Four facts.',
    'One summary.',
    () => {
      isAsked()
      return new Promise(() => {}) // never answers
    },
  ]),
]
const ask = (name: string): Workflow =>
  new Workflow({ name, steps: [new Step({ name, prompt: `${name} {{input.topic}}` })] })

//#region task
await using engine = createEngine({ models })
const taskId = 'task_launch'
await engine.run(ask('gather'), { topic: 'chips' }, { taskId })
await engine.run(ask('summarize'), { topic: 'chips' }, { taskId })

const { task, receipts } = await engine.tasks.get(taskId, { includeReceipts: true })
console.log(`${task.id}: ${task.status}, ${task.callCount} calls, $${(task.totalCostNanoUsd / 1e9).toFixed(6)}`)
for (const { decision, execution } of receipts ?? []) console.log(decision.modelId, '->', execution.status)
//#endregion
assert.equal(task.status, 'completed')
assert.equal(task.callCount, 2)
assert.equal(task.runs.length, 2)
assert.ok(task.totalCostNanoUsd > 0)
assert.deepEqual(
  receipts?.map(({ execution }) => execution.status),
  ['success', 'success'],
)
// A receipt says why; it holds neither what was asked nor what was answered.
assert.doesNotMatch(JSON.stringify(receipts), /Four facts|One summary|gather chips/)

// Cancelling stops what runs and refuses what comes.
const running = await engine.start(ask('endless'), { topic: 'chips' }, { taskId })
await asked
await engine.tasks.cancel(taskId)
const stopped = await engine.result(running.id)
assert.equal(stopped.status, 'cancelled')
assert.equal((await engine.tasks.get(taskId)).task.status, 'cancelled')
await engine.tasks.cancel(taskId) // again: nothing happens
await assert.rejects(engine.run(ask('more'), { topic: 'chips' }, { taskId }), { code: 'task_terminal' })
await assert.rejects(engine.tasks.get('task_of_nobody'), { code: 'task_unknown' })
