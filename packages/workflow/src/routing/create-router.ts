import {
  checkOptions,
  createSystemClock,
  createSystemIds,
  ParleyError,
  priceAt,
  type ChatModel,
  type Clock,
  type ModelReceipt,
  type Price,
  type PriceTable,
} from '@parley/spec'
import { createCapabilityRegistry, type CapabilityRegistry } from './capability-registry.ts'
import { fitScores, type FitOptions, type ScoreFit } from './fit-scores.ts'
import { openReceipt, type ReceiptDraft } from './model-receipt.ts'
import { applyReport, type CallReport, type MeasuredModel } from './model-stats.ts'
import { classifyByRules, type PromptClassifier } from './prompt-classifier.ts'
import { route, type RouteDecision } from './route.ts'
import type { RouteRequest } from './route-request.ts'
import { routerOptionNames, type RouterOptions } from './router-options.ts'
import { checkWeights, firstRouterVersion, type RouterVersion } from './router-version.ts'
import { toPoolModel, type PoolModel, type RoutingPool } from './routing-pool.ts'

/** Decides which model is asked, and learns from what came of it. */
export interface Router {
  readonly clock: Clock
  readonly models: readonly ChatModel[]
  readonly capabilities: CapabilityRegistry
  readonly classify: PromptClassifier
  /** The version in use. */
  readonly version: RouterVersion
  /** All versions that may be used, oldest first. */
  readonly versions: readonly RouterVersion[]
  /** Decides by what is known now of models, prices and the tenant's capabilities. */
  route(request: RouteRequest, tenantId: string): RouteDecision
  /** @throws {ParleyError} `unknown_reference` */
  model(id: string): ChatModel
  /** What a model costs now. */
  priceOf(id: string): Price | undefined
  /** Opens the receipt of a decision. */
  receipt(draft: ReceiptDraft): ModelReceipt
  /** Tells what came of a call, for health and latency. */
  report(modelId: string, report: CallReport): void
  /**
   * Fits weights to what receipts tell, and takes them as a new version if they are not worse on those held out.
   * @throws {ParleyError} `invalid_options`
   */
  refit(receipts: readonly ModelReceipt[], options?: Omit<FitOptions, 'current' | 'version'>): ScoreFit
  /** Takes a version that is kept; an earlier one rolls back. @throws {ParleyError} `unknown_reference` */
  activate(version: string): void
}

/**
 * Makes a router over models. It holds their health and latency; decisions themselves are made by `route`.
 * @throws {ParleyError} `invalid_options`, `capability_not_offered`
 */
