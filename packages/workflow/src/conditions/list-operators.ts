import type { Json } from '@parley/spec'
import { conditionError } from './condition-error.ts'
import { isTruthy } from './is-truthy.ts'
import type { OperationMeter } from './operation-meter.ts'
import { kindOf } from './value-operators.ts'

/** An operator that runs logic for each entry of a list; `run` evaluates with the given data in scope. */
export type ListOperator = (list: Json[], run: (data: Json) => Json, initial: Json) => Json

/** Operators by name that take a list and what to do with each entry; `{"var": ""}` is the entry there. */
export const listOperators: { readonly [operator: string]: ListOperator } = {
  map: (list, run) => list.map((entry) => run(entry)),
  filter: (list, run) => list.filter((entry) => isTruthy(run(entry))),
  // As in JSONLogic, and unlike in logic: of nothing, not all is true.
  all: (list, run) => list.length > 0 && list.every((entry) => isTruthy(run(entry))),
  some: (list, run) => list.some((entry) => isTruthy(run(entry))),
  none: (list, run) => !list.some((entry) => isTruthy(run(entry))),
  reduce: (list, run, initial) => list.reduce((accumulator, current) => run({ accumulator, current }), initial),
}

/** The list that a value is, counted; null is an empty one. @throws {ParleyError} `condition_error` for anything else */
export function toList(operator: string, value: Json, meter: OperationMeter): Json[] {
  if (value === null) return []
  if (!Array.isArray(value)) {
    throw conditionError(`"${operator}" needs a list, not ${kindOf(value)}. Name a list.`, { operator })
  }
  meter.spend(value.length)
  return value
}
