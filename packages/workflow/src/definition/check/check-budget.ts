import { ParleyError, budgetKeys, onExceedValues, toNanoUsd, type BudgetSpec } from '@parley/spec'
import { hintFor, type FoundProblem } from './found-problem.ts'

/** Caps that are no amounts, shares outside 0 to 1, and what a budget cannot do. */
export function checkBudget(budget: BudgetSpec | undefined, path: string): FoundProblem[] {
  if (budget === undefined) return []
  const found: FoundProblem[] = []
  const report = (field: string, message: string, fix: string): void => {
    found.push({ code: 'budget_invalid', path: `${path}.${field}`, message, fix })
  }
  const known: readonly string[] = budgetKeys
  for (const key of Object.keys(budget)) {
    if (known.includes(key)) continue
    report(key, `A budget has no "${key}".`, hintFor(key, known, `Use one of ${known.join(', ')}.`))
  }
  const { maxCostUsd, maxTokens, maxCalls, maxWallMs, maxVisits, warnAt = [], onExceed = 'stop' } = budget
  if (maxCostUsd !== undefined) {
    try {
      toNanoUsd(maxCostUsd)
    } catch (error) {
      if (!ParleyError.isInstance(error)) throw error
      report('maxCostUsd', error.message, 'Give US dollars of 0 or more with at most 9 decimal places.')
    }
  }
  for (const [name, cap] of Object.entries({ maxTokens, maxCalls, maxWallMs, maxVisits })) {
    if (cap === undefined || (Number.isSafeInteger(cap) && cap >= 0)) continue
    report(name, `${name} is ${cap}, which is no amount.`, 'Give a whole number of 0 or more.')
  }
  if (!warnAt.every((share) => share > 0 && share <= 1))
    report('warnAt', 'warnAt has a share that is not above 0 and up to 1.', 'Give shares of a cap, such as [0.8].')
  if (!onExceedValues.includes(onExceed))
    report('onExceed', `onExceed is "${onExceed}".`, `Use one of ${onExceedValues.join(', ')}.`)
  if (onExceed === 'downgrade' && (maxWallMs !== undefined || maxVisits !== undefined))
    report(
      'onExceed',
      'A smaller model saves neither wall time nor visits.',
      'Use stop, warn or pause with maxWallMs and maxVisits.',
    )
  return found
}
