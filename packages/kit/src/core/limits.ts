import { checkOptions, ParleyError } from '@parley/spec'

/** Limits of a kit. Durations are milliseconds, sizes bytes. */
export interface KitLimits {
  /** Accepting a message, waiting for the lock included. @default 30 000 */
  processTimeoutMs: number
  /** @default 10 000 */
  identityTimeoutMs: number
  /** @default 2 000, never above `processTimeoutMs` */
  syncHookTimeoutMs: number
  /** @default 30 000 */
  asyncHookTimeoutMs: number
  /** One attempt of one delivery. @default 15 000 */
  deliveryTimeoutMs: number
  /** How long a hole in the order of deliveries is waited for. @default 30 000 */
  deliveryGapTimeoutMs: number
  /** Committed, undelivered events per room. @default 1 000 */
  laneDepth: number
  /** Waiting triggers per agent and room; beyond, they are merged into one turn. @default 32 */
  turnQueue: number
  /** Replies to replies. @default 5 */
  maxChainDepth: number
  /** Replies caused by one event of a person. @default 50 */
  maxCascadeReplies: number
  /** Text of one event. @default 262 144 */
  textBytes: number
  /** One whole event. @default 1 048 576 */
  eventBytes: number
  /** @default 5 */
  compositeDepth: number
  /** @default 50 */
  compositeParts: number
  /** Metadata of a room, binding or event. @default 65 536 */
  metadataBytes: number
  /** Least and most events of a context window. @default 50 and 2 000 */
  recentEventsFloor: number
  recentEventsCeiling: number
  /** @default 30 000 */
  laneIdleMs: number
  /** Turns of a stopped process that are younger are run again. @default 120 000 */
  recoverTurnsMs: number
  /** Deliveries waiting per receiver. @default 1 000 */
  receiverQueue: number
  /** Open requests to people per room. @default 32 */
  openRequests: number
  /** Handoffs without a word of a person. @default 5 */
  maxHandoffsPerHumanEvent: number
}

export const defaultLimits: KitLimits = {
  processTimeoutMs: 30_000,
  identityTimeoutMs: 10_000,
  syncHookTimeoutMs: 2_000,
  asyncHookTimeoutMs: 30_000,
  deliveryTimeoutMs: 15_000,
  deliveryGapTimeoutMs: 30_000,
  laneDepth: 1_000,
  turnQueue: 32,
  maxChainDepth: 5,
  maxCascadeReplies: 50,
  textBytes: 262_144,
  eventBytes: 1_048_576,
  compositeDepth: 5,
  compositeParts: 50,
  metadataBytes: 65_536,
  recentEventsFloor: 50,
  recentEventsCeiling: 2_000,
  laneIdleMs: 30_000,
  recoverTurnsMs: 120_000,
  receiverQueue: 1_000,
  openRequests: 32,
  maxHandoffsPerHumanEvent: 5,
}

/**
 * Fills in the defaults.
 * @throws {ParleyError} `invalid_options` for an unknown limit or one that is not a positive number
 */
export function resolveLimits(given: Partial<KitLimits> = {}): KitLimits {
  checkOptions('limits', given, Object.keys(defaultLimits))
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `Limit ${name} must be a positive number.`,
      details: { path: `limits.${name}`, expected: 'positive number' },
    })
  }
  const limits = { ...defaultLimits, ...given }
  return { ...limits, syncHookTimeoutMs: Math.min(limits.syncHookTimeoutMs, limits.processTimeoutMs) }
}
