import { tiers, type ModelCard, type ReceiptCandidate, type Tier } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleCard, samplePool, samplePrice, sampleRequest } from './__fixtures__/sample-pool.ts'
import { route, type RouteDecision } from './route.ts'
import type { RouteRequest } from './route-request.ts'
import { toPoolModel, type RoutingPool } from './routing-pool.ts'

const decide = (
  models: Parameters<typeof samplePool>[0],
  request: Partial<RouteRequest> = {},
  pool: Partial<RoutingPool> = {},
): RouteDecision => route(sampleRequest(request), samplePool(models, pool), 0)
const reasonOf = ({ candidates }: RouteDecision, id: string): string | undefined => {
  const found = candidates.find(({ modelId }) => modelId === id)
  return found && 'filteredOutBy' in found ? found.filteredOutBy : undefined
}
const required = (kind: Parameters<RoutingPool['requirement']>[0]): Pick<RouteRequest, 'capabilities'> => ({
  capabilities: [{ kind, required: true }],
})
const unhealthy = (id: string): ReturnType<typeof toPoolModel> => ({
  ...toPoolModel(sampleCard(id)),
  circuit: { name: 'open', untilMs: 1 },
})

describe('workflows 11 filters', () => {
  test('workflows 11 each filter removes what it should', () => {
    const good = sampleCard('ok/good')
    const cases: [string, Parameters<typeof samplePool>[0][number], Partial<RouteRequest>][] = [
      ['health', unhealthy('a/x'), {}],
      ['provider_allow', sampleCard('a/x'), { providers: { allow: ['ok'] } }],
      ['provider_deny', sampleCard('a/x'), { providers: { deny: ['a'] } }],
      ['privacy', sampleCard('a/x', { regions: ['us'] }), { privacy: { regions: ['eu'] } }],
      ['capability:tool_use', sampleCard('a/x', { tools: false }), required('tool_use')],
      ['context_length', sampleCard('a/x', { contextTokens: 1_099 }), {}],
      ['tier', sampleCard('a/x', { tiers: ['high'] }), {}],
      ['quality_floor', sampleCard('a/x', { quality: { other: 0.69 } }), {}],
      [
        'budget',
        sampleCard('a/x', { price: samplePrice(11) }),
        { budget: { isCostCapped: true, costNanoUsd: 11_000 } },
      ],
    ]
    for (const [filter, model, request] of cases) {
      const eu = { ...good, regions: ['eu'] }
      const decision = decide([eu, model], request)
      expect([filter, reasonOf(decision, 'a/x')]).toEqual([filter, filter])
      expect(decision).toMatchObject({ ok: true, modelId: 'ok/good' })
    }
  })

  test('workflows 11 the first filter in order is named, whatever else is wrong', () => {
    const { price: _price, ...bad } = sampleCard('a/x', {
      tools: false,
      contextTokens: 10,
      tiers: ['high'],
      quality: { other: 0 },
    })
    const request: Partial<RouteRequest> = {
      providers: { allow: ['ok'], deny: ['a'] },
      privacy: { noTraining: true },
      ...required('tool_use'),
      budget: { isCostCapped: true, costNanoUsd: 1_000_000 },
    }
    const seen: (string | undefined)[] = []
    let model = { ...toPoolModel(bad), circuit: { name: 'open' as const, untilMs: 1 } } as ReturnType<
      typeof toPoolModel
    >
    let asked = request
    const good = sampleCard('ok/good', { training: false })
    const look = (): void => void seen.push(reasonOf(decide([model, good], asked), 'a/x'))
    const repair = (changes: Partial<ModelCard>): void => {
      model = toPoolModel({ ...model.card, ...changes })
    }
    look()
    repair({})
    look()
    asked = { ...asked, providers: { deny: ['a'] } }
    look()
    asked = { ...asked, providers: {} }
    look()
    repair({ training: false })
    look()
    repair({ tools: true })
    look()
    repair({ contextTokens: 128_000 })
    look()
    repair({ tiers: ['balanced'] })
    look()
    repair({ quality: { other: 0.7 } })
    look()
    repair({ price: samplePrice(100_000) })
    look()
    repair({ price: samplePrice(1) })
    look()
    expect(seen).toEqual([
      'health',
      'provider_allow',
      'provider_deny',
      'privacy',
      'capability:tool_use',
      'context_length',
      'tier',
      'quality_floor',
      'price_unknown',
      'budget',
      undefined,
    ])
  })

  test('workflows 11 privacy: a card that does not say is not taken', () => {
    const card = sampleCard('a/x')
    expect(reasonOf(decide([card], { privacy: { maxRetentionDays: 30 } }), 'a/x')).toBe('privacy')
    expect(
      reasonOf(decide([{ ...card, retentionDays: 30 }], { privacy: { maxRetentionDays: 30 } }), 'a/x'),
    ).toBeUndefined()
    expect(reasonOf(decide([card], { privacy: { noTraining: true } }), 'a/x')).toBe('privacy')
    expect(reasonOf(decide([card], { privacy: {} }), 'a/x')).toBeUndefined()
  })

  test('workflows 1 an empty list allows nothing, an absent one everything', () => {
    expect(reasonOf(decide([sampleCard('a/x')], { providers: { allow: [] } }), 'a/x')).toBe('provider_allow')
    expect(decide([sampleCard('a/x')], { providers: {} }).ok).toBe(true)
  })

  test('workflows 11 the quality floor is 0.85 for reasoning, 0.6 for summarization, 0.7 for others', () => {
    const floorOf = (category: string): number => {
      const passes = (quality: number): boolean =>
        decide([sampleCard('a/x', { quality: { [category]: quality } })], { category }).ok
      return Array.from({ length: 101 }, (_, percent) => percent / 100).find(passes) ?? -1
    }
    expect(['reasoning', 'summarization', 'code', 'other'].map(floorOf)).toEqual([0.85, 0.6, 0.7, 0.7])
    expect(decide([sampleCard('a/x', { quality: { other: 0.2 } })], { minQuality: 0 }).ok).toBe(true)
    expect(decide([sampleCard('a/x', { quality: { other: 0.9 } })], { minQuality: 0.95 }).ok).toBe(false)
  })

  test('workflows 9 with a cost cap a model of unknown price is filtered; without, its cost is unknown', () => {
    const { price: _price, ...unpriced } = sampleCard('a/x')
    expect(reasonOf(decide([unpriced], { budget: { isCostCapped: true } }), 'a/x')).toBe('price_unknown')
    expect(decide([unpriced], { budget: { isCostCapped: false } }).candidates).toEqual([
      expect.objectContaining({ modelId: 'a/x', estCostNanoUsd: null }),
    ])
  })

  test('workflows 10 long_context asks for 128,000 tokens and for room for the request', () => {
    const of = (contextTokens: number, inputTokens = 100): boolean =>
      decide([sampleCard('a/x', { contextTokens })], { ...required('long_context'), inputTokens }).ok
    expect([of(127_999), of(128_000), of(200_000, 199_500)]).toEqual([false, true, false])
  })

  test('workflows 10 fast_inference asks for a first token within 500 ms; a card that does not say has it not', () => {
    const of = (latencyMs?: { firstTokenP50?: number }): boolean =>
      decide([sampleCard('a/x', latencyMs === undefined ? {} : { latencyMs })], required('fast_inference')).ok
    expect([of(), of({ firstTokenP50: 501 }), of({ firstTokenP50: 500 })]).toEqual([false, false, true])
  })

  test('workflows 10 low_cost: the cheapest third of the tier, of unknown price never', () => {
    const priced = [1, 2, 3, 4, 5, 6].map((price) => sampleCard(`a/${price}`, { price: samplePrice(price) }))
    const { price: _price, ...unpriced } = sampleCard('a/7')
    const decision = decide(
      [...priced, unpriced, sampleCard('b/high', { tiers: ['high'], price: samplePrice(9) })],
      required('low_cost'),
    )
    expect(decision.candidates.filter((one) => 'score' in one).map(({ modelId }) => modelId)).toEqual([
      'a/1',
      'a/2',
      'a/3',
    ])
    expect(reasonOf(decision, 'a/4')).toBe('capability:low_cost')
    expect(reasonOf(decision, 'b/high')).toBe('tier')
  })

  test('workflows 10 optional capabilities do not filter but come first in the order', () => {
    const plain = sampleCard('a/plain', { tools: false, price: samplePrice(1) })
    const able = sampleCard('b/able', { price: samplePrice(50) })
    const decision = decide([plain, able], { capabilities: [{ kind: 'tool_use', required: false }] })
    expect(decision).toMatchObject({ ok: true, modelId: 'b/able', fallbackChain: ['a/plain'] })
    expect(decision.candidates[1]).toMatchObject({ reasons: ['quality:0.8', 'optional:tool_use'] })
  })

  test('workflows 9 the output cap is that of the step, else of the model, else 4,096', () => {
    const capOf = (card: Partial<ModelCard>, request: Partial<RouteRequest> = {}): number | undefined => {
      const decision = decide([sampleCard('a/x', card)], request)
      return decision.ok ? decision.ranked[0]?.outputCapTokens : undefined
    }
    expect(capOf({}, { outputCapTokens: 300 })).toBe(300)
    expect(capOf({}, { outputCapTokens: 9_000 })).toBe(1_000)
    expect(capOf({ maxOutputTokens: 8_000 })).toBe(8_000)
    expect(capOf({ maxOutputTokens: 0 })).toBe(4_096)
    expect(capOf({ maxOutputTokens: 8_000, contextTokens: 8_000 })).toBe(7_900)
  })

  test('workflows 9 an estimate is input at the input price and the whole cap at the output price', () => {
    const card = sampleCard('a/x', { price: { ...samplePrice(3, 7), perRequest: 5 } })
    expect(decide([card], { inputTokens: 100, outputCapTokens: 50 })).toMatchObject({
      ranked: [{ costNanoUsd: 100 * 3 + 50 * 7 + 5 }],
    })
  })
})

