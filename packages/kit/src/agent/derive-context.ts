import type { TurnContext } from '@parley/spec'
import { provideTurnServices, turnServices } from '../core/turn-services.ts'

/** A context with some fields replaced or added; the services of the turn go with it. */
export function deriveContext<Added extends object>(context: TurnContext, added: Added): TurnContext & Added {
  const derived = { ...context, ...added }
  const services = turnServices(context)
  if (services !== undefined) provideTurnServices(derived, services)
  return derived
}
