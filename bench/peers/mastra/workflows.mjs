// Chain, fan-out and foreach as Mastra workflows. Mastra checks what a step is given; what it gives is checked by the next.
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { z } from 'zod'

async function outputOf(workflow, inputData) {
  const run = await workflow.createRun()
  const result = await run.start({ inputData })
  if (result.status !== 'success') throw new Error(`A Mastra run ended ${result.status}: ${result.error?.message}`)
  return result.result
}

function stepOf(id, contract, advance) {
  return createStep({
    id,
    inputSchema: contract,
    outputSchema: contract,
    execute: async ({ inputData }) => advance(inputData),
  })
}

export function createChain(steps, { contract, advance }) {
  let workflow = createWorkflow({ id: 'chain', inputSchema: contract, outputSchema: contract })
  for (let step = 0; step < steps; step++) workflow = workflow.then(stepOf(`s${step}`, contract, advance))
  workflow.commit()
  return (payload) => outputOf(workflow, payload)
}

export function createFanout(width, { contract, advance }) {
  const steps = Array.from({ length: width }, (_, index) => stepOf(`b${index}`, contract, advance))
  const join = createStep({
    id: 'join',
    inputSchema: z.record(z.string(), contract),
    outputSchema: z.object({ sum: z.int() }),
    execute: async ({ inputData }) => ({ sum: Object.values(inputData).reduce((sum, { count }) => sum + count, 0) }),
  })
  const workflow = createWorkflow({ id: 'fanout', inputSchema: contract, outputSchema: z.object({ sum: z.int() }) })
    .then(stepOf('source', contract, advance))
    .parallel(steps)
    .then(join)
    .commit()
  return async (payload) => (await outputOf(workflow, payload)).sum
}

export function createForeach(concurrency, { itemContract, advanceItem }) {
  const workflow = createWorkflow({
    id: 'foreach',
    inputSchema: z.array(itemContract),
    outputSchema: z.array(itemContract),
  })
    .foreach(stepOf('each', itemContract, advanceItem), { concurrency })
    .commit()
  return (items) => outputOf(workflow, items)
}
