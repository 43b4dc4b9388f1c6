import { ParleyError, checkOptions } from '@parley/spec'

/** How much an engine does at once; each counts in this engine alone. */
export interface EngineLimits {
  /** Runs of one tenant that are at work at once; more stand in line. A run that waits or is paused is not at work. @default 100 */
  runsPerTenant?: number
  /** Runs of one tenant that stand in line; more are refused. @default 10000 */
  queuedRunsPerTenant?: number
}

const limitNames: readonly (keyof EngineLimits)[] = ['runsPerTenant', 'queuedRunsPerTenant']

/** The limits with their defaults. @throws {ParleyError} `invalid_options` */
export function readEngineLimits(limits: EngineLimits = {}): Required<EngineLimits> {
  checkOptions('createEngine.limits', limits, limitNames)
  const { runsPerTenant = 100, queuedRunsPerTenant = 10_000 } = limits
  refuseUncounted('runsPerTenant', runsPerTenant, 1)
  refuseUncounted('queuedRunsPerTenant', queuedRunsPerTenant, 0)
  return { runsPerTenant, queuedRunsPerTenant }
}

function refuseUncounted(name: keyof EngineLimits, value: number, least: number): void {
  if (value === Infinity || (Number.isInteger(value) && value >= least)) return
  throw new ParleyError({
    code: 'invalid_options',
    message: `createEngine.limits.${name} is ${value}. Give a whole number from ${least}, or Infinity.`,
    details: { path: `limits.${name}` },
  })
}
