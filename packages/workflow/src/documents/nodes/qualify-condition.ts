import type { Json } from '@parley/spec'
import { parseLogicPath, formatLogicPath } from '../../conditions/logic-path.ts'
import { dataRoots } from '../../definition/step-references.ts'

/** Operators whose later arguments read the entries of a list, not the data of the run. */
const entryOperators: ReadonlySet<string> = new Set(['map', 'filter', 'all', 'some', 'none', 'reduce'])

/** JSONLogic in which the bare names of nodes are what they mean: keys of the context. */
export function qualifyCondition(logic: Json): Json {
  if (Array.isArray(logic)) return logic.map(qualifyCondition)
  if (typeof logic !== 'object' || logic === null) return logic
  return Object.fromEntries(
    Object.entries(logic).map(([operator, operands]) => {
      if (operator === 'var') return [operator, qualifyVariable(operands)]
      if (!entryOperators.has(operator) || !Array.isArray(operands)) return [operator, qualifyCondition(operands)]
      return [operator, operands.map((operand, index) => (index === 1 ? operand : qualifyCondition(operand)))]
    }),
  )
}

function qualifyVariable(operand: Json): Json {
  if (Array.isArray(operand)) return operand.map((part, index) => (index === 0 ? qualifyVariable(part) : part))
  if (typeof operand !== 'string' || operand === '') return operand
  const [root = '', ...rest] = parseLogicPath(operand)
  return dataRoots.includes(root) ? operand : formatLogicPath(['context', root, ...rest])
}
