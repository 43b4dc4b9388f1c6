import { Step, Workflow } from '@parley/workflow'
import { z } from 'zod'
import {
  advance,
  advanceItem,
  itemContract,
  namedContract,
  type Item,
  type Payload,
  type PayloadKind,
} from './payload.ts'
import type { WorkflowSide } from './side.ts'

type PayloadContract = PayloadKind['contract']

/** A step that checks the payload it is given, by the run or by the step before it, and what it gives. */
function payloadStep(
  name: string,
  before: string | undefined,
  contracts: { payload: PayloadContract; given: z.ZodType },
  options: { parallel?: boolean } = {},
): Step {
  return new Step({
    name,
    // The input contract has checked it.
    action: ({ inputs }) => advance((before === undefined ? inputs : inputs[before]) as Payload),
    inputContract: before === undefined ? contracts.payload : contracts.given,
    outputContract: contracts.payload,
    ...(before === undefined ? {} : { dependsOn: [before] }),
    ...options,
  })
}

/** Inputs are the outputs of the steps before by name: one contract for all steps. */
function contractsOf(payload: PayloadContract): { payload: PayloadContract; given: z.ZodType } {
  return { payload, given: namedContract(payload) }
}

/** A chain of steps that check what they are given and what they give. */
export function chainWorkflow(steps: number, contract: PayloadContract): Workflow {
  const contracts = contractsOf(contract)
  return new Workflow({
    name: 'chain',
    steps: Array.from({ length: steps }, (_, index) =>
      payloadStep(`s${index}`, index === 0 ? undefined : `s${index - 1}`, contracts),
    ),
    limits: { maxSteps: Math.max(1_000, steps) },
  })
}

function fanoutWorkflow(width: number, contract: PayloadContract): Workflow {
  const contracts = contractsOf(contract)
  const branches = Array.from({ length: width }, (_, index) =>
    payloadStep(`b${index}`, 'source', contracts, { parallel: true }),
  )
  const join = new Step({
    name: 'join',
    action: ({ inputs }) => {
      let sum = 0
      // What a branch gave, which its contract has checked.
      for (const name in inputs) sum += (inputs[name] as Payload).count
      return sum
    },
    dependsOn: Array.from({ length: width }, (_, index) => `b${index}`),
    outputContract: z.int(),
  })
  return new Workflow({
    name: 'fanout',
    steps: [payloadStep('source', undefined, contracts), ...branches, join],
    limits: { maxSteps: Math.max(1_000, width + 2) },
  })
}

function foreachWorkflow(concurrency: number): Workflow {
  const each = new Step({
    name: 'each',
    action: ({ item }) => advanceItem(itemContract.parse(item)),
    foreach: 'items',
    foreachConcurrency: concurrency,
    outputContract: itemContract,
  })
  return new Workflow({ name: 'foreach', steps: [each] })
}

async function outputOf(workflow: Workflow, input: unknown): Promise<unknown> {
  const result = await workflow.run(input)
  if (result.status !== 'completed')
    throw new Error(
      `A run of "${workflow.name}" ended ${result.status}: ${result.error?.message ?? 'without an error'}`,
    )
  return result.output
}

/** Ours, as `Workflow.run()` runs it: on an engine in memory, with state and records of steps and attempts. */
export const ownSide: WorkflowSide = {
  createChain(steps, { contract }) {
    const workflow = chainWorkflow(steps, contract)
    return async (payload) => (await outputOf(workflow, payload)) as Payload // the last output contract has checked it
  },
  createFanout(width, { contract }) {
    const workflow = fanoutWorkflow(width, contract)
    return async (payload) => (await outputOf(workflow, payload)) as number // as the join's contract says
  },
  createForeach(concurrency) {
    const workflow = foreachWorkflow(concurrency)
    return async (items) => (await outputOf(workflow, { items })) as Item[] // as the item's contract says
  },
}
