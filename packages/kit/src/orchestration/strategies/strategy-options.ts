import { checkOptions, ParleyError } from '@parley/spec'
import type { ChannelId } from '@parley/spec'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'

/** An option of a strategy that cannot work as given. */
export function invalidOption(strategy: string, path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `${strategy} needs ${expected} as "${path}".`,
    details: { path, expected },
  })
}

/** Options that only one of several values may have; unknown names are refused with the nearest one. */
export function checkStrategy(
  strategy: string,
  options: object,
  known: readonly string[],
  checks: readonly [isWrong: boolean, path: string, expected: string][],
): void {
  checkOptions(strategy, options, known)
  for (const [isWrong, path, expected] of checks) if (isWrong) throw invalidOption(strategy, path, expected)
}

/** Whether a list of agents cannot be worked with: empty, or with somebody twice or among `others`. */
export function isBadTeam(agents: unknown, others: readonly ChannelId[] = []): boolean {
  if (!Array.isArray(agents) || agents.length === 0) return true
  // Only its ids are read; an agent is what the constructor's type says.
  const ids = (agents as OrchestratedAgent[]).map((agent) => agent?.channelId)
  return ids.some((id) => typeof id !== 'string' || others.includes(id)) || new Set(ids).size !== ids.length
}

export function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}
