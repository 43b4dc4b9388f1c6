import type { Envelope, IdSource, LostCandidate, ModelReceipt, ReceiptCandidate, ReceiptHop, Usage } from '@parley/spec'
import type { Classification } from './classify-prompt.ts'

/** Whom a model call is made for. */
export interface CallAccount {
  tenantId: string
  taskId: string
  runId?: string
  stepKey?: string
  attempt?: number
  roomId?: string
}

/** What a receipt is opened with. */
export interface ReceiptDraft {
  account: CallAccount
  promptHash: string
  classification: Classification
  candidates: ReceiptCandidate[]
  decision: ModelReceipt['decision']
  estimateNanoUsd: number | null
  envelopes: readonly Envelope[]
  /** Set when nothing is sent. */
  errorCode?: string
}

/** Where a receipt comes from. */
export interface ReceiptStamp {
  ids: IdSource
  nowMs: number
  routerVersion: string
  priceVersion: string
  capabilityVersion: string
}

/** A receipt as it is written before anything is sent; with an `errorCode` it is complete, for nothing will be. */
export function openReceipt(draft: ReceiptDraft, { ids, nowMs, ...versions }: ReceiptStamp): ModelReceipt {
  const { account, errorCode } = draft
  return {
    receiptId: ids.next('rcpt'),
    kind: 'model_routing',
    tenantId: account.tenantId,
    taskId: account.taskId,
    ...(account.runId === undefined ? {} : { runId: account.runId }),
    ...(account.stepKey === undefined ? {} : { stepKey: account.stepKey }),
    ...(account.attempt === undefined ? {} : { attempt: account.attempt }),
    ...(account.roomId === undefined ? {} : { roomId: account.roomId }),
    createdAt: new Date(nowMs).toISOString(),
    ...versions,
    promptHash: draft.promptHash,
    classification: draft.classification,
    candidates: draft.candidates,
    decision: draft.decision,
    execution: {
      status: errorCode === undefined ? 'dispatched' : 'failed',
      actualCostNanoUsd: errorCode === undefined ? null : 0,
      actualLatencyMs: errorCode === undefined ? null : 0,
      tokens: { input: 0, output: 0, cached: 0, reasoning: 0 },
      hops: [],
      ...(errorCode === undefined ? {} : { errorCode }),
    },
    budget: {
      estimateNanoUsd: draft.estimateNanoUsd,
      settledNanoUsd: errorCode === undefined ? null : 0,
      envelopes: draft.envelopes.map(({ kind, id }) => ({ kind, id })),
    },
  }
}

/** What came of the calls of one decision. */
export interface CallsEnd {
  status: 'success' | 'failed' | 'cancelled'
  /** Whose output is used. Absent: the one decided on before. */
  modelId?: string
  costNanoUsd: number | null
  latencyMs: number
  firstTokenMs?: number
  finishReason?: string
  /** Of all calls together. */
  usage: Usage
  hops: ReceiptHop[]
  lost?: LostCandidate[]
  verified?: boolean
  errorCode?: string
  /** Added to the note of the decision. */
  note?: string
}

/** A receipt with what came of it; the one it was opened as stays as it is. */
export function completeReceipt(receipt: ModelReceipt, end: CallsEnd): ModelReceipt {
  const { usage } = end
  const notes = [receipt.decision.note, end.note].filter((note) => note !== undefined)
  return {
    ...receipt,
    decision: {
      ...receipt.decision,
      ...(end.modelId === undefined ? {} : { modelId: end.modelId }),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    },
    execution: {
      status: end.status,
      actualCostNanoUsd: end.costNanoUsd,
      actualLatencyMs: end.latencyMs,
      ...(end.firstTokenMs === undefined ? {} : { firstTokenMs: end.firstTokenMs }),
      ...(end.finishReason === undefined ? {} : { finishReason: end.finishReason }),
      tokens: {
        input: usage.inputTokens,
        output: usage.outputTokens,
        cached: usage.cachedInputTokens ?? 0,
        reasoning: usage.reasoningTokens ?? 0,
      },
      hops: end.hops,
      ...(end.lost === undefined || end.lost.length === 0 ? {} : { lost: end.lost }),
      ...(end.verified === undefined ? {} : { verified: end.verified }),
      ...(end.errorCode === undefined ? {} : { errorCode: end.errorCode }),
    },
    budget: { ...receipt.budget, settledNanoUsd: end.costNanoUsd },
  }
}
