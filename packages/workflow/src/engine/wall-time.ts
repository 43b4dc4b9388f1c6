import type { BudgetSpec } from '@parley/spec'
import type { OpenScope } from './open-scope.ts'
import { note } from './run-scope.ts'

/** The longest wait of a timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Ends, pauses or warns when a run has taken the time that its budget gives it, counted from its start by the wall: what
 * it waited for people and processes is in it.
 */
export function watchWallTime(scope: OpenScope): void {
  const spec = scope.run.budget ?? scope.workflow.compiled.definition.defaults.budget
  const { maxWallMs } = spec ?? {}
  if (spec === undefined || maxWallMs === undefined) return
  const startedMs = Date.parse(scope.run.startedAt ?? scope.run.createdAt)
  const leftMs = (share: number): number => startedMs + maxWallMs * share - scope.clock.now()
  for (const share of spec.warnAt ?? [0.8])
    if (share < 1 && leftMs(share) > 0) at(scope, leftMs(share), () => warn(scope, share))
  at(scope, leftMs(1), () => exceed(scope, spec, maxWallMs))
}

function exceed(scope: OpenScope, { onExceed = 'stop' }: BudgetSpec, maxWallMs: number): void {
  switch (onExceed) {
    case 'warn':
      return warn(scope, 1)
    case 'pause':
      return scope.pause('budget')
    case 'stop':
    case 'downgrade':
      scope.decide({
        status: 'budget_exceeded',
        error: {
          code: 'budget_exceeded',
          message: `The run took the ${maxWallMs} ms that its budget allows: max_wall_ms is reached. Raise it, or let the run do less.`,
          class: 'budget',
          exceeded: 'max_wall_ms',
        },
      })
  }
}

function warn(scope: OpenScope, share: number): void {
  note(scope, 'budget_warning', {}, { envelope: scope.run.id, kind: 'run', share, cap: 'max_wall_ms' })
  scope.writer.flushSoon()
}

/** Calls after a time, however long; a run that ends before is not told. */
function at(scope: OpenScope, delayMs: number, run: () => void): void {
  const isLong = delayMs > MAX_TIMER_MS
  const next = isLong ? (): void => at(scope, delayMs - MAX_TIMER_MS, run) : run
  scope.onClose(scope.clock.setTimer(Math.max(0, isLong ? MAX_TIMER_MS : delayMs), next))
}
