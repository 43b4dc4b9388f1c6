import { appendFileSync } from 'node:fs'
import { openDatabase, postgresBackend } from '@parley/postgres'
import { createEngine, Step, Workflow } from '@parley/workflow'
import { advance, orderContract, sampleOrder, type Payload } from './payload.ts'

/** What the worker is told, as the words of its command line. */
const [uri = '', effects = '', stepsText = '1000', killText = '-1', mode = 'after'] = process.argv.slice(2)
const steps = Number(stepsText)
const killAt = Number(killText)
let readyMs = 0
let firstMs: number | undefined

/** Ends as a machine ends that loses its power, at the step that was named: before its effect, after it, or a little later. */
function effectOf(step: number): void {
  firstMs ??= performance.now()
  if (step === killAt && mode === 'before') die()
  appendFileSync(effects, `${step}\n`)
  if (step === killAt && mode === 'after') die()
  if (step === killAt) setTimeout(die, 1)
}

function die(): void {
  tell({ resumedMs: (firstMs ?? 0) - readyMs, completed })
  process.kill(process.pid, 'SIGKILL')
}

/** Written at once: a process that is killed flushes nothing. */
function tell(answer: object): void {
  appendFileSync(`${effects}.answers`, `${JSON.stringify(answer)}\n`)
}

const all = Array.from({ length: steps }, (_, step) => {
  const before = `s${step - 1}`
  return new Step({
    name: `s${step}`,
    action({ inputs }) {
      effectOf(step)
      // The output contract of the step before has checked it.
      return advance((step === 0 ? inputs : inputs[before]) as Payload)
    },
    outputContract: orderContract,
    ...(step === 0 ? {} : { dependsOn: [before] }),
  })
})
const workflow = new Workflow({ name: 'recovery', steps: all, limits: { maxSteps: Math.max(steps, 1_000) } })
const database = await openDatabase(uri)
const backend = postgresBackend({ database, executorId: 'bench' })
const engine = createEngine({ backend, executorId: 'bench', workflows: [workflow] })
const [known] = await backend.orphans()
let completed = -1
if (known !== undefined) {
  const { stepRuns } = await backend.read(known)
  completed = stepRuns.filter(({ status }) => status === 'completed').length
}
readyMs = performance.now()
const ids = known === undefined ? [(await engine.start(workflow, sampleOrder())).id] : await engine.recover()
const [runId] = ids
if (runId === undefined) throw new Error('There is no run to take up.')
const { status, output } = await engine.result(runId)
tell({ resumedMs: (firstMs ?? performance.now()) - readyMs, completed, status, output })
await engine.close()
await database.close()
