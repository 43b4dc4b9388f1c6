import type { Json } from '@parley/spec'
import type { Frame } from './frame.ts'
import type { PreparedRegion } from './prepare.ts'

/**
 * What a region gives: the value of its end node; else the output of the only step that nobody depends on; else an
 * object of such steps by name.
 */
export function regionOutput(region: PreparedRegion, frame: Frame): Json {
  if (region.kind === 'flow') {
    for (const { step } of region.steps.values()) {
      const value = step.kind === 'end' ? frame.outputs.get(step.id) : undefined
      if (value !== undefined) return value
    }
    return null
  }
  const { plan } = region
  const sinks = plan.steps.filter((_, position) => plan.dependents[position]?.length === 0)
  const [only] = sinks
  if (sinks.length === 1 && only !== undefined) return frame.outputs.get(only.id) ?? null
  return Object.fromEntries(sinks.map(({ id }) => [id, frame.outputs.get(id) ?? null]))
}