describe('workflows 11 tiers', () => {
  const fast = sampleCard('a/fast', { tiers: ['fast'], quality: { other: 1 }, price: samplePrice(1) })
  const balanced = sampleCard('a/balanced', { price: samplePrice(2) })
  const high = sampleCard('a/high', { tiers: ['high'], price: samplePrice(3) })

  test('workflows 11 a tier is met by cards of that tier only', () => {
    for (const tier of tiers)
      expect(decide([fast, balanced, high], { tier })).toMatchObject({ modelId: `a/${tier}`, tier })
  })

  test('workflows 11 where none survives the next higher tier is tried and told, never a lower one', () => {
    expect(decide([fast, high], { tier: 'balanced' })).toMatchObject({ modelId: 'a/high', tierRaised: 'high' })
    expect(decide([fast, balanced], { tier: 'high' })).toMatchObject({ ok: false, filter: 'tier' })
    expect(decide([fast, balanced, high], { tier: 'balanced' })).not.toHaveProperty('tierRaised')
  })

  test('workflows 9 a downgrade takes the next cheaper tier that fits, with all filters anew', () => {
    expect(decide([fast, balanced, high], { tier: 'high', maxTier: 'balanced' })).toMatchObject({
      modelId: 'a/balanced',
    })
    const toolless = { ...balanced, tools: false }
    expect(
      decide([fast, toolless, high], { tier: 'high', maxTier: 'balanced', ...required('tool_use') }),
    ).toMatchObject({
      modelId: 'a/fast',
      tier: 'fast',
    })
    expect(decide([balanced, high], { tier: 'balanced', maxTier: 'fast' })).toMatchObject({ ok: false })
  })

  test('workflows 9 a downgraded envelope lets no step rise above the tier that it is left', () => {
    expect(decide([high], { tier: 'fast', maxTier: 'balanced' })).toMatchObject({ ok: false })
    expect(decide([balanced], { tier: 'fast', maxTier: 'balanced' })).toMatchObject({
      ok: true,
      tierRaised: 'balanced',
    })
  })
})