export function createRouter(options: RouterOptions): Router {
  checkOptions('createRouter', options, routerOptionNames)
  const { models, prices, clock = createSystemClock(), ids = createSystemIds(), keyNames = [] } = options
  const { policy = firstRouterVersion.policy, weights = firstRouterVersion.weights } = options
  checkRouterOptions(options)
  const cards = models.map(({ card }) => card)
  const capabilities = options.capabilities ?? createCapabilityRegistry({ cards, overrides: options.overrides ?? [] })
  const byId = new Map(models.map((model, index) => [model.id, { model, index }]))
  const periods = pricePeriods(prices)

  let version: RouterVersion = { ...firstRouterVersion, policy, weights }
  const versions = [version]
  let pricedAtMs = clock.now()
  let measured: MeasuredModel[] = models.map((model) => ({
    model: { ...toPoolModel(model.card, priceNow(prices, model, pricedAtMs)), id: model.id },
    samples: [],
  }))

  // Decisions are many and reports few, so what decisions read is kept until a report changes it.
  let listed: { from: readonly MeasuredModel[]; models: readonly PoolModel[] } | undefined
  const poolModels = (): readonly PoolModel[] => {
    if (listed?.from !== measured) listed = { from: measured, models: measured.map(({ model }) => model) }
    return listed.models
  }

  /** Takes the prices that have begun to hold since the last look. */
  const refreshPrices = (): void => {
    const nowMs = clock.now()
    const hasChanged = periods.some((fromMs) => fromMs > pricedAtMs && fromMs <= nowMs)
    pricedAtMs = nowMs
    if (!hasChanged) return
    measured = measured.map(({ model, samples }) => {
      const { price: _past, ...rest } = model
      const price = priceNow(prices, { id: model.id, card: model.card }, nowMs)
      return { samples, model: price === undefined ? rest : { ...rest, price } }
    })
  }

  const find = (id: string): { model: ChatModel; index: number } => {
    const found = byId.get(id)
    if (found) return found
    throw new ParleyError({
      code: 'unknown_reference',
      message: `No model "${id}" is registered with the router. Register it under this id.`,
      details: { model: id },
    })
  }

  const router: Router = {
    clock,
    models,
    capabilities,
    classify: options.classify ?? classifyByRules,
    get version() {
      return version
    },
    get versions() {
      return [...versions]
    },
    route(request, tenantId) {
      refreshPrices()
      const { version: _name, ...rules } = version
      const pool: RoutingPool = {
        ...rules,
        models: poolModels(),
        requirement: (kind) => capabilities.get(tenantId, kind),
        keyNames,
      }
      return route(withHouseRules(request, options), pool, clock.monotonicMs())
    },
    model: (id) => find(id).model,
    priceOf(id) {
      refreshPrices()
      return measured[find(id).index]?.model.price
    },
    receipt: (draft) =>
      openReceipt(draft, {
        ids,
        nowMs: clock.now(),
        routerVersion: version.version,
        priceVersion: prices?.version ?? 'cards',
        capabilityVersion: capabilities.version(draft.account.tenantId),
      }),
    report(modelId, report) {
      const { index } = find(modelId)
      const before = measured[index]
      if (before === undefined) return
      const after = applyReport(before, report, clock.monotonicMs())
      if (after !== before) measured = measured.with(index, after)
    },
    refit(receipts, fitOptions = {}) {
      const fit = fitScores(receipts, { ...fitOptions, current: version, version: String(versions.length + 1) })
      if (fit.accepted) {
        versions.push(fit.candidate)
        version = fit.candidate
      }
      return fit
    },
    activate(name) {
      const kept = versions.find((one) => one.version === name)
      if (kept === undefined) {
        throw new ParleyError({
          code: 'unknown_reference',
          message: `The router has no version "${name}". It keeps ${versions.map((one) => one.version).join(', ')}.`,
          details: { version: name, known: versions.map((one) => one.version) },
        })
      }
      version = kept
    },
  }
  return router
}

/** What the router demands of every request, on top of what the request does. */
function withHouseRules(request: RouteRequest, options: RouterOptions): RouteRequest {
  const { minQualityThreshold, providers, privacy } = options
  if (minQualityThreshold === undefined && providers === undefined && privacy === undefined) return request
  const allow = intersect(providers?.allow, request.providers?.allow)
  const deny = [...(providers?.deny ?? []), ...(request.providers?.deny ?? [])]
  const regions = intersect(privacy?.regions, request.privacy?.regions)
  const days = Math.min(privacy?.maxRetentionDays ?? Infinity, request.privacy?.maxRetentionDays ?? Infinity)
  return {
    ...request,
    minQuality: request.minQuality ?? minQualityThreshold ?? null,
    providers: { deny, ...(allow === undefined ? {} : { allow }) },
    privacy: {
      noTraining: privacy?.noTraining === true || request.privacy?.noTraining === true,
      ...(regions === undefined ? {} : { regions }),
      ...(days === Infinity ? {} : { maxRetentionDays: days }),
    },
  }
}

/** What both lists hold; `undefined` restricts nothing. */
function intersect(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.filter((entry) => other.includes(entry))
}

function priceNow(
  prices: PriceTable | undefined,
  { id, card }: Pick<ChatModel, 'id' | 'card'>,
  nowMs: number,
): Price | undefined {
  const listed = prices === undefined ? undefined : priceAt(prices, id, new Date(nowMs).toISOString())
  return listed ?? card.price
}

/** The instants at which a price begins to hold. */
function pricePeriods(prices: PriceTable | undefined): number[] {
  return [...new Set((prices?.entries ?? []).map(({ from }) => Date.parse(from)))]
}

function checkRouterOptions({ models, weights, policy, minQualityThreshold: floor }: RouterOptions): void {
  const refuse = (path: string, expected: string): ParleyError =>
    new ParleyError({
      code: 'invalid_options',
      message: `createRouter needs ${expected} as ${path}.`,
      details: { path, expected },
    })
  if (new Set(models.map(({ id }) => id)).size !== models.length) throw refuse('models', 'models with different ids')
  if (policy !== undefined && policy !== 'cheapest' && policy !== 'weighted')
    throw refuse('policy', '"cheapest" or "weighted"')
  if (typeof floor === 'number' && !(floor >= 0 && floor <= 1))
    throw refuse('minQualityThreshold', 'a number from 0 to 1, or null')
  if (weights !== undefined) checkWeights(weights)
}
