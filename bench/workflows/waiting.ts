import type { DurableBackend } from '@parley/spec'
import { postgresBackend } from '@parley/postgres'
import { createEngine, memoryBackend, Step, wait, Workflow } from '@parley/workflow'
import { toFigure } from '../figure.ts'
import { openBenchDatabase } from '../store/bench-database.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { usedBytes } from './used-bytes.ts'

const BUDGET_BYTES = 8_192

/** A step, a wait for a person, a step. */
function reviewWorkflow(): Workflow {
  return new Workflow({
    name: 'review',
    steps: [
      new Step({ name: 'draft', action: () => ({ text: 'A draft that somebody has to look at.' }) }),
      new Step({ name: 'approve', action: wait.approval(), dependsOn: ['draft'] }),
      new Step({ name: 'send', action: () => 'sent', dependsOn: ['approve'] }),
    ],
  })
}

async function bytesPerRun(backend: DurableBackend, count: number): Promise<number> {
  const workflow = reviewWorkflow()
  await using engine = createEngine({ backend })
  const begin = async (from: number, to: number): Promise<void> => {
    for (let number = from; number < to; number++) {
      const { status } = await engine.run(workflow, { number })
      if (status !== 'waiting') throw new Error(`A run that was to wait is ${status}.`)
    }
    // Timers of the runs have their turn, as they have it where runs do not begin one right after the other.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await begin(0, Math.min(count, 100))
  const before = usedBytes()
  await begin(0, count)
  const bytes = (usedBytes() - before) / count
  // Still open here: each of them goes on when it is answered.
  const { runs } = await engine.list({ status: ['waiting'], limit: 1 })
  const [run] = runs
  if (run === undefined) throw new Error('No run waits.')
  const { waits } = await engine.result(run.id)
  await engine.resolveWait({ waitId: waits[0]?.id ?? '' }, { decision: 'approved' })
  const { status } = await engine.result(run.id)
  if (status !== 'completed') throw new Error(`A run that was answered is ${status}.`)
  return Math.max(0, bytes)
}

/** Bytes of a run that waits for an answer, in memory and when it is persisted. */
export const waiting: Scenario = async function* (context) {
  yield* figures('waiting', memoryBackend(), context, `The budget is ${BUDGET_BYTES} bytes.`)
  await using opened = await openBenchDatabase()
  const backend = postgresBackend({ database: opened.database })
  yield* figures('waiting-persisted', backend, context, 'On PGlite: what stays in the process beside the database.')
}

async function* figures(
  metric: string,
  backend: DurableBackend,
  { progress, isQuick }: BenchContext,
  note: string,
): ReturnType<Scenario> {
  const count = isQuick ? 200 : 10_000
  progress(`${metric}: ${count} runs wait`)
  const ours = await bytesPerRun(backend, count)
  yield toFigure({
    metric,
    unit: 'bytes/run',
    better: 'lower',
    ours,
    peer: null,
    peerName: 'none',
    n: count,
    note: `${note} This is ${Math.round((ours / BUDGET_BYTES) * 100)} % of the budget of ${BUDGET_BYTES}.`,
  })
}
