// Fetch a list, work on each of its items, summarize: one step over many items, with a policy for those that fail.
import assert from 'node:assert/strict'
import { Step, Workflow } from '@parley/workflow'

const competitors = ['Stripe', 'Bust & Co', 'Adyen']

//#region foreach
const competitive = (foreachPolicy: 'requireAll' | 'allowPartial' | 'collectErrors'): Workflow =>
  new Workflow({
    name: 'competitive',
    steps: [
      new Step({ name: 'fetch_competitors', action: () => competitors }),
      new Step({
        name: 'analyze_each',
        foreach: 'fetch_competitors', // names the step, and so depends on it
        foreachPolicy,
        foreachConcurrency: 3,
        retries: 0,
        action: (ctx) => analyze(ctx.item),
      }),
      new Step({
        name: 'summarize',
        dependsOn: ['analyze_each'],
        action: (ctx) => JSON.stringify(ctx.inputs['analyze_each']),
      }),
    ],
  })
//#endregion

function analyze(name: string): string {
  if (name.startsWith('Bust')) throw new Error('no figures')
  return `${name} grows`
}

// All items, or nothing.
const all = await competitive('requireAll').run({ industry: 'fintech' })
assert.equal(all.status, 'failed')
assert.equal(all.steps['analyze_each']?.output, null)
assert.equal(all.steps['summarize']?.status, 'skipped')

// What failed is a hole in its place; the run is partial.
const part = await competitive('allowPartial').run({ industry: 'fintech' })
assert.equal(part.status, 'partial')
assert.deepEqual(part.steps['analyze_each']?.output, ['Stripe grows', null, 'Adyen grows'])
assert.deepEqual(
  part.steps['analyze_each'].items?.map(({ status }) => status),
  ['completed', 'failed', 'completed'],
)

// What failed is an entry that says so; nothing fails.
const collected = await competitive('collectErrors').run({ industry: 'fintech' })
assert.equal(collected.status, 'completed')
const list = collected.steps['analyze_each']?.output
assert.ok(Array.isArray(list))
assert.deepEqual(list[0], { ok: true, value: 'Stripe grows' })
assert.equal(Object(list[1]).ok, false)

// An empty list is no fault; a text is no list.
const over = new Workflow({
  name: 'over',
  steps: [new Step({ name: 'each', foreach: 'items', action: (ctx) => ctx.item })],
})
assert.deepEqual((await over.run({ items: [] })).output, [])
assert.equal((await over.run({ items: 'abc' })).error?.code, 'foreach_not_list')
for (const [policy, run] of Object.entries({ requireAll: all, allowPartial: part, collectErrors: collected }))
  console.log(`${policy.padEnd(14)} ${run.status.padEnd(10)} ${JSON.stringify(run.steps['analyze_each']?.output)}`)
