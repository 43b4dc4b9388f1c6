import { ParleyError, type ContractFault, type Json } from '@parley/spec'
import { SKIP } from '../step/step-context.ts'
import { actAgent } from './acts/act-agent.ts'
import { actBranch } from './acts/act-branch.ts'
import { actLlm } from './acts/act-llm.ts'
import { actRag } from './acts/act-rag.ts'
import { actTool, argumentsOf } from './acts/act-tool.ts'
import { actWorkflow } from './acts/act-workflow.ts'
import { AttemptContext, writesOf } from './attempt-context.ts'
import type { Attempt } from './attempt.ts'

/** What an attempt gives: a value that is not yet checked, and what it wrote. */
export interface Acted {
  value: unknown
  /** The contract has been applied already. */
  isChecked?: boolean
  /** What `value` was before the contract was applied. */
  unchecked?: unknown
  /** The whole text that it has written, of what writes one. */
  text?: string
  /** Why the answer does not satisfy the contract. */
  faults?: readonly ContractFault[]
  writes?: ReadonlyMap<string, Json>
  /** Of a branch that runs beside others: what it has written and its siblings do not see yet. */
  context?: Map<string, Json>
}

/** Does what a step is for. Gives `SKIP` when there is nothing to do. */
export function act(attempt: Attempt): Acted | Promise<Acted> {
  const { prepared } = attempt
  switch (prepared.step.kind) {
    case 'fn':
      return actFunction(attempt)
    case 'llm':
    case 'race':
      return actLlm(attempt)
    case 'agent':
      return actAgent(attempt)
    case 'tool':
      if (prepared.run === undefined) return valueOf(actTool(attempt))
      // A function of the workflow itself: what the step says are its arguments are its inputs.
      attempt.replaceInputs(argumentsOf(attempt))
      return actFunction(attempt)
    case 'rag':
      return valueOf(actRag(attempt))
    case 'workflow':
      return valueOf(actWorkflow(attempt))
    case 'if':
    case 'switch':
    case 'start':
    case 'end':
      return { value: actBranch(attempt) }
    case 'region':
    case 'wait':
      // `actRegion` and the waits do these before it comes here.
      throw new ParleyError({ code: 'internal_error', message: `A step of kind ${prepared.step.kind} does not act.` })
  }
}

/** Whether an action said that there is nothing to do. */
export function isSkip(value: unknown): boolean {
  return value === SKIP
}

function actFunction(attempt: Attempt): Acted | Promise<Acted> {
  const { run, step } = attempt.prepared
  if (run === undefined) {
    throw new ParleyError({
      code: 'unknown_reference',
      message: `Step "${step.id}" names the function "${step.action ?? ''}", which is not registered. Register it with the engine.`,
      details: { step: step.id },
    })
  }
  const context = new AttemptContext(attempt)
  const value = run(context)
  if (!isThenable(value)) return actedBy(context, value)
  return Promise.resolve(value).then((settled: unknown) => actedBy(context, settled))
}

function actedBy(context: AttemptContext, value: unknown): Acted {
  const writes = writesOf(context)
  return writes === undefined || writes.size === 0 ? { value } : { value, writes }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

async function valueOf(work: Promise<unknown>): Promise<Acted> {
  return { value: await work }
}
