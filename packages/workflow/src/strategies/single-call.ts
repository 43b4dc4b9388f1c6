import { ParleyError, type ChatPart, type ReceiptHop } from '@parley/spec'
import type { CallsEnd } from '../routing/model-receipt.ts'
import type { RankedModel } from '../routing/route.ts'
import { admit, nextKey } from './admit.ts'
import { spendOfAsked, toHop } from './asked-model.ts'
import { boundRequest } from './bound-request.ts'
import { estimateOf, sumSpends, toSpend, type CallSpend } from './call-spend.ts'
import { countedPorts, type CountedPorts } from './counted-ports.ts'
import { closeDecision, openDecision, refuse } from './decision-receipts.ts'
import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { planRouting, type PlannedRouting } from './plan-routing.ts'
import { streamAnswer } from './stream-answer.ts'
import { openCall } from './watch-stream.ts'

/** How one model's answer is streamed and judged. */
export interface SingleCallOptions {
  /** Why it is one model although more were asked for. */
  note?: string
  /** Whether an answer that was cut or held back is passed on like any other. @default false */
  takesAnyEnd?: boolean
  /** What was read from the plan before. @default read now */
  planned?: PlannedRouting
}

/**
 * Asks the best model, and the next ones where one fails in a way that may pass before its first content. Gives the parts
 * of the one answer as they come, and what came of it at the end. A reader that leaves early ends the call; it is booked
 * at what had come.
 * @throws the signal's reason when aborted
 */
export async function* singleCall(
  plan: ModelCallPlan,
  callerPorts: ModelCallPorts,
  { note, takesAnyEnd = false, planned: given }: SingleCallOptions = {},
): AsyncGenerator<ChatPart, ModelCallOutcome, void> {
  const ports = countedPorts(callerPorts)
  const { router, budget, clock, signal } = ports
  const planned = given ?? (await planRouting(plan, ports))
  const admission = await admit(plan, ports, planned, ({ ranked }) => ranked.slice(0, 1))
  if (admission.status !== 'admitted') return refuse(plan, ports, planned, admission, 'single')
  const { decision, downgrade, models, maxOutputTokens } = admission
  const { fallbackChain } = decision
  const opened = await openDecision(plan, ports, planned, admission, { strategy: 'single', fallbackChain, note })

  const chain = [models[0], ...decision.ranked.filter(({ modelId }) => fallbackChain.includes(modelId))]
  const startedAtMs = clock.monotonicMs()
  const hops: ReceiptHop[] = []
  const spends: CallSpend[] = []
  let isClosed = false
  const close = async (end: Pick<CallsEnd, 'status'> & Partial<CallsEnd>): ReturnType<typeof closeDecision> => {
    isClosed = true
    const { usage, costNanoUsd } = sumSpends(spends)
    const latencyMs = Math.round(clock.monotonicMs() - startedAtMs)
    return closeDecision(opened, { latencyMs, usage, costNanoUsd, hops, ...end }, ports)
  }

  let heldKey: string | undefined = admission.key
  let failure = unasked(models[0].modelId)
  try {
    for (const [index, ranked] of chain.entries()) {
      const { modelId } = ranked
      const key: string | undefined = heldKey ?? (await reserveHop(ranked, plan, ports))
      heldKey = undefined
      if (key === undefined) continue
      const leave = ports.enter === undefined ? undefined : await enterOrRelease(ranked, key, plan, ports, ports.enter)
      const asked: Parameters<typeof streamAnswer>[0] = {
        ranked,
        seen: openCall(router.model(modelId), clock),
        end: { status: 'cancelled' },
      }
      try {
        const request = boundRequest(plan.request, ranked, budget, index === 0 ? maxOutputTokens : undefined)
        yield* streamAnswer(asked, request, plan, ports, takesAnyEnd)
      } finally {
        leave?.()
        const spend = spendOfAsked(asked, router)
        const hop = toHop(asked, clock.monotonicMs())
        if (hop !== undefined) hops.push(hop)
        if (spend === undefined) await budget.release(key)
        else {
          spends.push(spend)
          await budget.settle(key, toSpend(spend, 1), spend.basis)
        }
      }
      const { end, seen } = asked
      const told = {
        ...(seen.firstTokenMs === undefined ? {} : { firstTokenMs: Math.round(seen.firstTokenMs) }),
        ...('result' in end ? { finishReason: end.result.reason } : {}),
      }
      const more = downgrade === undefined ? {} : { downgrade }
      if (end.status === 'valid') {
        const receipt = await close({ status: 'success', ...told })
        return { status: 'completed', receipt, result: end.result, value: end.value, modelId, ...more }
      }
      if (end.status === 'invalid') {
        const receipt = await close({ status: 'failed', errorCode: 'contract_output', ...told })
        return { status: 'invalid', receipt, result: end.result, faults: end.faults, modelId, ...more }
      }
      if (end.status === 'failed') failure = end.error
      signal.throwIfAborted()
      if (!failure.retryable || seen.hasContent) break
    }
    const receipt = await close({ status: 'failed', errorCode: failure.code })
    return { status: 'failed', receipt, error: failure, ...(downgrade === undefined ? {} : { downgrade }) }
  } finally {
    // A reader that left, or an abort.
    if (!isClosed) await close({ status: 'cancelled' })
  }
}

/** Holds the cost of the next model of the chain; nothing when it does not fit, for then a later one may. */
async function reserveHop(ranked: RankedModel, plan: ModelCallPlan, ports: CountedPorts): Promise<string | undefined> {
  const key = nextKey(plan, ports)
  const reservation = await ports.budget.reserve(key, estimateOf([ranked]), { signal: ports.signal })
  return reservation.ok ? key : undefined
}

/** Waits until the call may be made; who is stopped before holds nothing any more. */
async function enterOrRelease(
  { provider }: RankedModel,
  key: string,
  { account: { tenantId } }: ModelCallPlan,
  { budget, signal }: CountedPorts,
  enter: NonNullable<ModelCallPorts['enter']>,
): Promise<() => void> {
  try {
    return await enter({ provider, tenantId }, signal)
  } catch (reason) {
    await budget.release(key)
    throw reason
  }
}

function unasked(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_unavailable',
    message: `The model "${modelId}" gave no answer. Try again.`,
    details: { model: modelId },
  })
}
