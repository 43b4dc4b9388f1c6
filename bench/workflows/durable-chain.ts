import { postgresBackend } from '@parley/postgres'
import type { CommitBatch, DurableBackend, SqlDatabase } from '@parley/spec'
import { createEngine, memoryBackend, type Workflow } from '@parley/workflow'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { openBenchDatabase } from '../store/bench-database.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { chainWorkflow } from './own-side.ts'
import { orderContract, sampleOrder, type Payload } from './payload.ts'
import { openRawRuns } from './raw-runs.ts'

const STEPS = 1_000

/** A checkpointed chain on PostgreSQL against the same rows by raw SQL; without a server the headline is PGlite's. */
export const durableSql: Scenario = async function* (context) {
  const uri = process.env['PARLEY_TEST_POSTGRES_URL']
  await using opened = await openBenchDatabase(uri)
  yield* checkpointed('durable-chain-sql', opened.database, context)
}

/** The same on embedded PGlite. */
export const durablePglite: Scenario = async function* (context) {
  await using opened = await openBenchDatabase()
  yield* checkpointed('durable-chain-pglite', opened.database, context)
}

/** The same in memory: what the engine itself takes per checkpointed step. */
export const durableMemory: Scenario = async function* ({ progress, isQuick }) {
  const steps = isQuick ? 50 : STEPS
  const workflow = chainWorkflow(steps, orderContract)
  const measured = await alternate(
    { ours: () => perStep(memoryBackend(), workflow, steps, isQuick ? 1 : 10) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  yield toFigure({
    metric: 'durable-chain-memory',
    unit: 'us/step',
    better: 'lower',
    ours: measured.ours,
    peer: null,
    peerName: 'none',
    n: measured.n,
    note: 'Nothing is written anywhere; events carry what steps gave.',
  })
}

/** Events per second in batches of 100. */
export const durableEvents: Scenario = async function* ({ progress, isQuick }) {
  await using opened = await openBenchDatabase(process.env['PARLEY_TEST_POSTGRES_URL'])
  const { database } = opened
  const raw = await openRawRuns(database)
  const batches = isQuick ? 2 : 100
  const batch: CommitBatch = {
    events: Array.from({ length: 100 }, (_, number) => ({
      type: 'step_completed' as const,
      step: `s${number}`,
      stepKey: `s${number}@1`,
      attempt: 1,
      data: { latency_ms: number, model_id: null, cost_usd: 0, receipt_ids: [] },
    })),
  }
  const backend = postgresBackend({ database })
  let runs = 0
  const ours = async (): Promise<number> => {
    const runId = await emptyRun(backend)
    const lease = await backend.claim(runId, 'bench')
    if (lease === null) throw new Error('The run cannot be claimed.')
    const startMs = performance.now()
    let seq = 0
    for (let number = 0; number < batches; number++) ({ seq } = await backend.commit(lease, batch))
    const tookMs = performance.now() - startMs
    if (seq !== batches * 100) throw new Error(`${seq} of ${batches * 100} events were kept.`)
    return (seq / tookMs) * 1_000
  }
  const peer = async (): Promise<number> => {
    const runId = `raw-${runs++}`
    await raw.write(runId, { events: [], run: {} })
    const startMs = performance.now()
    for (let number = 0; number < batches; number++) await raw.write(runId, batch)
    const tookMs = performance.now() - startMs
    const count = await raw.count(runId)
    if (count !== batches * 100) throw new Error(`${count} of ${batches * 100} events were written.`)
    return (count / tookMs) * 1_000
  }
  const measured = await alternate({ ours, peer }, { rounds: isQuick ? 1 : 7, progress })
  yield toFigure({
    metric: 'durable-chain-events',
    unit: 'events/s',
    better: 'higher',
    ours: measured.ours,
    peer: measured.peer,
    peerName: 'the same rows by raw SQL',
    n: measured.n,
    note: `Batches of 100 on ${database.kind}.`,
  })
}

async function* checkpointed(
  metric: string,
  database: SqlDatabase,
  { progress, isQuick }: BenchContext,
): ReturnType<Scenario> {
  const steps = isQuick ? 20 : STEPS
  const workflow = chainWorkflow(steps, orderContract)
  const backend = postgresBackend({ database })
  const batches = await batchesOf(workflow)
  const raw = await openRawRuns(database)
  let runs = 0
  const written = async (write: typeof raw.write): Promise<number> => {
    const runId = `raw-${runs++}`
    const startMs = performance.now()
    for (const batch of batches) await write(runId, batch)
    const tookMs = performance.now() - startMs
    const rows = batches.reduce((sum, batch) => sum + rowsOf(batch), 0)
    const count = await raw.count(runId)
    if (count !== rows) throw new Error(`${count} of ${rows} rows were written.`)
    return (tookMs * 1_000) / steps
  }
  const measured = await alternate(
    {
      ours: () => perStep(backend, workflow, steps, 1),
      statement: () => written(raw.write),
      transaction: () => written(raw.writeByTable),
    },
    { rounds: isQuick ? 1 : 7, progress },
  )
  const common = { unit: 'us/step', better: 'lower', ours: measured.ours, n: measured.n } as const
  const on = `On ${database.kind}, ${batches.length} commits of ${steps} steps with contracts.`
  yield toFigure({
    ...common,
    metric,
    peer: measured.statement,
    peerName: 'the same rows by raw SQL',
    note: `${on} Raw SQL is one statement per step, of rows that are at hand; target 0.6.`,
  })
  yield toFigure({
    ...common,
    metric: `${metric}-transaction`,
    peer: measured.transaction,
    peerName: 'the same rows in a transaction',
    note: `${on} A transaction of one statement per table.`,
  })
}

/** What a run of the chain commits, batch by batch. */
async function batchesOf(workflow: Workflow): Promise<CommitBatch[]> {
  const backend = memoryBackend()
  const batches: CommitBatch[] = []
  await using engine = createEngine({
    backend: {
      ...backend,
      commit(lease, batch) {
        batches.push(batch)
        return backend.commit(lease, batch)
      },
    },
  })
  const { status } = await engine.run(workflow, sampleOrder())
  if (status !== 'completed') throw new Error(`The chain ended ${status}.`)
  return batches
}

async function perStep(backend: DurableBackend, workflow: Workflow, steps: number, runs: number): Promise<number> {
  await using engine = createEngine({ backend })
  const startMs = performance.now()
  for (let run = 0; run < runs; run++) {
    const { status, output, runId } = await engine.run(workflow, sampleOrder())
    // The last output contract has checked it.
    if (status !== 'completed' || (output as unknown as Payload).count !== steps)
      throw new Error(`The run ${runId} ended ${status}.`)
  }
  return ((performance.now() - startMs) * 1_000) / (runs * steps)
}

async function emptyRun(backend: DurableBackend): Promise<string> {
  const workflow = chainWorkflow(1, orderContract)
  const at = new Date().toISOString()
  const id = `run_events_${at}_${performance.now()}`
  const { definition } = workflow
  await backend.createRun(
    {
      id,
      tenantId: 'default',
      taskId: 'task_events',
      status: 'pending',
      workflow: definition.name,
      definitionHash: definition.hash,
      input: {},
      planVersion: 1,
      createdAt: at,
      updatedAt: at,
    },
    definition,
  )
  return id
}

function rowsOf({ events, stepRuns = [], attempts = [], state = {} }: CommitBatch): number {
  return events.length + stepRuns.length + attempts.length + Object.keys(state.set ?? {}).length
}
