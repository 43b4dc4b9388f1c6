import type { ValidationContext } from '../contracts/validation-context.ts'
import type { Attempt } from './attempt.ts'
import { contextModel } from './model-calls.ts'

/** What validators of an attempt may use: its time, its signal, and models that are routed and budgeted for it. */
export function validationContext(attempt: Attempt): ValidationContext {
  return {
    clock: attempt.scope.clock,
    signal: attempt.signal,
    model: ({ model, llm }) => contextModel(attempt, model === undefined ? {} : { model }, llm),
  }
}
