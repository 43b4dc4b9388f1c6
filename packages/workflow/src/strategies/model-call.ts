import type {
  Budget,
  CallOptions,
  CapabilityHint,
  ChatRequest,
  ChatResult,
  Clock,
  ContractFault,
  Embedder,
  EnvelopeKind,
  ExceededCap,
  ModelReceipt,
  OnExceed,
  ParleyError,
  StrategySpec,
  Tier,
} from '@parley/spec'
import type { Router } from '../routing/create-router.ts'
import type { CallAccount } from '../routing/model-receipt.ts'
import type { PrivacyDemand } from '../routing/route-request.ts'

/** What is asked of models for one decision: by a step, by a judge, by an agent. */
export interface ModelCallPlan {
  /** First part of the reservation keys: `run:step_key:attempt`. */
  key: string
  /** Above 1 when an interrupted attempt runs again. @default 1 */
  dispatch?: number
  request: ChatRequest
  tier: Tier
  /** The highest tier that an earlier downgrade of the envelope leaves. */
  maxTier?: Tier
  /** The tier or model that was asked for before an earlier downgrade. */
  downgradedFrom?: string
  /** @default `{ type: 'single' }` */
  strategy?: StrategySpec
  capabilities?: readonly CapabilityHint[]
  /** An id; `auto` or nothing: any. */
  model?: string
  providers?: { allow?: readonly string[]; deny?: readonly string[] }
  privacy?: PrivacyDemand
  minQuality?: number | null
  /** Whether the prompt is not as its author wrote it. @default false */
  promptRewritten?: boolean
  /** @default 'step' */
  purpose?: NonNullable<CallOptions['purpose']>
  /** Handed to the model's adapter. */
  metadata?: Record<string, string>
  account: CallAccount
}

/** Whether an answer satisfies its contract. */
export type AnswerCheck = { ok: true; value: unknown } | { ok: false; faults: ContractFault[] }

/** Whether two answers say the same. */
export type DraftComparer = (draft: string, verifier: string) => boolean | Promise<boolean>

/** What the calls of one decision are made with. */
export interface ModelCallPorts {
  router: Router
  /** The innermost envelope; a call must fit it and all around it. */
  budget: Budget
  clock: Clock
  signal: AbortSignal
  /** Waits until one more call may be under way, and gives what ends that. Absent: there is no limit. */
  enter?: (place: { provider: string; tenantId: string }, signal: AbortSignal) => Promise<() => void>
  /** Counts the reservations of an attempt, from 1. @default counted per decision */
  nextCall?: () => number
  /** @default any answer, its text as the value */
  validate?: (result: ChatResult) => AnswerCheck | Promise<AnswerCheck>
  /** Given each receipt twice under one id: before anything is sent, and complete; once when nothing is sent. */
  onReceipt?: (receipt: ModelReceipt) => void | Promise<void>
  /** Text as it comes; of a draft it is provisional. */
  onDelta?: (text: string, from: { modelId: string; isProvisional: boolean }) => void
  /** The whole draft of a speculation. Provisional: neither stored nor seen by other steps. */
  onDraft?: (draft: { modelId: string; text: string; value: unknown }) => void
  /** Of `compare: { embedding }`. */
  embedder?: Embedder
  /** Of `compare: { function }`, by name. */
  comparers?: ReadonlyMap<string, DraftComparer>
}

/** A lower tier that was taken because a budget asked for it: it holds for later steps of that envelope too. */
export interface Downgrade {
  from: Tier
  to: Tier
  envelope: { kind: EnvelopeKind; id: string }
}

/** What came of a decision. An abort is none of these: it rejects with the signal's reason. */
export type ModelCallOutcome = { receipt: ModelReceipt; downgrade?: Downgrade } & (
  | {
      status: 'completed'
      result: ChatResult
      value: unknown
      modelId: string
      /** Of a speculation: whether the verifier stands behind it. */
      verified?: boolean
    }
  /** The answer fails its contract: a failed attempt. */
  | { status: 'invalid'; result: ChatResult; faults: ContractFault[]; modelId: string }
  | { status: 'failed'; error: ParleyError }
  | { status: 'noModels'; error: ParleyError }
  | {
      status: 'budgetExceeded'
      onExceed: OnExceed
      envelope: { kind: EnvelopeKind; id: string }
      exceeded: ExceededCap
    }
)
