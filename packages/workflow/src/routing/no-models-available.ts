import { ParleyError } from '@parley/spec'
import type { RouteDecision } from './route.ts'

/** The error for a decision that left no model. */
export function noModelsAvailable(decision: Extract<RouteDecision, { ok: false }>): ParleyError {
  const { filter, remedy } = decision
  return new ParleyError({
    code: 'no_models_available',
    message: `No model meets what is asked for${filter === undefined ? '' : ` (most were removed by ${filter})`}. ${remedy}`,
    details: { remedy, ...(filter === undefined ? {} : { filter }) },
  })
}
