import type { LostCandidate, ModelReceipt } from '@parley/spec'
import type { CallsEnd } from '../routing/model-receipt.ts'
import { spendOfAsked, toHop, type AskedModel } from './asked-model.ts'
import { sumSpends, toSpend, type CallSpend } from './call-spend.ts'
import { closeDecision } from './decision-receipts.ts'
import type { ModelCallPorts } from './model-call.ts'

/** Books what calls took together under the one key that held it. */
export async function bookCalls(
  key: string,
  asked: readonly AskedModel[],
  { budget, router }: ModelCallPorts,
): Promise<CallSpend> {
  const spends = asked.map((one) => spendOfAsked(one, router)).filter((spend) => spend !== undefined)
  const total = sumSpends(spends)
  if (spends.length === 0) await budget.release(key)
  else await budget.settle(key, toSpend(total, spends.length), total.basis)
  return total
}

/** How calls that were made at once ended together. */
export interface JointEnd extends Pick<CallsEnd, 'status' | 'modelId' | 'verified' | 'errorCode' | 'note'> {
  spent: CallSpend
  startedAtMs: number
  /** Whose output is used. */
  taken?: AskedModel
  lost: (LostCandidate | undefined)[]
}

/** Completes the receipt of calls that were made at once. */
export function closeCalls(
  receipt: ModelReceipt,
  asked: readonly AskedModel[],
  { spent, startedAtMs, taken, lost, ...end }: JointEnd,
  ports: ModelCallPorts,
): Promise<ModelReceipt> {
  const nowMs = ports.clock.monotonicMs()
  const firstTokenMs = taken?.seen?.firstTokenMs
  const finishReason = taken !== undefined && 'result' in taken.end ? taken.end.result.reason : undefined
  return closeDecision(
    receipt,
    {
      ...end,
      costNanoUsd: spent.costNanoUsd,
      latencyMs: Math.round(nowMs - startedAtMs),
      usage: spent.usage,
      hops: asked.map((one) => toHop(one, nowMs)).filter((hop) => hop !== undefined),
      lost: lost.filter((one) => one !== undefined),
      ...(firstTokenMs === undefined ? {} : { firstTokenMs: Math.round(firstTokenMs) }),
      ...(finishReason === undefined ? {} : { finishReason }),
    },
    ports,
  )
}
