import { ParleyError, type Json } from '@parley/spec'
import { compileCondition } from '../../conditions/compile-condition.ts'
import { parseExpression } from '../../conditions/parse-expression.ts'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'

/** Reads a condition, as expression text or JSONLogic, into the one form that is stored. */
export function readCondition(value: Json, at: DocumentPath, problems: DocumentProblems): Json | undefined {
  const logic = typeof value === 'string' ? readExpression(value, at, problems) : value
  if (logic === undefined) return undefined
  try {
    return compileCondition(logic).logic
  } catch (error) {
    if (!ParleyError.isInstance(error)) throw error
    problems.add({ code: 'condition_error', at, message: error.message, fix: 'Mend the condition.' })
    return undefined
  }
}

/** Reads expression text; what is wrong with it is told with its column. */
export function readExpression(text: string, at: DocumentPath, problems: DocumentProblems): Json | undefined {
  const parsed = parseExpression(text)
  if (parsed.ok) return parsed.logic
  problems.add({
    code: 'condition_error',
    at,
    message: `The expression cannot be read at its character ${parsed.problem.column}: ${parsed.problem.message}`,
    fix: 'Write it like: a.b >= 3 and x in ["p", "q"].',
  })
  return undefined
}
