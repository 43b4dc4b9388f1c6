import { checkOptions, ParleyError } from '@parley/spec'

/** Limits of one turn. Durations are milliseconds, sizes bytes. */
export interface AgentLimits {
  /** Model calls; the last one gets no tools. @default 25 in rooms, 10 in `prompt` */
  maxSteps: number
  /** Time of a turn, without the time it waits for people. @default 300 000 */
  turnTimeoutMs: number
  /** @default 32 */
  callsPerStep: number
  /** Calls at once; effectful ones run one after another. @default 8 */
  parallelCalls: number
  /** Equal calls of one turn that are run. @default 3 */
  sameCalls: number
  /** Equal results of one tool until the model is told. @default 3 */
  sameResults: number
  /** Of one result as the model reads it. @default 32 768 */
  resultBytes: number
  /** Of one call's arguments. @default 65 536 */
  argumentBytes: number
  /** How long a tool source may take. @default 3 000 */
  toolSourceMs: number
  /** How long a memory provider may take. @default 3 000 */
  memoryMs: number
  /** Waits for people. @default 120 000, 120 000, 600 000 */
  confirmMs: number
  inputMs: number
  approvalMs: number
  /** Tries of a model call after the first, before any content. @default 2 */
  modelRetries: number
  /** Cap of one answer in tokens. @default what the model's card says, at most 4 096 */
  maxOutputTokens: number
  /** Share of the model's window that descriptions of tools may take before they are searched for. @default 0.15 */
  toolShare: number
}

export const defaultAgentLimits: AgentLimits = {
  maxSteps: 25,
  turnTimeoutMs: 300_000,
  callsPerStep: 32,
  parallelCalls: 8,
  sameCalls: 3,
  sameResults: 3,
  resultBytes: 32_768,
  argumentBytes: 65_536,
  toolSourceMs: 3_000,
  memoryMs: 3_000,
  confirmMs: 120_000,
  inputMs: 120_000,
  approvalMs: 600_000,
  modelRetries: 2,
  maxOutputTokens: 4_096,
  toolShare: 0.15,
}

/**
 * Fills in the defaults; later entries win.
 * @throws {ParleyError} `invalid_options` for an unknown limit or one that is not a positive number
 */
export function resolveAgentLimits(...given: (Partial<AgentLimits> | undefined)[]): AgentLimits {
  let limits = defaultAgentLimits
  for (const some of given) {
    if (some === undefined) continue
    checkOptions('limits', some, Object.keys(defaultAgentLimits))
    for (const [name, value] of Object.entries(some)) {
      const isAllowed = typeof value === 'number' && Number.isFinite(value) && (value > 0 || name === 'modelRetries')
      if (isAllowed) continue
      throw new ParleyError({
        code: 'invalid_options',
        message: `Limit ${name} must be a positive number.`,
        details: { path: `limits.${name}`, expected: 'positive number' },
      })
    }
    limits = { ...limits, ...some }
  }
  return limits
}
