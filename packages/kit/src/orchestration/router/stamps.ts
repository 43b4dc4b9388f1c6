import type { RoutingDecision } from '@parley/spec'

const stamps = new WeakSet<RoutingDecision>()

/** Remembers that a router made a decision. */
export function stamp(decision: RoutingDecision): RoutingDecision {
  stamps.add(decision)
  return decision
}

/** A decision as it is stored: one that a hook made names the hook that changed the event last. */
export function storedRouting(
  decision: RoutingDecision | undefined,
  modifiedBy: readonly string[],
): RoutingDecision | undefined {
  if (decision === undefined || stamps.has(decision)) return decision
  const hook = modifiedBy.at(-1)
  return hook === undefined ? decision : { ...decision, rule: `hook:${hook}` }
}
