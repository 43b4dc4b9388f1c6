import { ParleyError, checkOptions } from '@parley/spec'

/** What a transfer came to. */
export interface TransferResult {
  outcome: TransferOutcome
  /** Of `failed`, where the carrier gives one. */
  sipCode?: number
}

export type TransferOutcome =
  | 'accepted'
  | 'busy'
  | 'noAnswer'
  | 'declined'
  | 'failed'
  /** The caller hung up while it ran. */
  | 'callerLeft'
  /** The person who had accepted has hung up. */
  | 'humanLeft'
  /** It was called off. */
  | 'cancelled'

/** How the other line answered. */
export type DialOutcome =
  | { outcome: 'accepted' }
  | { outcome: 'busy' | 'noAnswer' | 'declined' }
  | { outcome: 'failed'; sipCode?: number }

/** The caller is handed on without a word to who takes the call. */
export interface ColdTransfer {
  kind: 'cold'
  /** A number or address that the carrier takes. */
  to: string
  /** Said to the caller, and heard, before it rings. */
  announce?: string
  /** Said to the caller once the other line has answered, never before. */
  transferredText?: string
  /** How long it may ring. @default 30 000 */
  timeoutMs?: number
}

/** A person is told what it is about, and may accept or decline. */
export interface WarmTransfer {
  kind: 'warm'
  to: string
  /** Spoken to the person by the agent. */
  briefing: string
  announce?: string
  /** How long it may ring. @default 30 000 */
  timeoutMs?: number
  /** How long the person may take to accept, from the end of the briefing. @default 45 000 */
  acceptMs?: number
  /** What the agent does after the merge. @default 'leave' */
  agentAfter?: 'leave' | 'monitor'
  /** Said to the person when the caller has hung up meanwhile. */
  callerLeftText?: string
  /** Language of the words that accept or decline. @default 'en' */
  language?: string
}

export type TransferRequest = ColdTransfer | WarmTransfer

/** Bounds of transfers, in ms. */
export const defaultTransferOptions: Readonly<{
  timeoutMs: number
  acceptMs: number
  /** Allowance over the carrier's ringing limit before we end the ringing. */
  ringAllowanceMs: number
  /** Bound on each announcement and briefing. */
  speechBoundMs: number
  agentAfter: 'leave' | 'monitor'
  callerLeftText: string
}> = Object.freeze({
  timeoutMs: 30_000,
  acceptMs: 45_000,
  ringAllowanceMs: 2_000,
  speechBoundMs: 30_000,
  agentAfter: 'leave',
  callerLeftText: 'The caller has hung up. Thank you.',
})

const keysOf: Readonly<Record<TransferRequest['kind'], readonly string[]>> = {
  cold: ['kind', 'to', 'announce', 'transferredText', 'timeoutMs'],
  warm: ['kind', 'to', 'briefing', 'announce', 'timeoutMs', 'acceptMs', 'agentAfter', 'callerLeftText', 'language'],
}

/** @throws {ParleyError} `invalid_options` */
export function checkTransferRequest(request: TransferRequest): void {
  const keys = keysOf[request.kind]
  if (keys === undefined || typeof request.to !== 'string' || request.to === '') {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'A transfer takes a kind, "cold" or "warm", and whom it goes to.',
      details: { path: keys === undefined ? 'kind' : 'to' },
    })
  }
  checkOptions(`A ${request.kind} transfer`, request, keys)
}
