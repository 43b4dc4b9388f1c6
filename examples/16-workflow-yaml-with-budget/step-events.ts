// A run is a stream of events; `run()` is that stream, drained. Here it is shown as clients of the HTTP API see it.
import assert from 'node:assert/strict'
import { createEngine, viewRunEvent } from '@parley/workflow'
import { modelOf } from './scripted-models.ts'

const citations = JSON.stringify({ citations: [{ claim: 'Chips shrink.', source: 'maker' }] })
const models = [modelOf('balanced', ['Chips shrink; source: maker.', citations]), modelOf('high', ['Chips shrink.'])]

//#region stream
await using engine = createEngine({ models })
const seen: string[] = []
for await (const event of engine.stream('research', { goal: 'Latest AI chips' })) {
  for (const { event: type, data } of viewRunEvent(event, { view: 'steps', audience: 'operator' })) {
    seen.push(type)
    if (type === 'step_completed') console.log(data['step_id'], data['model_id'], data['latency_ms'], 'ms')
    else if (type === 'final') console.log('Done:', Object(data['result'])['outputs'])
  }
}
//#endregion
const step = ['step_started', 'step_completed']
assert.deepEqual(seen, [...step, ...step, ...step, 'final'])

// What is stored can be read again, from any point: nothing is lost, nothing comes twice, one terminal event is last.
const { runs } = await engine.list()
const [run] = runs
assert.ok(run)
const seqs: number[] = []
for await (const { seq } of engine.events(run.id, 3)) seqs.push(seq)
assert.deepEqual(
  seqs,
  seqs.map((_seq, index) => 4 + index),
)
let last = ''
for await (const { type } of engine.events(run.id)) last = type
assert.equal(last, 'run_completed')
