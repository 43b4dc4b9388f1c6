import { ParleyError, checkOptions } from '@parley/spec'
import type { CallLimits } from '../schedule/call-places.ts'

/** How much an engine does at once; each counts in this engine alone. */
export interface EngineLimits {
  /** Runs of one tenant that are at work at once; more stand in line. A run that waits or is paused is not at work, nor one whose steps are all runs that wait. @default 100 */
  runsPerTenant?: number
  /** Runs of one tenant that stand in line; more are refused. @default 10000 */
  queuedRunsPerTenant?: number
  /** Calls of models of one provider that are under way at once; more wait. @default no limit */
  modelCallsPerProvider?: number
  /** Calls of models of one tenant that are under way at once, over all providers; more wait. @default no limit */
  modelCallsPerTenant?: number
}

/** The limits with their defaults. */
export interface ReadLimits {
  runsPerTenant: number
  queuedRunsPerTenant: number
  /** Absent: calls are not limited. */
  calls: CallLimits | undefined
}

/** Limits by name, with the least that makes sense. */
const leastOf: { readonly [Name in keyof EngineLimits]-?: number } = {
  runsPerTenant: 1,
  queuedRunsPerTenant: 0,
  modelCallsPerProvider: 1,
  modelCallsPerTenant: 1,
}

/** Reads the limits of an engine. @throws {ParleyError} `invalid_options` */
export function readEngineLimits(limits: EngineLimits = {}): ReadLimits {
  checkOptions('createEngine.limits', limits, Object.keys(leastOf))
  for (const [name, least] of Object.entries(leastOf)) {
    // A key of the limits, as it is one of their least values.
    const value = limits[name as keyof EngineLimits]
    if (value === undefined || value === Infinity || (Number.isInteger(value) && value >= least)) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `createEngine.limits.${name} is ${value}. Give a whole number from ${least}, or Infinity.`,
      details: { path: `limits.${name}` },
    })
  }
  const { runsPerTenant = 100, queuedRunsPerTenant = 10_000 } = limits
  const { modelCallsPerProvider: perProvider = Infinity, modelCallsPerTenant: perTenant = Infinity } = limits
  const calls = perProvider === Infinity && perTenant === Infinity ? undefined : { perProvider, perTenant }
  return { runsPerTenant, queuedRunsPerTenant, calls }
}