describe('workflows 11 decision', () => {
  const many = ['e', 'd', 'c', 'b', 'a'].map((name, index) =>
    sampleCard(`x/${name}`, { price: samplePrice(index + 1) }),
  )

  test('workflows 11 the decision is followed by the next three', () => {
    expect(decide(many)).toMatchObject({ modelId: 'x/e', fallbackChain: ['x/d', 'x/c', 'x/b'] })
  })

  test.each(['auto', 'kr-auto', '', undefined])('workflows 11 model %j routes', (model) => {
    expect(decide(many, model === undefined ? {} : { model })).toMatchObject({ modelId: 'x/e', isPinned: false })
  })

  test('workflows 11 an explicit id bypasses the score and stands alone, but not the filters', () => {
    const decision = decide(many, { model: 'x/b' })
    expect(decision).toMatchObject({ modelId: 'x/b', fallbackChain: [], isPinned: true })
    expect(decision.candidates.filter((one) => 'score' in one)).toHaveLength(5)
    const toolless = sampleCard('x/z', { tools: false })
    expect(decide([...many, toolless], { model: 'x/z', ...required('tool_use') })).toMatchObject({
      ok: false,
      filter: 'capability:tool_use',
    })
    expect(decide(many, { model: 'x/b', budget: { isCostCapped: true, costNanoUsd: 10 } })).toMatchObject({
      ok: false,
      filter: 'budget',
      overBudget: [{ modelId: 'x/b' }],
    })
  })

  test('workflows 11 an explicit id brings its own tier, which a downgrade still binds', () => {
    const high = sampleCard('x/high', { tiers: ['high'] })
    expect(decide([high], { tier: 'balanced', model: 'x/high' })).toMatchObject({ ok: true, modelId: 'x/high' })
    expect(decide([high], { tier: 'balanced', maxTier: 'fast', model: 'x/high' })).toMatchObject({
      ok: false,
      filter: 'tier',
    })
  })

  test('workflows 11 an unknown id names the nearest one', () => {
    expect(decide([sampleCard('openai/large')], { model: 'openai/lage' })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('Did you mean "openai/large"?'),
    })
  })

  test('workflows 11 none left: the filter that removed most, and the remedy with capability and key', () => {
    const models = [sampleCard('a/1', { tools: false }), sampleCard('a/2', { tools: false }), sampleCard('b/1')]
    expect(
      decide(models, { ...required('tool_use'), providers: { deny: ['b'] } }, { keyNames: ['OPENAI_API_KEY'] }),
    ).toMatchObject({
      ok: false,
      code: 'no_models_available',
      filter: 'capability:tool_use',
      remedy:
        'Register a model with the flag "tools" for the capability "tool_use", or mark it as not required. A key adds models: set OPENAI_API_KEY.',
    })
    expect(decide([])).toMatchObject({ ok: false, candidates: [], remedy: 'No model is registered. Register one.' })
  })

  const arbitraryCard = fc.record({
    name: fc.integer({ min: 0, max: 999 }),
    provider: fc.constantFrom('a', 'b', 'c'),
    tiers: fc.subarray([...tiers], { minLength: 1 }),
    tools: fc.boolean(),
    contextTokens: fc.constantFrom(500, 5_000, 200_000),
    price: fc.option(fc.nat(50), { nil: undefined }),
    quality: fc.integer({ min: 40, max: 100 }),
    p50: fc.option(fc.nat(2_000), { nil: undefined }),
    isOpen: fc.boolean(),
  })
  const arbitraryPool = fc.uniqueArray(arbitraryCard, { selector: ({ name }) => name, maxLength: 25 }).map((cards) =>
    cards.map(({ name, provider, price, quality, p50, isOpen, ...card }) => {
      const { price: _price, ...base } = sampleCard(`${provider}/${name}`, {
        ...card,
        provider,
        quality: { other: quality / 100 },
      })
      const model = toPoolModel({
        ...base,
        ...(price === undefined ? {} : { price: samplePrice(price) }),
        ...(p50 === undefined ? {} : { latencyMs: { firstTokenP50: p50 } }),
      })
      return isOpen ? { ...model, circuit: { name: 'open' as const, untilMs: 5 } } : model
    }),
  )
  const arbitraryRequest: fc.Arbitrary<Partial<RouteRequest>> = fc
    .record({
      tier: fc.constantFrom<Tier>(...tiers),
      maxTier: fc.option(fc.constantFrom<Tier>(...tiers), { nil: undefined }),
      needs: fc.subarray(['tool_use', 'fast_inference', 'low_cost', 'long_context'] as const),
      isRequired: fc.boolean(),
      cap: fc.option(fc.nat(60_000), { nil: undefined }),
    })
    .map(({ tier, maxTier, needs, isRequired, cap }) => ({
      tier,
      ...(maxTier === undefined ? {} : { maxTier }),
      capabilities: needs.map((kind) => ({ kind, required: isRequired })),
      ...(cap === undefined ? {} : { budget: { isCostCapped: true, costNanoUsd: cap } }),
    }))

  test.each(['cheapest', 'weighted'] as const)(
    'workflows 11 every candidate is listed once, scores fall, equal inputs decide equally: %s',
    (policy) => {
      fc.assert(
        fc.property(arbitraryPool, arbitraryRequest, (models, request) => {
          const decision = decide(models, request, { policy })
          expect(decision.candidates.map(({ modelId }) => modelId)).toEqual(models.map(({ id }) => id))
          expect(decide(structuredClone(models), structuredClone(request), { policy })).toEqual(decision)
          const left = decision.candidates.filter(
            (one): one is Extract<ReceiptCandidate, { score: number }> => 'score' in one,
          )
          if (!decision.ok) {
            expect(left).toEqual([])
            return
          }
          expect(new Set(left.map(({ modelId }) => modelId))).toEqual(
            new Set(decision.ranked.map(({ modelId }) => modelId)),
          )
          const scores = decision.ranked.map(({ score }) => score)
          expect([...scores].sort((one, other) => other - one)).toEqual(scores)
          const cap = request.budget?.costNanoUsd
          for (const { costNanoUsd } of decision.ranked)
            if (cap !== undefined) expect(costNanoUsd).toBeLessThanOrEqual(cap)
        }),
        { numRuns: 300 },
      )
    },
  )
})
