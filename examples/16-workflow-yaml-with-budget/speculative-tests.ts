// Draft and verify: a fast model and a strong one answer the same prompt at once. Where they agree, the draft is the
// answer, and it was there sooner; where they do not, the strong one counts. Both are paid for, and both are on the receipt.
import assert from 'node:assert/strict'
import { createEngine, Step, Workflow } from '@parley/workflow'
import { ParleyError } from '@parley/spec'
import { modelOf } from './scripted-models.ts'

const down = new ParleyError({ code: 'model_refused', message: 'The model will not answer.' })

async function writeTests(draft: string | Error, verifier: string | Error, allowUnverified = false) {
  const workflow = new Workflow({
    name: 'speculative_tests',
    steps: [
      new Step({
        name: 'test',
        prompt: 'Write a test for {{input.code}}',
        strategy: { type: 'speculative', allowUnverified },
        onFailure: 'fail',
      }),
    ],
  })
  await using engine = createEngine({ models: [modelOf('fast', [draft]), modelOf('balanced', [verifier])] })
  return engine.run(workflow, { code: 'add(a, b)' })
}

// The same but for case, spaces and punctuation: they agree.
const agree = await writeTests('expect add(1, 2) to be 3', 'Expect  add(1, 2) to be 3.')
assert.equal(agree.output, 'expect add(1, 2) to be 3')
assert.equal(agree.steps['test']?.modelId, 'fast/model')
assert.equal(agree.receipts[0]?.execution.verified, true)

const disagree = await writeTests('expect add(1, 2) to be 4', 'expect add(1, 2) to be 3')
assert.equal(disagree.output, 'expect add(1, 2) to be 3')
const [receipt] = disagree.receipts
assert.equal(receipt?.decision.modelId, 'balanced/model')
assert.deepEqual(
  receipt.execution.lost?.map(({ modelId, reason }) => [modelId, reason]),
  [['fast/model', 'disagreed']],
)

// The draft dies: nobody notices. The verifier dies: the step fails, unless an unverified draft is better than none.
assert.equal((await writeTests(down, 'verified')).output, 'verified')
assert.equal((await writeTests('draft', down)).status, 'failed')
const unverified = await writeTests('draft', down, true)
assert.equal(unverified.output, 'draft')
assert.equal(unverified.status, 'partial')
assert.equal(unverified.receipts[0]?.execution.verified, false)
console.log(`agree:       ${String(agree.output)}  (the draft, by ${agree.steps['test'].modelId})`)
console.log(`disagree:    ${String(disagree.output)}  (the verifier, by ${receipt.decision.modelId})`)
console.log(`no verifier: ${String(unverified.output)}  (allowed, so the run is ${unverified.status})`)
