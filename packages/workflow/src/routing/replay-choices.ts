import type { ModelReceipt, ReceiptCandidate } from '@parley/spec'
import { rankModels, type RankingFacts } from './rank-models.ts'
import type { RouterVersion } from './router-version.ts'

/** What the choices of a router version would have been worth. */
export interface ReplayMetrics {
  /** 0 to 1. */
  successRate: number
  /** Mean per decision. */
  costNanoUsd: number
  /** Mean per decision. */
  latencyMs: number
}

interface Observed {
  asked: number
  succeeded: number
  costNanoUsd: number
  latencyMs: number
}

/** Observations that a model's own are mixed with, so that one lucky answer does not decide. */
const priorWeight = 2

/**
 * Decides anew, by a version's rules, each decision that receipts tell of, and values the choices by what the models were
 * seen to do in that category.
 */
export function replayChoices(
  receipts: readonly ModelReceipt[],
  seen: readonly ModelReceipt[],
  version: RouterVersion,
): ReplayMetrics {
  const observed = observe(seen)
  let successRate = 0
  let costNanoUsd = 0
  let latencyMs = 0
  for (const receipt of receipts) {
    const { category } = receipt.classification
    const facts = receipt.candidates.flatMap(toFacts)
    const [chosen] = rankModels(facts, {
      policy: version.policy,
      weights: version.categoryWeights?.[category] ?? version.weights,
      optionalCount: Math.max(0, ...facts.map(({ optionalMet }) => optionalMet)),
    })
    if (chosen === undefined) continue
    const all = observed.get(keyOf(category)) ?? none
    const own = observed.get(keyOf(category, chosen.modelId)) ?? none
    successRate += (own.succeeded + priorWeight * mean(all.succeeded, all.asked)) / (own.asked + priorWeight)
    costNanoUsd +=
      own.asked > 0 ? own.costNanoUsd / own.asked : (chosen.costNanoUsd ?? mean(all.costNanoUsd, all.asked))
    latencyMs += own.asked > 0 ? own.latencyMs / own.asked : mean(all.latencyMs, all.asked)
  }
  const count = Math.max(1, receipts.length)
  return { successRate: successRate / count, costNanoUsd: costNanoUsd / count, latencyMs: latencyMs / count }
}

const none: Observed = { asked: 0, succeeded: 0, costNanoUsd: 0, latencyMs: 0 }

/** What was seen of each model in each category, and of all models together. */
function observe(receipts: readonly ModelReceipt[]): Map<string, Observed> {
  const observed = new Map<string, Observed>()
  for (const { classification, execution } of receipts) {
    const { category } = classification
    for (const hop of execution.hops) {
      if (hop.status === 'cancelled') continue
      const isLast = hop === execution.hops.at(-1)
      for (const key of [keyOf(category), keyOf(category, hop.modelId)]) {
        const before = observed.get(key) ?? none
        observed.set(key, {
          asked: before.asked + 1,
          succeeded: before.succeeded + (hop.status === 'success' && execution.status === 'success' ? 1 : 0),
          costNanoUsd: before.costNanoUsd + (isLast ? (execution.actualCostNanoUsd ?? 0) : 0),
          latencyMs: before.latencyMs + hop.latencyMs,
        })
      }
    }
  }
  return observed
}

/** What a version ranks by, as the receipt kept it. */
function toFacts(candidate: ReceiptCandidate): RankingFacts[] {
  if (!('score' in candidate)) return []
  const p50 = figure(candidate.reasons, 'p50_ms:')
  return [
    {
      modelId: candidate.modelId,
      optionalMet: candidate.reasons.filter((reason) => reason.startsWith('optional:')).length,
      costNanoUsd: candidate.estCostNanoUsd,
      quality: figure(candidate.reasons, 'quality:') ?? 0,
      ...(p50 === undefined ? {} : { p50Ms: p50 }),
    },
  ]
}

function figure(reasons: readonly string[], name: string): number | undefined {
  const reason = reasons.find((one) => one.startsWith(name))
  return reason === undefined ? undefined : Number(reason.slice(name.length))
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count
}

function keyOf(category: string, modelId = ''): string {
  return `${category}\n${modelId}`
}
