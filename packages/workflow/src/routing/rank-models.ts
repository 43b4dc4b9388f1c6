/** `cheapest`: optional capabilities, then cost, latency, quality, id. `weighted`: optional capabilities, then a weighted sum. */
export type RoutingPolicy = 'cheapest' | 'weighted'

/** What counts how much with the `weighted` policy. */
export interface RankingWeights {
  readonly cost: number
  readonly latency: number
  readonly quality: number
}

export const defaultWeights: RankingWeights = { cost: 0.6, latency: 0.25, quality: 0.15 }

/** What a model is ranked by. */
export interface RankingFacts {
  readonly modelId: string
  /** How many of the optional capabilities it has. */
  readonly optionalMet: number
  /** `null`: unknown, ranked behind all that is known. */
  readonly costNanoUsd: number | null
  /** Absent: unknown, ranked behind all that is known. */
  readonly p50Ms?: number
  readonly quality: number
}

/** How a pool of models is put in order. */
export interface RankingRules {
  readonly policy: RoutingPolicy
  readonly weights: RankingWeights
  /** How many optional capabilities were asked for. */
  readonly optionalCount: number
}

/** A model with its place: `score` is from 0 to 1, higher is better, and never rises from one model to the next. */
export type Ranked<Facts extends RankingFacts> = Facts & { readonly score: number }

/** Puts models in order, best first. Equal input gives equal order whatever the order of the models. */
export function rankModels<Facts extends RankingFacts>(models: readonly Facts[], rules: RankingRules): Ranked<Facts>[] {
  const ordered = rules.policy === 'cheapest' ? byCost(models) : byWeights(models, rules.weights)
  return ordered.map(({ facts, merit }) => ({
    ...facts,
    // Each optional capability outweighs all else, as in the order itself.
    score: roundScore((facts.optionalMet + merit) / (rules.optionalCount + 1)),
  }))
}

interface Placed<Facts> {
  facts: Facts
  /** 0 to 1 among models of as many optional capabilities. */
  merit: number
}

function byCost<Facts extends RankingFacts>(models: readonly Facts[]): Placed<Facts>[] {
  const ordered = [...models].sort(
    (one, other) =>
      other.optionalMet - one.optionalMet ||
      compare(one.costNanoUsd ?? Infinity, other.costNanoUsd ?? Infinity) ||
      compare(one.p50Ms ?? Infinity, other.p50Ms ?? Infinity) ||
      other.quality - one.quality ||
      compareIds(one.modelId, other.modelId),
  )
  return ordered.map((facts, index) => ({ facts, merit: 1 - index / ordered.length }))
}

function byWeights<Facts extends RankingFacts>(models: readonly Facts[], weights: RankingWeights): Placed<Facts>[] {
  const cost = scale(models.map(({ costNanoUsd }) => costNanoUsd ?? undefined))
  const latency = scale(models.map(({ p50Ms }) => p50Ms))
  const quality = scale(models.map((facts) => facts.quality))
  const total = weights.cost + weights.latency + weights.quality
  return models
    .map((facts) => ({
      facts,
      merit:
        (weights.cost * (1 - cost(facts.costNanoUsd ?? undefined)) +
          weights.latency * (1 - latency(facts.p50Ms)) +
          weights.quality * quality(facts.quality)) /
        total,
    }))
    .sort(
      (one, other) =>
        other.facts.optionalMet - one.facts.optionalMet ||
        other.merit - one.merit ||
        compareIds(one.facts.modelId, other.facts.modelId),
    )
}

/** Brings figures to 0 (least) to 1 (most) among those that are known; what is unknown counts as most. */
function scale(figures: readonly (number | undefined)[]): (figure: number | undefined) => number {
  let least = Infinity
  let most = -Infinity
  for (const figure of figures) {
    if (figure === undefined) continue
    least = Math.min(least, figure)
    most = Math.max(most, figure)
  }
  return (figure) => {
    if (figure === undefined) return 1
    return most > least ? (figure - least) / (most - least) : 0
  }
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function compareIds(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}

function roundScore(score: number): number {
  return Math.round(score * 1e6) / 1e6
}
