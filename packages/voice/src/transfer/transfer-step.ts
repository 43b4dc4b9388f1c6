import type { DialOutcome, TransferResult } from './transfer-options.ts'

export type TransferTimer = 'speech' | 'ringing' | 'accept'

/** What can happen during a transfer. */
export type TransferEvent =
  | { type: 'start' }
  /** The announcement to the caller is over: heard, cut or failed. */
  | { type: 'announced' }
  | { type: 'dialed'; result: DialOutcome }
  /** The briefing of the person is over. */
  | { type: 'briefed' }
  /** What was to be told to the person is over. */
  | { type: 'told' }
  /** The person pressed a key, said something or used a button. */
  | { type: 'key'; digit: string }
  | { type: 'spoken'; text: string }
  | { type: 'button'; accept: boolean }
  | { type: 'personHungUp' | 'callerHungUp' | 'cancel' }
  | { type: 'timerFired'; timer: TransferTimer }

/** What a transfer wants done, in order. */
export type TransferEffect =
  | { type: 'setTimer'; timer: TransferTimer; atMs: number }
  | { type: 'cancelTimer'; timer: TransferTimer }
  /** To the caller; answered by `announced`. */
  | { type: 'announce'; text: string }
  /** To the caller, once the other line has answered. */
  | { type: 'sayTransferred'; text: string }
  /** While on, the caller's audio drives no agent. */
  | { type: 'hold'; on: boolean }
  /** Answered by `dialed`. */
  | { type: 'dial'; to: string; timeoutMs: number }
  | { type: 'cancelDial' }
  /** To the person; answered by `briefed`. */
  | { type: 'brief'; text: string }
  /** To the person; answered by `told`. */
  | { type: 'tell'; text: string }
  /** Caller and other line hear each other. */
  | { type: 'connect' }
  | { type: 'merge'; agentAfter: 'leave' | 'monitor' }
  | { type: 'closeLeg' }
  /** The agent has the call again, and knows why. */
  | { type: 'resumeAgent'; result: TransferResult }
  /** What it came to: once. */
  | { type: 'settle'; result: TransferResult }

/** Plain data: it can be stored and replayed. */
export interface TransferState {
  phase: 'idle' | 'announcing' | 'ringing' | 'briefing' | 'deciding' | 'telling' | 'connected' | 'done'
  /** There is another line to close. */
  hasLeg: boolean
}

export interface TransferStep {
  state: TransferState
  effects: TransferEffect[]
}

/** Takes one call through a transfer. Pure: no timers, no lines. */
export interface TransferMachine {
  readonly initial: TransferState
  step(state: TransferState, event: TransferEvent, nowMs: number): TransferStep
}

export const initialTransferState: TransferState = Object.freeze({ phase: 'idle', hasLeg: false })

/** Nothing happens. */
export function unchanged(state: TransferState): TransferStep {
  return { state, effects: [] }
}

/** A dial's outcome as that of the transfer. */
export function toTransferResult(result: DialOutcome): TransferResult {
  return result.outcome === 'failed' && result.sipCode !== undefined
    ? { outcome: 'failed', sipCode: result.sipCode }
    : { outcome: result.outcome }
}
