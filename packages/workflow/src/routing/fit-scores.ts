import { ParleyError, sha256Hex, type ModelReceipt } from '@parley/spec'
import { replayChoices, type ReplayMetrics } from './replay-choices.ts'
import type { RankingWeights } from './rank-models.ts'
import { firstRouterVersion, type RouterVersion } from './router-version.ts'

/** By how much a candidate may be worse than the version in use and still be taken. */
export interface FitGate {
  /** @default 0 */
  maxSuccessDrop?: number
  /** Share of the present cost. @default 0 */
  maxCostRise?: number
  /** Share of the present latency. @default 0 */
  maxLatencyRise?: number
}

/** What `fitScores` may be given. */
export interface FitOptions {
  gate?: FitGate
  /** Share of the receipts that weights are judged by and not fitted to, 0 to 1. @default 0.2 */
  holdOut?: number
  /** What the candidate is held against. @default the version that routers begin with */
  current?: RouterVersion
  /** Name of the candidate. @default 'candidate' */
  version?: string
}

/** A proposal of weights, and how it did on receipts that it was not fitted to. */
export interface ScoreFit {
  candidate: RouterVersion
  accepted: boolean
  /** Why it was not accepted. */
  refusedFor?: 'no_receipts' | 'success' | 'cost' | 'latency'
  /** Receipts that were fitted to, and those held out. */
  counts: { fitted: number; heldOut: number }
  heldOut: { current: ReplayMetrics; candidate: ReplayMetrics }
}

/** Weights in steps of a tenth. */
const grid: readonly RankingWeights[] = Array.from({ length: 11 }, (_, cost) =>
  Array.from({ length: 11 - cost }, (_cell, latency) => ({
    cost: cost / 10,
    latency: latency / 10,
    quality: (10 - cost - latency) / 10,
  })),
).flat()

/**
 * Fits weights per category to success, cost and latency that receipts tell, and judges them on a share that was held
 * out. Equal receipts give an equal proposal.
 * @throws {ParleyError} `invalid_options` for a share outside 0 to 1
 */
export function fitScores(receipts: readonly ModelReceipt[], options: FitOptions = {}): ScoreFit {
  const { gate = {}, holdOut = 0.2, current = firstRouterVersion, version = 'candidate' } = options
  if (!(holdOut > 0 && holdOut < 1)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'holdOut is the share of receipts that is held out: a number above 0 and below 1.',
      details: { path: 'holdOut', expected: 'a number above 0 and below 1' },
    })
  }
  const done = receipts.filter(isUsable)
  const heldOut = done.filter((receipt) => shareOf(receipt.receiptId) < holdOut)
  const fitted = done.filter((receipt) => shareOf(receipt.receiptId) >= holdOut)
  const candidate: RouterVersion = {
    ...current,
    version,
    policy: 'weighted',
    categoryWeights: fitCategories(fitted, current),
  }
  const judged = {
    current: replayChoices(heldOut, heldOut, current),
    candidate: replayChoices(heldOut, heldOut, candidate),
  }
  const refusedFor = fitted.length === 0 || heldOut.length === 0 ? 'no_receipts' : findWorse(judged, gate)
  return {
    candidate,
    accepted: refusedFor === undefined,
    counts: { fitted: fitted.length, heldOut: heldOut.length },
    heldOut: judged,
    ...(refusedFor === undefined ? {} : { refusedFor }),
  }
}

/** The best weights of each category that receipts tell of; on a tie those nearest to the weights in use. */
function fitCategories(
  receipts: readonly ModelReceipt[],
  current: RouterVersion,
): { [category: string]: RankingWeights } {
  const found: { [category: string]: RankingWeights } = { ...current.categoryWeights }
  const categories = [...new Set(receipts.map(({ classification }) => classification.category))].sort()
  for (const category of categories) {
    const own = receipts.filter(({ classification }) => classification.category === category)
    const present = current.categoryWeights?.[category] ?? current.weights
    const tried = [...grid]
      .sort((one, other) => distance(one, present) - distance(other, present))
      .map((weights) => ({
        weights,
        metrics: replayChoices(own, own, { ...current, policy: 'weighted', categoryWeights: { [category]: weights } }),
      }))
    const best = tried.reduce((one, other) => (isBetter(other.metrics, one.metrics) ? other : one))
    found[category] = best.weights
  }
  return found
}

function isBetter(one: ReplayMetrics, other: ReplayMetrics): boolean {
  if (Math.abs(one.successRate - other.successRate) > 0.005) return one.successRate > other.successRate
  if (one.costNanoUsd !== other.costNanoUsd) return one.costNanoUsd < other.costNanoUsd
  return one.latencyMs < other.latencyMs
}

function findWorse(
  { current, candidate }: ScoreFit['heldOut'],
  { maxSuccessDrop = 0, maxCostRise = 0, maxLatencyRise = 0 }: FitGate,
): 'success' | 'cost' | 'latency' | undefined {
  if (candidate.successRate < current.successRate - maxSuccessDrop) return 'success'
  if (candidate.costNanoUsd > current.costNanoUsd * (1 + maxCostRise)) return 'cost'
  return candidate.latencyMs > current.latencyMs * (1 + maxLatencyRise) ? 'latency' : undefined
}

/** Whether a receipt tells what a choice was worth: a model was asked, by choice, and answered or failed. */
function isUsable({ decision, execution }: ModelReceipt): boolean {
  return (
    decision.modelId !== null &&
    decision.pinned !== true &&
    // What was reused or copied tells nothing new of a model.
    execution.cached !== true &&
    execution.replayed !== true &&
    (execution.status === 'success' || execution.hops.length > 0)
  )
}

/** Where a receipt falls between 0 and 1: always at the same place. */
function shareOf(receiptId: string): number {
  return Number.parseInt(sha256Hex(receiptId).slice(0, 8), 16) / 0x1_0000_0000
}

function distance(one: RankingWeights, other: RankingWeights): number {
  return Math.abs(one.cost - other.cost) + Math.abs(one.latency - other.latency) + Math.abs(one.quality - other.quality)
}
