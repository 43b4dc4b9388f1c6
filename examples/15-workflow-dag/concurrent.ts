// Steps that do not depend on each other may run beside each other: three reviews, one recommendation, measured.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Step, Workflow } from '@parley/workflow'

const reviewMs = 150
let running = 0
let mostAtOnce = 0

async function review(topic: string): Promise<string> {
  running += 1
  mostAtOnce = Math.max(mostAtOnce, running)
  await sleep(reviewMs) // what a call of a model would take
  running -= 1
  return `${topic}: fine`
}

//#region concurrent
const reviews = (parallel: boolean, maxConcurrency = 4): Workflow =>
  new Workflow({
    name: 'reviews',
    maxConcurrency,
    steps: [
      new Step({ name: 'fetch_data', action: (ctx) => ctx.input['query'] }),
      new Step('market', () => review('market'), { dependsOn: ['fetch_data'], parallel }),
      new Step('legal', () => review('legal'), { dependsOn: ['fetch_data'], parallel }),
      new Step('technology', () => review('technology'), { dependsOn: ['fetch_data'], parallel }),
      new Step({
        name: 'recommend',
        dependsOn: ['market', 'legal', 'technology'],
        action: (ctx) => Object.values(ctx.inputs).join('; '),
      }),
    ],
  })
//#endregion

async function measure(workflow: Workflow): Promise<{ ms: number; atOnce: number; output: unknown }> {
  mostAtOnce = 0
  const startedMs = performance.now()
  const { output } = await workflow.run({ query: 'market analysis' })
  return { ms: performance.now() - startedMs, atOnce: mostAtOnce, output }
}

const sequential = await measure(reviews(false))
const concurrent = await measure(reviews(true))
const capped = await measure(reviews(true, 2))

assert.equal(sequential.atOnce, 1, 'without parallel, steps take turns')
assert.equal(concurrent.atOnce, 3, 'all three reviews run at once')
assert.equal(capped.atOnce, 2, 'maxConcurrency is the upper bound')
assert.deepEqual(concurrent.output, sequential.output, 'the result does not depend on who ends first')
assert.ok(sequential.ms >= 3 * reviewMs - 10, 'three reviews in a row take three times as long as one')
assert.ok(concurrent.ms < sequential.ms, 'beside each other they take less')
console.log(
  `${sequential.ms.toFixed(0)} ms in a row, ${concurrent.ms.toFixed(0)} ms beside each other: ${(sequential.ms / concurrent.ms).toFixed(1)} times as fast`,
)
