import type { RunScope } from './run-scope.ts'

/** Closes waits that nobody answers any more: of a run that is over, or of a part of it. */
export function closeWaits(scope: RunScope, isOver: (stepKey: string) => boolean): void {
  for (const [stepKey, wait] of scope.waits) {
    if (wait.status !== 'open' || !isOver(stepKey)) continue
    const closed = { ...wait, status: 'cancelled' as const }
    scope.waits.set(stepKey, closed)
    scope.writer.wait(closed)
    const record = scope.parked.get(stepKey)
    scope.parked.delete(stepKey)
    if (record === undefined || scope.ended.has(stepKey)) continue
    const cancelled = { ...record, status: 'cancelled' as const }
    scope.writer.stepRun(cancelled)
    scope.ended.set(stepKey, cancelled)
  }
}
