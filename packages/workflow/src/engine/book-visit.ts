import type { Budget, ExceededCap } from '@parley/spec'
import type { RunScope } from './run-scope.ts'

/** Whether an envelope counts visits, of the budget or around it. */
export function capsVisits(budget: Budget): boolean {
  return budget.envelopes.some(({ spec }) => spec.maxVisits !== undefined)
}

/**
 * Books the visit of a node. Where no envelope takes it, the run is ended or put aside, as that envelope says.
 * @returns whether the node may be visited
 */
export async function bookVisit(
  scope: RunScope,
  budget: Budget,
  place: { step: string; stepKey: string },
): Promise<boolean> {
  const key = `${scope.run.id}:${place.stepKey}:visit`
  // It was visited before the run was put aside; it is only walked again.
  if (scope.visited.has(key)) return true
  const spend = { costNanoUsd: 0, tokens: 0, calls: 0, visits: 1 }
  const reservation = await budget.reserve(key, spend)
  if (reservation.ok) {
    scope.visited.add(key)
    await budget.settle(key, spend)
    return true
  }
  const { envelope, exceeded, onExceed } = reservation
  if (onExceed === 'pause') scope.pause('budget')
  else decideBy(scope, place.step, envelope, exceeded)
  return false
}

function decideBy(scope: RunScope, step: string, envelope: { kind: string; id: string }, exceeded: ExceededCap): void {
  scope.decide({
    status: 'budget_exceeded',
    error: {
      code: 'budget_exceeded',
      message: `The ${envelope.kind} budget "${envelope.id}" does not allow another visit: ${exceeded} is reached. Raise it, or look for a loop that does not end.`,
      class: 'budget',
      step,
      exceeded,
    },
  })
}
