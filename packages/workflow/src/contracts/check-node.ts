import type { CheckRun } from './check-run.ts'
import type { FieldNode } from './field-node.ts'

/** Checks a whole value. What the check itself throws, such as for a value nested too deep, is a fault. */
export function checkNode(node: FieldNode, value: unknown, run: CheckRun): unknown {
  try {
    return node.check(value, run)
  } catch (thrown) {
    run.broken('contract', thrown)
    return value
  }
}
