import { createEngine, memoryBackend } from '@parley/workflow'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { chainWorkflow } from './own-side.ts'
import { advance, orderContract, sampleOrder, type Payload } from './payload.ts'
import { usedBytes } from './used-bytes.ts'

/** Bytes that a run of 1,000 steps leaves in an engine in memory: its journal, its events, its state. */
export const chainMemory: Scenario = async function* ({ progress, isQuick }) {
  const steps = isQuick ? 50 : 1_000
  const runs = isQuick ? 3 : 20
  progress(`chain-memory: ${runs} runs of ${steps} steps are kept`)
  const workflow = chainWorkflow(steps, orderContract)
  await using engine = createEngine({ backend: memoryBackend(), recordPayloads: 'none' })
  await engine.run(workflow, sampleOrder())
  const before = usedBytes()
  for (let run = 0; run < runs; run++) await engine.run(workflow, sampleOrder())
  const ours = (usedBytes() - before) / runs
  const page = await engine.list({ status: ['completed'], limit: runs + 1 })
  // Still in use here, so nothing of it was collected before it was measured.
  if (page.runs.length !== runs + 1) throw new Error(`${page.runs.length} of ${runs + 1} runs are kept.`)

  const kept: Payload[][] = []
  const beforePeer = usedBytes()
  for (let run = 0; run < runs; run++) kept.push(outputsByHand(steps))
  const peer = (usedBytes() - beforePeer) / runs
  if (kept.length !== runs) throw new Error('Outputs were lost.')
  yield toFigure({
    metric: 'chain-memory',
    unit: 'bytes/run',
    better: 'lower',
    ours,
    peer,
    peerName: 'the outputs alone',
    n: runs,
    note: `Runs of ${steps} steps. Ours keeps step runs, attempts, state and events too.`,
  })
}

function outputsByHand(steps: number): Payload[] {
  const outputs: Payload[] = []
  let payload: Payload = sampleOrder()
  for (let step = 0; step < steps; step++) {
    payload = orderContract.parse(advance(payload))
    outputs.push(payload)
  }
  return outputs
}
