import { appendFileSync } from 'node:fs'
import { createSystemClock, terminalRunStatuses } from '@parley/spec'
import { openDatabase, postgresBackend } from '@parley/postgres'
import { scriptedModel } from '@parley/testing'
import { createEngine, Step, wait, Workflow, type StepContext } from '@parley/workflow'

/** One process of a run that is killed: takes up what the last one left in the database, or starts the run. */
const [address = '', record = '', runId = 'run_1'] = process.argv.slice(2)
const clock = createSystemClock()

// A line that is written is on the disk's side of the process, whatever becomes of it.
const say = (line: object): void => appendFileSync(record, `${JSON.stringify(line)}\n`)

const begin = (ctx: StepContext, more: object = {}): void =>
  say({ begun: ctx.idempotencyKey, stepKey: ctx.idempotencyKey.split(':')[1], ...more })

/** A model with a price, 1000 nano-USD a token, that takes its time: some calls are cut off, and cost all the same. */
const model = scriptedModel([() => (say({ called: true }), 'A line about the sea.')], {
  then: 'last',
  ttftMs: 2,
  clock,
  card: {
    tiers: ['balanced'],
    maxOutputTokens: 100,
    price: { from: '2020-01-01T00:00:00Z', input: 1_000, output: 1_000 },
  },
})

/** Of 24 steps side by side, four have an effect, four ask a model, the others may be done again. */
function fanStep(index: number): Step {
  const place = { name: `fan${index}`, dependsOn: ['list'] }
  if (index % 6 === 2) return new Step({ ...place, prompt: `Say something about ${index}` })
  const isEffect = index % 6 === 5
  return new Step({
    ...place,
    effect: isEffect ? 'effectful' : 'idempotent',
    onFailure: isEffect ? 'skip' : 'retry',
    action: async (ctx) => {
      begin(ctx, isEffect ? { effect: true } : {})
      await clock.sleep(3)
      return index
    },
  })
}

const work = new Workflow({
  name: 'thirty',
  parallel: true,
  maxConcurrency: 4,
  steps: [
    new Step({ name: 'list', action: (ctx) => (begin(ctx), ['x', 'y', 'z']) }),
    ...Array.from({ length: 24 }, (_, index) => fanStep(index)),
    new Step({ name: 'each', foreach: 'list', foreachConcurrency: 2, action: (ctx) => (begin(ctx), `${ctx.item}!`) }),
    new Step({
      name: 'flaky',
      dependsOn: ['list'],
      retry: { maxAttempts: 3, delay: 0.01, jitter: false },
      action: (ctx) => {
        begin(ctx)
        if (ctx.attempt < 3) throw new Error('not yet')
        return ctx.attempt
      },
    }),
    new Step({ name: 'timer', dependsOn: ['flaky'], action: wait.timer(20) }),
    new Step({ name: 'review', dependsOn: ['timer'], action: wait.approval() }),
    new Step({
      name: 'end',
      dependsOn: ['review', 'each', ...Array.from({ length: 24 }, (_, index) => `fan${index}`)],
      action: (ctx) => (begin(ctx), ctx.inputs['each']),
    }),
  ],
})

const database = await openDatabase(address)
const backend = postgresBackend({ database, clock, executorId: 'killed' })
const engine = createEngine({
  backend,
  clock,
  executorId: 'killed',
  workflows: [work],
  models: [model],
  onWait: ({ wait: opened, token }) => {
    // Whoever was told of the wait answers at once; the token dies with the process, the id does not.
    if (opened.kind === 'approval')
      void engine.resolveWait({ token }, { data: 'yes', idempotencyKey: 'answer' }).catch(() => {})
  },
})
const journal = (await engine.get(runId)) === undefined ? undefined : await backend.read(runId)
const isEnded = (status: string): boolean => status === 'completed' || status === 'skipped' || status === 'failed'
say({
  ready: true,
  ended: journal?.stepRuns.flatMap(({ stepKey, status }) => (isEnded(status) ? [stepKey] : [])) ?? [],
})
if (journal === undefined) await engine.start(work, {}, { runId, budget: { maxCostUsd: 1 } })
else await engine.recover()
for (const { id, kind, status } of journal?.waits ?? [])
  if (kind === 'approval' && status === 'open')
    await engine.resolveWait({ waitId: id }, { data: 'yes', idempotencyKey: 'answer' })
const seqs: number[] = []
const types: string[] = []
for await (const { seq, type } of engine.events(runId)) {
  seqs.push(seq)
  types.push(type)
}
const result = await engine.result(runId)
const { ledger } = await backend.read(runId)
say({
  done: true,
  status: result.status,
  output: result.output,
  seqs,
  types,
  costNanoUsd: result.totalCostNanoUsd,
  ledger: ledger.map(({ key, kind, basis, costNanoUsd }) => ({ key, kind, basis, costNanoUsd })),
})
if (!terminalRunStatuses.includes(result.status)) process.exitCode = 1
await engine.close()
await database.close()
