import {
  ParleyError,
  type AttemptRecord,
  type Journal,
  type Json,
  type Region,
  type StepDefinition,
  type StepRunRecord,
} from '@parley/spec'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { SKIP, type StepContext } from '../step/step-context.ts'

/** What a run recorded of its steps, for a second way through it. */
export interface RecordedRun {
  /** The workflow with what was recorded in place of what acts; models are still asked, of those who only repeat. */
  workflow: CompiledWorkflow
  /** What an attempt gave. @throws {ParleyError} what it failed with */
  outcomeOf(stepKey: string, attempt: number): Json | typeof SKIP
}

/** The name of the function that repeats what was recorded. */
const REPEAT = 'repeat-recorded-output'
const acting: readonly StepDefinition['kind'][] = ['fn', 'tool', 'agent', 'rag', 'workflow']

/** Makes a workflow that does again what its run did. */
export function recordedRun(compiled: CompiledWorkflow, { run, stepRuns, attempts }: Journal): RecordedRun {
  const records = new Map(stepRuns.map((record) => [record.stepKey, record]))
  const tries = new Map(attempts.map((attempt) => [`${attempt.stepKey}:${attempt.attempt}`, attempt]))
  const outcomeOf = (stepKey: string, attempt: number): Json | typeof SKIP =>
    outcome(records.get(stepKey), tries.get(`${stepKey}:${attempt}`))
  const action = ({ idempotencyKey, attempt }: StepContext): Json | typeof SKIP => {
    const stepKey = idempotencyKey.slice(run.id.length + 1, idempotencyKey.lastIndexOf(':'))
    return outcomeOf(stepKey, attempt)
  }
  return {
    outcomeOf,
    workflow: {
      ...compiled,
      hooks: [],
      definition: { ...compiled.definition, root: repeating(compiled.definition.root) },
      functions: new Map([[REPEAT, { name: REPEAT, version: '1', run: action }]]),
    },
  }
}

function outcome(record: StepRunRecord | undefined, attempt: AttemptRecord | undefined): Json | typeof SKIP {
  if (attempt?.status === 'failure' && attempt.error !== undefined) {
    const { code, message } = attempt.error
    // Codes of stored errors were written by this engine.
    throw new ParleyError({ code: code as ParleyError['code'], message, retryable: false })
  }
  if (record?.skip?.kind === 'sentinel') return SKIP
  return record?.output ?? null
}

function repeating(region: Region): Region {
  return { ...region, steps: region.steps.map(repeatingStep) }
}

function repeatingStep({ inputContract: _checked, outputContract, region, ...step }: StepDefinition): StepDefinition {
  const isActing = acting.includes(step.kind)
  return {
    ...step,
    ...(isActing ? { kind: 'fn' as const, action: REPEAT, effect: 'pure' as const } : {}),
    // A schema is part of what a model is asked; what else checked the output has done so.
    ...(!isActing && outputContract !== undefined && 'schema' in outputContract ? { outputContract } : {}),
    ...(region === undefined ? {} : { region: repeating(region) }),
  }
}
