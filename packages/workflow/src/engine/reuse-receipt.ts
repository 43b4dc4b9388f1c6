import type { ModelReceipt, StepCacheEntry } from '@parley/spec'
import type { Attempt } from './attempt.ts'

/** What a reused output came from. */
export interface ReuseOrigin {
  /** Of what the output was kept under. */
  promptHash: string
  /** Absent: no model gave it. */
  origin?: NonNullable<StepCacheEntry['origin']>
}

/** Keeps that an output was reused: nothing was sent, nothing was spent. */
export function keepReuseReceipt(attempt: Attempt, { promptHash, origin }: ReuseOrigin): void {
  const { scope, stepKey, number } = attempt
  const { id, tenantId, taskId, roomId } = scope.run
  const { routerVersion = '', priceVersion = '', capabilityVersion = '' } = origin ?? {}
  const modelId = origin?.decision.modelId ?? null
  const receipt: ModelReceipt = {
    receiptId: scope.ids.next('rcpt'),
    kind: 'model_routing',
    tenantId,
    taskId,
    runId: id,
    stepKey,
    attempt: number,
    ...(roomId === undefined ? {} : { roomId }),
    createdAt: new Date(scope.clock.now()).toISOString(),
    routerVersion,
    priceVersion,
    capabilityVersion,
    promptHash,
    classification: origin?.classification ?? { category: 'other', confidence: 0, signals: [] },
    candidates: [],
    decision: {
      modelId,
      strategy: origin?.decision.strategy ?? 'single',
      fallbackChain: [],
      promptRewritten: false,
      note: 'output reused',
    },
    execution: {
      status: 'success',
      actualCostNanoUsd: 0,
      actualLatencyMs: 0,
      tokens: { input: 0, output: 0, cached: 0, reasoning: 0 },
      hops: [],
      cached: true,
    },
    budget: { estimateNanoUsd: 0, settledNanoUsd: 0, envelopes: [] },
  }
  attempt.isReused = true
  if (modelId !== null) attempt.modelId = modelId
  attempt.receiptIds.push(receipt.receiptId)
  scope.receipts.push(receipt)
  scope.writer.receipt(receipt)
}
