import type { Contract, ContractFault } from '@parley/spec'
import { checkNode } from './check-node.ts'
import { CheckRun, Pending, type PlacedFault } from './check-run.ts'
import { takeResult } from './contract-node.ts'
import { FieldNode } from './field-node.ts'
import type { StandardResult } from './standard-schema.ts'
import type { ValidationContext } from './validation-context.ts'

/** A value as its contract gives it (defaults and transforms applied), or every fault that was found. */
export type Validated<Output = unknown> = { ok: true; value: Output } | { ok: false; faults: ContractFault[] }

/**
 * Validates a value by a contract of any family. Answers at once when the contract does; what waits is given the
 * time of the context. A check that throws or takes too long is a fault at `<internal>`.
 * @throws rejects with the reason of `context.signal`, and with `budget_exceeded` of a judge's call
 */
export function validateValue<Output>(
  contract: Contract<Output>,
  value: unknown,
  context: ValidationContext,
): Validated<Output> | Promise<Validated<Output>>
export function validateValue(
  contract: Contract,
  value: unknown,
  context: ValidationContext,
): Validated | Promise<Validated> {
  if (hasNode(contract)) return validateNode(contract['~node'], value, context)
  let result: StandardResult<unknown> | Promise<StandardResult<unknown>>
  try {
    result = contract['~standard'].validate(value)
  } catch (thrown) {
    const run = new CheckRun(context)
    run.broken('contract', thrown)
    return conclude(value, run)
  }
  if (!(result instanceof Promise) && result.issues === undefined) return { ok: true, value: result.value }
  const run = new CheckRun(context)
  return conclude(takeResult(contract, value, result, run), run)
}

function conclude(output: unknown, run: CheckRun): Validated | Promise<Validated> {
  const found = run.faults()
  return found instanceof Promise ? found.then((placed) => toValidated(output, placed)) : toValidated(output, found)
}

function validateNode(node: FieldNode, value: unknown, context: ValidationContext): Validated | Promise<Validated> {
  const run = new CheckRun(context)
  const output = checkNode(node, value, run)
  return run.size === 0 ? { ok: true, value: output } : conclude(output, run)
}

function toValidated(output: unknown, placed: readonly PlacedFault[]): Validated | Promise<Validated> {
  if (placed.length > 0) return { ok: false, faults: placed.map(({ fault }) => fault) }
  if (output instanceof Pending) return output.settled.then((value) => ({ ok: true, value }))
  return { ok: true, value: output }
}

function hasNode(contract: Contract): contract is Contract & { readonly '~node': FieldNode } {
  // A schema of another copy of this package is a Standard Schema like any other.
  return '~node' in contract && contract['~node'] instanceof FieldNode
}
