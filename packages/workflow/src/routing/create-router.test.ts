import { ParleyError, type ModelReceipt, type PriceTable } from '@parley/spec'
import {
  createSeededIds,
  createVirtualClock,
  scriptedModel,
  type ScriptedModel,
  type VirtualClock,
} from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { sampleCard, samplePrice, sampleRequest } from './__fixtures__/sample-pool.ts'
import { createRouter, type Router } from './create-router.ts'
import type { RouterOptions } from './router-options.ts'

const model = (id: string, changes: Parameters<typeof sampleCard>[1] = {}): ScriptedModel =>
  scriptedModel([], { id, card: sampleCard(id, changes) })
const open = (options: Omit<RouterOptions, 'clock' | 'ids'>): { router: Router; clock: VirtualClock } => {
  const clock = createVirtualClock()
  return { clock, router: createRouter({ ...options, clock, ids: createSeededIds(1) }) }
}
const down = new ParleyError({ code: 'model_unavailable', message: 'Down.' })
const chosen = (router: Router, request: Parameters<typeof sampleRequest>[0] = {}): string | undefined => {
  const decision = router.route(sampleRequest(request), 'acme')
  return decision.ok ? decision.modelId : undefined
}

describe('createRouter', () => {
  test('workflows 11 a model that failed five times is left for 15 s', async () => {
    const { router, clock } = open({ models: [model('a/one', { price: samplePrice(1) }), model('b/two')] })
    for (let failure = 0; failure < 5; failure++) router.report('a/one', { type: 'failed', error: down })
    expect(chosen(router)).toBe('b/two')
    await clock.advance(14_999)
    expect(chosen(router)).toBe('b/two')
    await clock.advance(1)
    expect(chosen(router)).toBe('a/one')
  })

  test('workflows 11 what is wrong with a request says nothing of the health of a model', () => {
    const { router } = open({ models: [model('a/one')] })
    const refused = new ParleyError({ code: 'model_refused', message: 'No.' })
    for (let failure = 0; failure < 9; failure++) router.report('a/one', { type: 'failed', error: refused })
    expect(chosen(router)).toBe('a/one')
  })

  test('workflows 11 measured latency takes the place of the card', () => {
    const { router } = open({
      models: [
        model('a/one', { latencyMs: { firstTokenP50: 100 } }),
        model('b/two', { latencyMs: { firstTokenP50: 200 } }),
      ],
    })
    expect(chosen(router)).toBe('a/one')
    for (const firstTokenMs of [900, 300, 901]) router.report('a/one', { type: 'succeeded', firstTokenMs })
    expect(chosen(router)).toBe('b/two')
    expect(router.route(sampleRequest(), 'acme').candidates[0]).toMatchObject({
      reasons: ['quality:0.8', 'p50_ms:900'],
    })
  })

  test('workflows 11 a price holds from its instant on', async () => {
    const prices: PriceTable = {
      version: '2026-02',
      entries: [
        { model: 'a/one', ...samplePrice(1) },
        { model: 'a/one', ...samplePrice(99), from: '2026-01-01T00:01:00.000Z' },
      ],
    }
    const { router, clock } = open({ models: [model('a/one'), model('b/two')], prices })
    expect([chosen(router), router.priceOf('a/one')?.input]).toEqual(['a/one', 1])
    await clock.advance(60_000)
    expect([chosen(router), router.priceOf('a/one')?.input]).toEqual(['b/two', 99])
  })

  test("workflows 10 a tenant's override holds for that tenant, and the receipt names its version", () => {
    const { router } = open({
      models: [model('a/one', { contextTokens: 150_000 })],
      overrides: [{ tenantId: 'acme', kind: 'long_context', requirement: { minContextTokens: 200_000 }, version: '4' }],
    })
    const request = sampleRequest({ capabilities: [{ kind: 'long_context', required: true }] })
    expect(router.route(request, 'acme').ok).toBe(false)
    expect(router.route(request, 'other').ok).toBe(true)
    const receipt = router.receipt({
      account: { tenantId: 'acme', taskId: 't' },
      promptHash: 'h',
      classification: { category: 'other', confidence: 0.5, signals: [] },
      candidates: [],
      decision: { modelId: 'a/one', strategy: 'single', fallbackChain: [], promptRewritten: false },
      estimateNanoUsd: 1,
      envelopes: [],
    })
    expect(receipt).toMatchObject({
      receiptId: expect.stringMatching(/^rcpt_[0-9A-Z]{26}$/),
      kind: 'model_routing',
      createdAt: '2026-01-01T00:00:00.000Z',
      routerVersion: '1',
      priceVersion: 'cards',
      capabilityVersion: '1+long_context@4',
      execution: { status: 'dispatched', actualCostNanoUsd: null },
    })
  })

  test('workflows 11 demands of the router hold besides those of the request', () => {
    const { router } = open({
      models: [
        model('a/one', { quality: { other: 0.7 } }),
        model('b/two', { quality: { other: 0.9 } }),
        model('c/three'),
      ],
      minQualityThreshold: 0.8,
      providers: { allow: ['a', 'b', 'c'], deny: ['c'] },
    })
    expect(router.route(sampleRequest({ providers: { allow: ['b', 'c'] } }), 'acme').candidates).toMatchObject([
      { filteredOutBy: 'provider_allow' },
      { score: 1 },
      { filteredOutBy: 'provider_deny' },
    ])
  })

  test('workflows 11 the policy is cheapest unless it is said otherwise', () => {
    const models = [
      model('a/slow', { price: samplePrice(1), latencyMs: { firstTokenP50: 9_000 }, quality: { other: 0.7 } }),
      model('b/good', { price: samplePrice(2), latencyMs: { firstTokenP50: 10 }, quality: { other: 1 } }),
    ]
    expect(chosen(open({ models }).router)).toBe('a/slow')
    expect(chosen(open({ models, policy: 'weighted' }).router)).toBe('a/slow')
    expect(chosen(open({ models, policy: 'weighted', weights: { cost: 0, latency: 1, quality: 1 } }).router)).toBe(
      'b/good',
    )
  })

  test.each<[string, Omit<RouterOptions, 'clock' | 'ids'>, string]>([
    ['ids twice', { models: [model('a/one'), model('a/one')] }, 'invalid_options'],
    ['weights below 0', { models: [], weights: { cost: -1, latency: 1, quality: 1 } }, 'invalid_options'],
    ['weights of nothing', { models: [], weights: { cost: 0, latency: 0, quality: 0 } }, 'invalid_options'],
    ['a floor above 1', { models: [], minQualityThreshold: 1.5 }, 'invalid_options'],
  ])('%s are refused', (_name, options, code) => {
    expect(() => open(options)).toThrow(expect.objectContaining({ code }))
  })

  test('an unknown option is refused with the nearest one', () => {
    // What a caller without types may write.
    const options = { models: [], polcy: 'weighted' } as unknown as RouterOptions
    expect(() => createRouter(options)).toThrow(/Did you mean "policy"/)
  })
})

