import type { StepRunRecord } from '@parley/spec'
import type { OpenScope } from './open-scope.ts'
import { toRunResult, type RunResult } from './run-result.ts'

/** The result of an execution that has come to rest, from what it still holds. */
export function resultOfScope(scope: OpenScope): RunResult {
  const waiting = [...scope.parked.values()].filter(({ stepKey }) => !scope.ended.has(stepKey))
  return toRunResult({
    run: scope.run,
    stepRuns: [...scope.ended.values(), ...readWithTheirStep(scope), ...waiting],
    attempts: scope.attempts,
    state: () => scope.state.toDict(),
    waits: scope.waits.values(),
    receipts: scope.receipts,
    sensitiveKeys: scope.workflow.compiled.definition.sensitiveKeys,
  })
}

/** Items and inner steps of what an earlier execution has ended: nobody came to them again. */
function readWithTheirStep({ ended, recorded }: OpenScope): StepRunRecord[] {
  return [...recorded.values()].filter(({ stepKey }) => {
    if (ended.has(stepKey)) return false
    for (let key = outerKey(stepKey); key !== ''; key = outerKey(key)) {
      const outer = ended.get(key)
      if (outer !== undefined) return outer === recorded.get(key)
    }
    return false
  })
}

/** `outer@1/each@1#0` is inside of `outer@1/each@1`, which is inside of `outer@1`. */
function outerKey(stepKey: string): string {
  const outer = stepKey.slice(0, Math.max(0, stepKey.lastIndexOf('/'), stepKey.lastIndexOf('#')))
  // A later attempt of a region is of the same step.
  return stepKey.charAt(outer.length) === '/' ? outer.replace(/(@\d+)\.\d+$/, '$1') : outer
}
