import type { BudgetSpec, OnExceed } from '@parley/spec'
import { z } from 'zod'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'
import { usdShape } from './money-shape.ts'

/** Other words for `stop`. */
const stopAliases: ReadonlySet<string> = new Set(['fail', 'abort', 'block'])

const count = z.number().int().min(0)

const budgetShape = z.strictObject({
  max_cost_usd: usdShape.optional(),
  max_tokens: count.optional(),
  max_calls: count.optional(),
  max_wall_ms: count.optional(),
  max_visits: count.optional(),
  warn_at: z.array(z.number().gt(0).max(1)).optional(),
  on_exceed: z.enum(['stop', 'downgrade', 'pause', 'warn', 'fail', 'abort', 'block']).optional(),
})

/** Reads caps of a run or a step. */
export function readBudget(value: unknown, at: DocumentPath, problems: DocumentProblems): BudgetSpec | undefined {
  const read = readShape(budgetShape, value, at, problems)
  if (read === undefined) return undefined
  const { on_exceed, ...caps } = read
  const isTimed = caps.max_wall_ms !== undefined || caps.max_visits !== undefined
  if (on_exceed === 'downgrade' && isTimed) {
    problems.add({
      code: 'budget_invalid',
      at: [...at, 'on_exceed'],
      message: 'A cheaper model makes neither time nor visits fewer.',
      fix: 'Use stop, pause or warn with max_wall_ms and max_visits.',
    })
  }
  // The shape has checked every field; of the aliases only `stop` is left.
  return {
    ...camelFields(caps),
    ...(on_exceed !== undefined && { onExceed: (stopAliases.has(on_exceed) ? 'stop' : on_exceed) as OnExceed }),
  }
}
