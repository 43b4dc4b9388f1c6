import type { ChatModel, ChatPart, ModelCard } from '@parley/spec'
import { createRouter, type RouteRequest, type Router } from '@parley/workflow'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { throughput } from '../throughput.ts'

const SURVIVORS = 20
const price = { from: '2026-01-01T00:00:00.000Z', input: 1_000, output: 4_000 }
const request: RouteRequest = {
  tier: 'balanced',
  capabilities: [
    { kind: 'tool_use', required: true },
    { kind: 'fast_inference', required: false },
  ],
  category: 'code',
  inputTokens: 2_000,
  outputCapTokens: 1_000,
  providers: { deny: ['refused'] },
  privacy: { regions: ['eu'] },
  budget: { isCostCapped: true, costNanoUsd: 20_000_000 },
}
/** What each filter removes, one after the other. */
const faults: readonly Partial<ModelCard>[] = [
  { provider: 'refused' },
  { regions: ['us'] },
  { tools: false },
  { contextTokens: 2_048 },
  { tiers: ['fast'] },
  { quality: { code: 0.3 } },
  { price: { ...price, output: 90_000_000 } },
]

function sampleModel(place: number, fault: Partial<ModelCard>): ChatModel {
  const provider = fault.provider ?? `provider${place % 7}`
  const id = `${provider}/model-${place}`
  return {
    id,
    card: {
      contextTokens: 128_000,
      maxOutputTokens: 8_192,
      input: ['text'],
      tools: true,
      structuredOutput: 'native',
      reasoning: false,
      tiers: ['balanced'],
      price: { ...price, input: price.input + (place % 13) },
      quality: { code: 0.8 + (place % 10) / 100 },
      latencyMs: { firstTokenP50: 200 + (place % 11) * 50 },
      regions: ['eu', 'us'],
      ...fault,
      id,
      provider,
    },
    // Nothing is asked of it.
    async *stream(): AsyncGenerator<ChatPart> {},
  }
}

/** So many models, of which 20 meet the request. */
export function sampleModels(count: number): ChatModel[] {
  const every = count / SURVIVORS
  return Array.from({ length: count }, (_, place) =>
    sampleModel(place, place % every === 0 ? {} : (faults[place % faults.length] ?? {})),
  )
}

/** A decision with its receipt, as a model call makes it before anything is sent. @throws {Error} when it is not the one that was expected */
function decide(router: Router, count: number): void {
  const decision = router.route(request, 'default')
  if (!decision.ok || decision.candidates.length !== count || decision.ranked.length !== SURVIVORS)
    throw new Error(`The decision was not among ${SURVIVORS} of ${count} models.`)
  const receipt = router.receipt({
    account: { tenantId: 'default', taskId: 'task', runId: 'run', stepKey: 'step@1', attempt: 1 },
    promptHash: 'none',
    classification: { category: 'code', confidence: 1, signals: [] },
    candidates: decision.candidates,
    decision: {
      modelId: decision.modelId,
      strategy: 'single',
      fallbackChain: decision.fallbackChain,
      promptRewritten: false,
    },
    estimateNanoUsd: decision.ranked[0]?.costNanoUsd ?? null,
    envelopes: [],
  })
  if (receipt.candidates.length !== count) throw new Error('The receipt lacks candidates.')
}

/** The same choice without reasons: what is left of the cards, cheapest first. */
function sortPlainly(cards: readonly ModelCard[]): void {
  const cost = ({ price: now }: ModelCard): number => (now?.input ?? 0) * 2_000 + (now?.output ?? 0) * 1_000
  const left = cards
    .filter(
      (card) =>
        card.provider !== 'refused' &&
        card.regions?.includes('eu') === true &&
        card.tools &&
        card.contextTokens >= 3_000 &&
        card.tiers?.includes('balanced') === true &&
        (card.quality?.['code'] ?? 0) >= 0.7 &&
        cost(card) <= 20_000_000,
    )
    .sort((one, other) => cost(one) - cost(other))
  if (left.length !== SURVIVORS) throw new Error(`The plain sort left ${left.length} models.`)
}

/** Decisions per second of a router over so many models, all filters and the receipt included. */
export function route(count: number, metric: string, target?: number): Scenario {
  return async function* ({ progress, isQuick }) {
    const models = sampleModels(count)
    const router = createRouter({ models })
    const cards = models.map(({ card }) => card)
    const timeMs = isQuick ? 20 : 500
    const measured = await alternate(
      {
        ours: () => throughput(() => decide(router, count), timeMs),
        peer: () => throughput(() => sortPlainly(cards), timeMs),
      },
      { rounds: isQuick ? 1 : 7, progress },
    )
    yield toFigure({
      metric,
      unit: 'decisions/s',
      better: 'higher',
      ours: measured.ours,
      peer: measured.peer,
      peerName: 'filter and sort by price',
      n: measured.n,
      note: `${count} models, ${SURVIVORS} survive; the receipt names why each of the others does not.${target === undefined ? '' : ` Target ${target} a second.`}`,
    })
  }
}
