// A diamond: one source, two analyses, one report. A branch may have nothing to do and says so with SKIP.
import assert from 'node:assert/strict'
import { SKIP, Schema, Step, Workflow, t } from '@parley/workflow'

const facts = new Schema({ company: t.str, prices: t.list(t.float), reviews: t.list(t.str) })
const report = new Schema({ company: t.str, price: t.optional(t.float), mood: t.optional(t.str) })

const diamond = new Workflow({
  name: 'competitive_analysis',
  sensitiveKeys: ['*contact*'],
  steps: [
    new Step({
      name: 'gather',
      action: (ctx) => ({ company: ctx.input['company'], prices: ctx.input['prices'], reviews: ctx.input['reviews'] }),
      readKeys: ['company', 'prices', 'reviews'],
      outputContract: facts,
    }),
    new Step({
      name: 'pricing',
      dependsOn: ['gather'],
      parallel: true,
      readKeys: ['gather'],
      action: (ctx) => {
        const { prices } = ctx.inputs['gather']
        return prices.length === 0 ? SKIP : Math.min(...prices)
      },
    }),
    new Step({
      name: 'mood',
      dependsOn: ['gather'],
      parallel: true,
      readKeys: ['gather'],
      action: (ctx) => {
        const { reviews } = ctx.inputs['gather']
        return reviews.length === 0 ? SKIP : reviews.some((text: string) => text.includes('bad')) ? 'mixed' : 'good'
      },
    }),
    new Step({
      name: 'report',
      dependsOn: ['gather', 'pricing', 'mood'],
      action: (ctx) => ({
        company: ctx.inputs['gather'].company,
        price: ctx.inputs['pricing'], // null where the branch was skipped
        mood: ctx.inputs['mood'],
      }),
      outputContract: report,
    }),
  ],
})

const whole = await diamond.run({
  company: 'Acme',
  prices: [12.5, 9],
  reviews: ['very good'],
  contact: 'ada@acme.test',
})
assert.deepEqual(whole.output, { company: 'Acme', price: 9, mood: 'good' })
assert.equal(whole.state['contact'], '[REDACTED]')

// Nothing to compare: the branch is skipped, its contract is not applied, the report is made all the same.
const thin = await diamond.run({ company: 'Acme', prices: [], reviews: ['bad, bad'] })
assert.equal(thin.status, 'completed')
assert.deepEqual(thin.steps['pricing']?.skip, { kind: 'sentinel' })
assert.deepEqual(thin.output, { company: 'Acme', price: null, mood: 'mixed' })

// A step that needs its dependency to have succeeded is skipped with it.
const strict = new Workflow({
  name: 'strict',
  steps: [
    new Step({ name: 'maybe', action: () => SKIP }),
    new Step({
      name: 'uses_it',
      dependsOn: ['maybe'],
      requires: 'success',
      action: (ctx) => ctx.inputs['maybe'].length,
    }),
  ],
})
assert.equal((await strict.run()).steps['uses_it']?.status, 'skipped')
console.log(`everything is there:  ${JSON.stringify(whole.output)}`)
console.log(`pricing said SKIP:    ${JSON.stringify(thin.output)}`)
