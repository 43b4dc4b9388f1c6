import type { Json } from '@parley/spec'
import type { Frame } from './frame.ts'
import type { PreparedRegion } from './prepare.ts'
import type { RunScope } from './run-scope.ts'

/** What branches have written becomes visible at their join, in the order of the definition. */
export function joinBranches(
  scope: RunScope,
  region: Extract<PreparedRegion, { kind: 'dag' }>,
  frame: Frame,
  prefix: string,
): void {
  if (scope.branches.size === 0) return
  for (const { step } of region.steps) {
    const key = `${prefix}${step.id}@1`
    const written = scope.branches.get(key)
    if (written === undefined) continue
    scope.branches.delete(key)
    const target = contextOf(frame)
    if (target === undefined) scope.writer.state(scope.state.apply(written))
    else for (const [name, value] of written) target.set(name, value)
  }
}

/** What the branch around a region has written, if it is in one. */
function contextOf(frame: Frame): Map<string, Json> | undefined {
  for (let at: Frame | undefined = frame; at !== undefined; at = at.outer)
    if (at.context !== undefined) return at.context
  return undefined
}
