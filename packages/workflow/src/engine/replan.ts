import { ParleyError, executionRetryContext, type AttemptRecord, type Json, type StepRunRecord } from '@parley/spec'
import { toDocument } from '../documents/to-document.ts'
import { decideUnplanned, type FinalDecision } from '../failure/decide-failure.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { BudgetParked } from './budget-parked.ts'
import { changeRun } from './change-run.ts'
import { closeWaits } from './close-waits.ts'
import { toRunError, toStepError } from './failure.ts'
import { fenced } from './fenced.ts'
import { modelPlanner } from './model-planner.ts'
import type { OpenScope } from './open-scope.ts'
import type { Planner, PlanRequest } from './planner.ts'
import { prepareWorkflow } from './prepare.ts'
import { plannable, readPlan } from './read-plan.ts'
import { isInside, pathOfKey } from './region-prefix.ts'
import { resolveDecision } from './resolve-decision.ts'
import { note } from './run-scope.ts'
import type { UnplannedStep } from './step-outcome.ts'

/** Tries for one plan: the second is told what was wrong with the first. */
const TRIES = 2

/**
 * Asks for a new plan and goes on with it: what has ended stays as it is, what a failed step had written was never kept.
 * Without a valid plan the step ends as its fallback says. Either way the root region is run again, from its journal.
 * @returns whether the run is put aside, since the plan does not fit a budget that pauses
 */
export async function replan(scope: OpenScope, failed: UnplannedStep): Promise<'goOn' | 'parked'> {
  scope.counts.replans += 1
  changeRun(scope, { status: 'planning' })
  await scope.writer.flush()
  try {
    const compiled = await makePlan(scope, failed)
    if (scope.decision() !== undefined) return 'goOn'
    if (compiled !== undefined) await adopt(scope, compiled)
    else await fallBackFrom(scope, failed)
  } catch (thrown) {
    if (thrown instanceof BudgetParked) {
      // It is planned again when the run goes on.
      scope.counts.replans -= 1
      return 'parked'
    }
    const error = toStepError(thrown)
    if (error.code === 'lease_lost') throw error
    if (scope.decision() !== undefined) return 'goOn'
    if (error.code === 'budget_exceeded') {
      scope.decide({ status: 'budget_exceeded', error: toRunError(error, 'budget') })
      return 'goOn'
    }
    scope.parts.onError(error)
    await fallBackFrom(scope, failed)
  }
  return 'goOn'
}

async function makePlan(scope: OpenScope, failed: UnplannedStep): Promise<CompiledWorkflow | undefined> {
  const planner = plannerOf(scope)
  const { compiled } = scope.workflow
  const request = requestOf(scope, failed)
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const planning = planner.plan(request, { signal: scope.signal, budget: scope.budget })
    const plan = await fenced(scope, planning, { abort: () => {}, onLate: () => {} })
    const reading = readPlan(plan, { current: compiled, settled: request.settled, parts: scope.parts })
    if (reading.ok) return reading.compiled
    request.problems = reading.problems.slice(0, 50)
  }
  return undefined
}

function plannerOf(scope: OpenScope): Planner {
  const { planner, router } = scope.parts
  if (planner !== undefined) return planner
  if (router !== undefined) return modelPlanner(scope)
  throw new ParleyError({
    code: 'planner_missing',
    message: 'A failure asks for a new plan, and the engine has no planner and no model to plan with.',
  })
}

function requestOf(scope: OpenScope, failed: UnplannedStep): PlanRequest {
  const { compiled } = scope.workflow
  const { definition } = compiled
  const { attempt, class: failure } = failed.facts
  return {
    goal: goalOf(scope.run.input) ?? definition.description ?? definition.name,
    definition: toDocument(definition),
    completed: Object.fromEntries(
      [...scope.ended.values()].flatMap(({ stepKey, step, status, output }) =>
        status === 'completed' && !/[/#]/.test(stepKey) ? [[step, output ?? null] as const] : [],
      ),
    ),
    settled: settledPaths(scope.ended.values(), failed.stepKey),
    failed: { step: pathOfKey(failed.stepKey), context: executionRetryContext(attempt, failure) },
    problems: [],
    functions: [...plannable(compiled).keys()],
    tools: scope.parts.kernel?.describe() ?? [],
  }
}

function goalOf(input: Json): string | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || !Object.hasOwn(input, 'goal'))
    return undefined
  return typeof input['goal'] === 'string' ? input['goal'] : undefined
}

/** Items, and what is inside of the step that failed, belong to their step, which has not ended if it is planned anew. */
function settledPaths(ended: Iterable<StepRunRecord>, failedKey: string): string[] {
  const paths = new Set<string>()
  for (const { stepKey, status } of ended)
    if (status !== 'cancelled' && !stepKey.includes('#') && !isInside(stepKey, failedKey)) paths.add(pathOfKey(stepKey))
  return [...paths]
}

async function adopt(scope: OpenScope, compiled: CompiledWorkflow): Promise<void> {
  const { definition } = compiled
  const planVersion = scope.run.planVersion + 1
  scope.adopt(prepareWorkflow(compiled, scope.parts.failurePolicy), lastAttempts(scope.attempts))
  scope.writer.definition(definition)
  changeRun(scope, { status: 'running', definitionHash: definition.hash, planVersion })
  const kept = new Set(definition.root.steps.map(({ id }) => id))
  // Nobody is asked for what the new plan does without.
  closeWaits(scope, (stepKey) => !kept.has(stepKey.split('@')[0] ?? ''))
  note(
    scope,
    'plan_ready',
    {},
    {
      plan_version: planVersion,
      definition_hash: definition.hash,
      steps: definition.root.steps.map(({ id }) => id),
    },
  )
  await scope.writer.flush()
}

/** There is no plan: what the fallback says of the step is done when it is come to again. */
async function fallBackFrom(scope: OpenScope, { stepKey, prepared, region, facts }: UnplannedStep): Promise<void> {
  changeRun(scope, { status: 'running' })
  const decision = decideUnplanned(facts)
  const work = { scope, prepared, region }
  const exhausted = { ...facts, replans: facts.recovery.policy.maxReplans }
  const handled = decision.action === 'custom' ? await resolveDecision(work, exhausted, decision) : decision
  const { action }: FinalDecision =
    handled.action === 'retry' || handled.action === 'replan' ? { action: 'fail' } : handled
  scope.unplanned.set(stepKey, { error: facts.error, action })
}

function lastAttempts(attempts: readonly AttemptRecord[]): Map<string, AttemptRecord> {
  const last = new Map<string, AttemptRecord>()
  for (const attempt of attempts) {
    const known = last.get(attempt.stepKey)
    if (known === undefined || attempt.attempt >= known.attempt) last.set(attempt.stepKey, attempt)
  }
  return last
}
