import type { WorkflowProblem } from '@parley/spec'

/** The order in which problems are told; what is not here is of the shape, and first. */
const order: readonly (readonly string[])[] = [
  ['duplicate_step'],
  ['self_dependency'],
  ['unknown_reference'],
  ['workflow_cycle'],
  ['state_scope'],
  ['write_conflict'],
  ['template_invalid', 'template_may_be_null', 'condition_error'],
  ['schema_unsupported'],
  ['capability_not_offered', 'planner_missing'],
  ['limit_exceeded'],
]

/**
 * Problems in the order of their kinds. Of those that the check found, the ones that the reader of the document has told
 * already of the same place are left out.
 */
export function orderProblems(own: readonly WorkflowProblem[], checked: readonly WorkflowProblem[]): WorkflowProblem[] {
  const told = new Set(own.map(keyOf))
  const rank = ({ code }: WorkflowProblem): number => order.findIndex((codes) => codes.includes(code))
  return [...own, ...checked.filter((problem) => !told.has(keyOf(problem)))].toSorted(
    (one, other) => rank(one) - rank(other),
  )
}

function keyOf({ code, path, line, column }: WorkflowProblem): string {
  return `${code} ${line === undefined ? path : `${line}:${column}`}`
}
