import type { RunPatch } from '@parley/spec'
import { instant, type RunScope } from './run-scope.ts'

/** Changes the record of a run, here and in the journal; a field that is `undefined` is taken away. */
export function changeRun(scope: RunScope, patch: RunPatch): void {
  const stamped: RunPatch = { ...patch, updatedAt: instant(scope, scope.clock.now()) }
  Object.assign(scope.run, stamped)
  for (const key of Object.keys(stamped) as (keyof RunPatch)[]) if (stamped[key] === undefined) delete scope.run[key]
  scope.writer.run(stamped)
}