describe('workflows 11 refit', () => {
  const seen = (index: number, modelId: string, isSuccess: boolean): ModelReceipt => {
    const { router } = open({ models: [] })
    const receipt = router.receipt({
      account: { tenantId: 'acme', taskId: 't' },
      promptHash: 'h',
      classification: { category: 'code', confidence: 1, signals: [] },
      candidates: [
        { modelId: 'a/cheap', score: 1, estCostNanoUsd: 10, reasons: ['quality:0.7', 'p50_ms:100'] },
        { modelId: 'b/good', score: 0.5, estCostNanoUsd: 20, reasons: ['quality:0.95', 'p50_ms:100'] },
      ],
      decision: { modelId, strategy: 'single', fallbackChain: [], promptRewritten: false },
      estimateNanoUsd: 10,
      envelopes: [],
    })
    const status = isSuccess ? 'success' : 'failed'
    const hops = [{ modelId, status, latencyMs: 100 } as const]
    return {
      ...receipt,
      receiptId: `rcpt_${index}`,
      execution: {
        ...receipt.execution,
        status,
        hops,
        actualCostNanoUsd: modelId === 'a/cheap' ? 10 : 20,
        actualLatencyMs: 100,
      },
    }
  }
  /** The cheap model fails most of the time; the good one never. */
  const receipts = Array.from({ length: 100 }, (_, index) =>
    index % 2 === 0 ? seen(index, 'b/good', true) : seen(index, 'a/cheap', index % 5 === 0),
  )
  const models = [
    model('a/cheap', { price: samplePrice(1), quality: { code: 0.7 } }),
    model('b/good', { price: samplePrice(2), quality: { code: 0.95 } }),
  ]

  test('workflows 11 a version that is not worse by the gate becomes active; activate rolls back', () => {
    const { router } = open({ models })
    expect(chosen(router, { category: 'code' })).toBe('a/cheap')
    const fit = router.refit(receipts, { gate: { maxCostRise: 2 } })
    expect(fit).toMatchObject({ accepted: true, candidate: { version: '2', policy: 'weighted' } })
    expect(fit.heldOut.candidate.successRate).toBeGreaterThan(fit.heldOut.current.successRate)
    expect(chosen(router, { category: 'code' })).toBe('b/good')
    expect(router.version.version).toBe('2')
    router.activate('1')
    expect(chosen(router, { category: 'code' })).toBe('a/cheap')
    expect(router.versions.map(({ version }) => version)).toEqual(['1', '2'])
    expect(() => router.activate('9')).toThrow(expect.objectContaining({ code: 'unknown_reference' }))
  })

  test('workflows 11 a version that costs more than the gate allows is not taken', () => {
    const { router } = open({ models })
    expect(router.refit(receipts)).toMatchObject({ accepted: false, refusedFor: 'cost' })
    expect(router.version.version).toBe('1')
    expect(router.versions).toHaveLength(1)
  })

  test('workflows 11 a fifth is held out unless it is said otherwise, and equal receipts fit equally', () => {
    const { router } = open({ models })
    const { counts } = router.refit(receipts)
    expect(counts.fitted + counts.heldOut).toBe(100)
    expect(counts.heldOut).toBeGreaterThan(10)
    expect(counts.heldOut).toBeLessThan(30)
    expect(router.refit(receipts, { holdOut: 0.2 })).toEqual(router.refit(receipts.toReversed()))
    expect(() => router.refit(receipts, { holdOut: 0 })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  test('workflows 11 W-9 what was reused, or copied by a fork, says nothing of a model', () => {
    const { router } = open({ models })
    for (const mark of [{ cached: true }, { replayed: true }]) {
      const marked = receipts.map((receipt) => ({ ...receipt, execution: { ...receipt.execution, ...mark } }))
      expect(router.refit(marked)).toMatchObject({ refusedFor: 'no_receipts', counts: { fitted: 0, heldOut: 0 } })
    }
  })

  test('workflows 11 without receipts nothing is taken', () => {
    const { router } = open({ models })
    expect(router.refit([])).toMatchObject({ accepted: false, refusedFor: 'no_receipts' })
  })
})
