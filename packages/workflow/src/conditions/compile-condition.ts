import type { Json } from '@parley/spec'
import { checkLogic } from './check-logic.ts'
import { createConditionEngine, type ConditionData } from './condition-engine.ts'
import { isTruthy } from './is-truthy.ts'

/** A condition that is ready to be evaluated, any number of times. */
export interface CompiledCondition {
  /** The one form of all JSONLogic that means the same; what is stored. */
  readonly logic: Json
  /** What it reads: paths such as `['steps', 'plan', 'output', 'score']`, each once. Their first names are the roots. */
  readonly references: readonly (readonly string[])[]
  /** Whether it holds for the data: its value, or whether that counts as true. @throws {ParleyError} `condition_error` */
  evaluate(data: ConditionData): boolean
  /** The value itself, as a `switch` compares it. @throws {ParleyError} `condition_error` */
  value(data: ConditionData): Json
}

/**
 * Compiles JSONLogic. Only the operators of `check-logic.ts` exist; names are read by own keys, unknown ones are null.
 *
 * @throws {ParleyError} `condition_error` for unknown operators, wrong arguments, more than 32 levels or 512 parts, and
 * whatever can be seen to fail without data, such as `1 / 0`
 */
export function compileCondition(source: Json): CompiledCondition {
  const { logic, references, constants } = checkLogic(source)
  const engine = createConditionEngine()
  // What reads no data fails now or never.
  engine.run(constants, {})
  return {
    logic,
    references,
    evaluate: (data) => isTruthy(engine.run(logic, data)),
    value: (data) => engine.run(logic, data),
  }
}
