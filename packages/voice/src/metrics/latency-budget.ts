import { checkOptions, ParleyError } from '@parley/spec'

import type { TurnReport } from './turn-metrics.ts'

/** Where the time of an answer goes. */
export type LatencyStage = 'endpointing' | 'hooks' | 'model' | 'tts' | 'playback' | 'other'

/** What a call may do to answer sooner. */
export type LatencyRemedy = 'shorterContext' | 'fallbackModel' | 'filler'

/** Options of `createLatencyBudget`. */
export interface LatencyBudgetOptions {
  /** From the person's last voiced instant to the answer's first sound, in milliseconds. @default 1 500 */
  totalMs?: number
  /** Shares of the stages, in milliseconds. @default see `latencyBudgetDefaults` */
  split?: Partial<Record<LatencyStage, number>>
  /**
   * What is done, one after the other, while the forecast misses: the model reads the last words only, the agent's
   * `fallbackModel` answers, a filler is said first.
   * @default nothing
   */
  degrade?: readonly LatencyRemedy[]
  /** Turns that the forecast is made of. @default 5 */
  window?: number
}

/** An answer that came too late. */
export interface LatencyOverrun {
  totalMs: number
  overMs: number
  /** The stage that took the most beyond its share. */
  stage: LatencyStage
  stages: Record<LatencyStage, number>
}

/** What the next answer will probably take. */
export interface LatencyForecast {
  expectedMs: number
  misses: boolean
  stage: LatencyStage
  remedy: LatencyRemedy | null
}

/** Watches the latency of a call's answers. */
export interface LatencyBudget {
  /** Notes a turn; `null` while the answer came in time or was not heard. */
  observe(report: TurnReport): LatencyOverrun | null
  /** `null` before the first answer. */
  forecast(): LatencyForecast | null
}

const stages: readonly LatencyStage[] = ['endpointing', 'hooks', 'model', 'tts', 'playback', 'other']

/** The defaults of `createLatencyBudget`. */
export const latencyBudgetDefaults: {
  totalMs: number
  split: Record<LatencyStage, number>
  degrade: readonly LatencyRemedy[]
  window: number
} = {
  totalMs: 1_500,
  split: { endpointing: 500, hooks: 50, model: 500, tts: 300, playback: 100, other: 50 },
  degrade: [],
  window: 5,
}

/**
 * Makes the budget of one call.
 * @throws {ParleyError} `invalid_options`
 */
export function createLatencyBudget(options: LatencyBudgetOptions = {}): LatencyBudget {
  checkOptions('createLatencyBudget', options, Object.keys(latencyBudgetDefaults))
  checkOptions('createLatencyBudget: split', options.split, stages)
  const { totalMs, degrade, window } = { ...latencyBudgetDefaults, ...options }
  const split = { ...latencyBudgetDefaults.split, ...options.split }
  if (!(totalMs > 0) || !(window >= 1)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'createLatencyBudget: totalMs and window are numbers above 0.',
      details: { path: 'totalMs' },
    })
  }
  let recent: Record<LatencyStage, number>[] = []
  let misses = 0

  const worst = (taken: Record<LatencyStage, number>): LatencyStage =>
    stages.reduce((one, other) => (taken[other] - split[other] > taken[one] - split[one] ? other : one))

  return {
    observe(report) {
      if (report.e2eLatency === undefined) return null
      const taken = stagesOf(report, report.e2eLatency)
      recent = [...recent, taken].slice(-window)
      const isLate = report.e2eLatency > totalMs
      misses = isLate ? misses + 1 : 0
      if (!isLate) return null
      return { totalMs: report.e2eLatency, overMs: report.e2eLatency - totalMs, stage: worst(taken), stages: taken }
    },
    forecast() {
      if (recent.length === 0) return null
      const mean = { ...latencyBudgetDefaults.split }
      for (const stage of stages) mean[stage] = recent.reduce((sum, each) => sum + each[stage], 0) / recent.length
      const expectedMs = stages.reduce((sum, stage) => sum + mean[stage], 0)
      const isMissed = expectedMs > totalMs
      // One more remedy for each answer that was late in a row.
      const remedy = isMissed ? (degrade[Math.min(Math.max(misses, 1), degrade.length) - 1] ?? null) : null
      return { expectedMs, misses: isMissed, stage: worst(mean), remedy }
    },
  }
}

/** The parts of an answer's latency; what no stage claims is `other`. */
function stagesOf(report: TurnReport, totalMs: number): Record<LatencyStage, number> {
  const hooks = report.hookDelay ?? 0
  const taken = {
    endpointing: Math.max(0, (report.eouDelay ?? 0) - hooks),
    hooks,
    // An adopted speculation had begun before the turn was committed.
    model: Math.max(0, Math.min(report.modelTtft ?? 0, report.modelTtftFromCommit ?? Number.POSITIVE_INFINITY)),
    tts: report.ttsTtfb ?? 0,
    playback: report.playbackLatency ?? 0,
  }
  const claimed = Object.values(taken).reduce((one, other) => one + other, 0)
  return { ...taken, other: Math.max(0, totalMs - claimed) }
}
