import { ParleyError, type LostCandidate } from '@parley/spec'
import type { RankedModel } from '../routing/route.ts'
import { admit } from './admit.ts'
import { ask, toAsked, toLost, type AskedModel } from './asked-model.ts'
import { boundRequest } from './bound-request.ts'
import { countedPorts } from './counted-ports.ts'
import { openDecision, refuse } from './decision-receipts.ts'
import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { planRouting } from './plan-routing.ts'
import { bookCalls, closeCalls } from './settle-calls.ts'
import { callOptions } from './watch-stream.ts'

/** How many models race where nothing else is said. */
export const defaultRaceCandidates = 2
/** How many models may race. */
export const maxRaceCandidates = 5

/** How a race is run. */
export interface RaceOptions {
  /** @default 2 */
  candidates?: number
  /** Between two starts, in ms. @default 0 */
  staggerMs?: number
}

/**
 * Asks several models at once; the first answer that satisfies the contract wins, the others are aborted, charged and
 * listed on the one receipt.
 * @throws {ParleyError} `limit_exceeded` for more than 5 candidates; the signal's reason when aborted
 */
export async function runRace(
  plan: ModelCallPlan,
  given: ModelCallPorts,
  { candidates = defaultRaceCandidates, staggerMs = 0 }: RaceOptions = {},
): Promise<ModelCallOutcome> {
  checkCandidates(candidates)
  const ports = countedPorts(given)
  const { clock, signal, router } = ports
  const planned = await planRouting(plan, ports)
  const admission = await admit(plan, ports, planned, ({ ranked }) => pickDistinct(ranked, candidates))
  if (admission.status !== 'admitted') return refuse(plan, ports, planned, admission, 'race')
  const { key, models, maxOutputTokens, downgrade } = admission
  const note =
    models.length < candidates ? `race of ${models.length}: of ${candidates} wanted no more are eligible` : undefined
  const startedAtMs = clock.monotonicMs()
  const field = models.map(toAsked)
  const over = new AbortController()
  const receipt = await openDecision(plan, ports, planned, admission, { strategy: 'race', note })

  let winner: AskedModel | undefined
  await Promise.all(
    field.map(async (asked, place) => {
      const own = AbortSignal.any([signal, over.signal])
      if (!(await waitForStart(place * staggerMs, own, ports))) return
      const request = boundRequest(plan.request, asked.ranked, ports.budget, maxOutputTokens)
      await ask(asked, request, ports, { ...callOptions(plan, own), tenantId: plan.account.tenantId })
      if (asked.end.status !== 'valid' || winner !== undefined) return
      winner = asked
      over.abort(beaten(asked.ranked.modelId))
    }),
  )

  const lost = field.filter((asked) => asked !== winner).map((asked) => toLost(asked, lossOf(asked, winner), router))
  const common = { startedAtMs, lost, spent: await bookCalls(key, field, ports) }
  const more = downgrade === undefined ? {} : { downgrade }
  // Assigned by the callbacks above, which the checker does not follow.
  const won = winner as AskedModel | undefined
  if (won?.end.status === 'valid') {
    const { modelId } = won.ranked
    const { result, value } = won.end
    const done = await closeCalls(receipt, field, { ...common, status: 'success', modelId, taken: won }, ports)
    if (result.text !== '') ports.onDelta?.(result.text, { modelId, isProvisional: false })
    return { status: 'completed', receipt: done, result, value, modelId, ...more }
  }
  if (signal.aborted) {
    await closeCalls(receipt, field, { ...common, status: 'cancelled' }, ports)
    throw signal.reason
  }
  const failure = commonFailure(field)
  const done = await closeCalls(receipt, field, { ...common, status: 'failed', errorCode: failure.code }, ports)
  const invalid = field.find(({ end }) => end.status === 'invalid')
  if (invalid?.end.status === 'invalid' && field.every(({ end }) => end.status === 'invalid')) {
    const { result, faults } = invalid.end
    return { status: 'invalid', receipt: done, result, faults, modelId: invalid.ranked.modelId, ...more }
  }
  return { status: 'failed', receipt: done, error: failure, ...more }
}

/** The best models, each of another provider as far as there are such. */
export function pickDistinct(ranked: readonly RankedModel[], count: number): RankedModel[] {
  const seen = new Set<string>()
  const first: RankedModel[] = []
  const second: RankedModel[] = []
  for (const model of ranked) {
    const list = seen.has(model.provider) ? second : first
    seen.add(model.provider)
    list.push(model)
  }
  const taken = new Set([...first, ...second].slice(0, count))
  return ranked.filter((model) => taken.has(model))
}

/** False when the race was over before the start. */
async function waitForStart(delayMs: number, signal: AbortSignal, { clock }: ModelCallPorts): Promise<boolean> {
  if (delayMs > 0) {
    await clock.sleep(delayMs, { signal }).catch((reason: unknown) => {
      if (!signal.aborted) throw reason
    })
  }
  return !signal.aborted
}

function lossOf({ end }: AskedModel, winner: AskedModel | undefined): LostCandidate['reason'] {
  if (end.status === 'failed' || end.status === 'invalid') return end.status
  return winner === undefined ? 'cancelled' : 'slower'
}

/** One error for all that failed, with what each of them said. */
function commonFailure(field: readonly AskedModel[]): ParleyError {
  const causes = field.map(({ ranked, end }) =>
    end.status === 'failed'
      ? { model: ranked.modelId, code: end.error.code, message: end.error.message }
      : { model: ranked.modelId, code: 'contract_output', message: 'The answer does not satisfy its contract.' },
  )
  const errors = field.flatMap(({ end }) => (end.status === 'failed' ? [end.error] : []))
  const [first] = errors
  const isOneCode =
    first !== undefined && errors.length === field.length && errors.every(({ code }) => code === first.code)
  return new ParleyError({
    code: isOneCode ? first.code : errors.length === 0 ? 'contract_output' : 'step_failed',
    message: `None of ${field.length} racing models gave a valid answer: ${causes.map(({ model, code }) => `${model} (${code})`).join(', ')}.`,
    retryable: errors.length < field.length || errors.some(({ retryable }) => retryable),
    details: { causes },
  })
}

function beaten(modelId: string): ParleyError {
  return new ParleyError({ code: 'late_result', message: `"${modelId}" won the race.`, details: { model: modelId } })
}

function checkCandidates(candidates: number): void {
  if (Number.isInteger(candidates) && candidates >= 1 && candidates <= maxRaceCandidates) return
  throw new ParleyError({
    code: 'limit_exceeded',
    message: `A race takes 1 to ${maxRaceCandidates} models, not ${candidates}.`,
    details: { limit: 'race_candidates', max: maxRaceCandidates, actual: candidates },
  })
}
