import { ownPath, toParleyError, type Json } from '@parley/spec'
import { defaultMethods, LogicEngine } from 'json-logic-engine'
import { copyData } from './copy-data.ts'
import { isTruthy } from './is-truthy.ts'
import { listOperators, toList } from './list-operators.ts'
import { parseLogicPath } from './logic-path.ts'
import { createOperationMeter } from './operation-meter.ts'
import { valueOperators } from './value-operators.ts'

/** What a condition reads: values by their first names, or a function that looks paths up itself. */
export type ConditionData = { readonly [name: string]: unknown } | ((path: readonly string[]) => unknown)

/** Evaluates checked logic on data. */
export interface ConditionEngine {
  /** @throws {ParleyError} `condition_error`, and those that a lookup throws */
  run(logic: Json, data: ConditionData): Json
}

/** What stands for the data while logic runs on it; names are looked up in the data, not here. */
const root = Object.freeze(Object.create(null) as object)

/**
 * Makes an engine that knows our operators and no others, reads own keys only, counts what it does, and throws nothing
 * but `condition_error`. It interprets: the engine underneath could also turn logic into code, which we never ask for.
 */
export function createConditionEngine(): ConditionEngine {
  const meter = createOperationMeter()
  const paths = new Map<string, string[]>()
  let lookUp = lookUpIn({})
  let copies = new Map<object, Json>()

  const methods: { [operator: string]: unknown } = Object.create(null) as { [operator: string]: unknown } // empty
  // These choose what to evaluate; the engine's own do it as we need it, by its `truthy`.
  for (const operator of ['and', 'or', 'if', '!', '!!', '??'] as const) methods[operator] = defaultMethods[operator]
  for (const [operator, apply] of Object.entries(valueOperators)) {
    methods[operator] = (values: Json[]) => apply(values, meter)
  }

  const engine = new LogicEngine({}, { disableInline: true, disableInterpretedOptimization: true })
  // The engine copies what it is given into an object that inherits; `constructor` would be an operator there.
  engine.methods = methods
  engine.truthy = isTruthy
  const interpret = engine.run.bind(engine)
  engine.run = (logic: unknown, scope: unknown, options?: { above?: unknown }): unknown => {
    meter.spend(1)
    return interpret(logic, scope, options)
  }
  // Logic was checked and data is copied: what comes out is JSON.
  const evaluate = (logic: Json, scope: unknown): Json => engine.run(logic, scope) as Json

  for (const [operator, apply] of Object.entries(listOperators)) {
    methods[operator] = {
      lazy: true,
      method: ([source = null, body = null, initial = null]: Json[], scope: unknown) => {
        const list = toList(operator, evaluate(source, scope), meter)
        return apply(list, (entry) => evaluate(body, entry), evaluate(initial, scope))
      },
    }
  }
  methods['var'] = {
    lazy: true,
    method: (given: string | [string, Json], scope: unknown) => {
      const [text, fallback] = typeof given === 'string' ? [given, null] : given
      const path = paths.get(text) ?? parseLogicPath(text)
      paths.set(text, path)
      // In the body of a list operator the scope is an entry of data that is copied already.
      const value = scope === root ? copyData(lookUp(path), copies) : (ownPath(scope, path) ?? null)
      return value ?? evaluate(fallback, scope)
    },
  }

  return {
    run: (logic, data) => {
      meter.reset()
      lookUp = lookUpIn(data)
      copies = new Map()
      try {
        return evaluate(logic, root)
      } catch (thrown) {
        // The engine throws plain objects and NaN; data of anybody may throw when it is read.
        throw toParleyError(thrown, {
          code: 'condition_error',
          message: 'A condition could not be evaluated. Check its operators, and that its data is plain JSON.',
        })
      } finally {
        lookUp = lookUpIn({})
        copies = new Map()
      }
    },
  }
}

function lookUpIn(data: ConditionData): (path: readonly string[]) => unknown {
  return typeof data === 'function' ? data : (path) => ownPath(data, path)
}
