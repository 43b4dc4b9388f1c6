import { assertNever } from '@parley/spec'
import {
  checkTransferRequest,
  defaultTransferOptions,
  type ColdTransfer,
  type TransferResult,
} from './transfer-options.ts'
import {
  initialTransferState,
  toTransferResult,
  unchanged,
  type TransferEffect,
  type TransferEvent,
  type TransferMachine,
  type TransferState,
  type TransferStep,
} from './transfer-step.ts'

/**
 * Makes the machine of a cold transfer: announce, ring, and connect only who has accepted.
 * @throws {ParleyError} `invalid_options`
 */
export function createColdTransfer(request: ColdTransfer): TransferMachine {
  checkTransferRequest(request)
  const { to, announce, transferredText, timeoutMs = defaultTransferOptions.timeoutMs } = request

  const ring = (nowMs: number): TransferStep => ({
    state: { phase: 'ringing', hasLeg: false },
    effects: [
      { type: 'cancelTimer', timer: 'speech' },
      { type: 'dial', to, timeoutMs },
      // The carrier's limit may not be kept; ours is.
      { type: 'setTimer', timer: 'ringing', atMs: nowMs + timeoutMs + defaultTransferOptions.ringAllowanceMs },
    ],
  })
  const accept = (): TransferStep => ({
    state: { phase: 'connected', hasLeg: true },
    effects: [
      { type: 'cancelTimer', timer: 'ringing' },
      ...(transferredText === undefined ? [] : [{ type: 'sayTransferred', text: transferredText } as const]),
      { type: 'connect' },
      { type: 'settle', result: { outcome: 'accepted' } },
    ],
  })
  const giveUp = (state: TransferState, result: TransferResult, isCallerThere = true): TransferStep => {
    const effects: TransferEffect[] = [
      { type: 'cancelTimer', timer: 'speech' },
      { type: 'cancelTimer', timer: 'ringing' },
    ]
    if (state.phase === 'ringing') effects.push({ type: 'cancelDial' })
    if (state.hasLeg) effects.push({ type: 'closeLeg' })
    if (isCallerThere) effects.push({ type: 'resumeAgent', result })
    if (state.phase !== 'connected') effects.push({ type: 'settle', result })
    return { state: { phase: 'done', hasLeg: false }, effects }
  }

  return Object.freeze({
    initial: initialTransferState,
    step(state: TransferState, event: TransferEvent, nowMs: number): TransferStep {
      if (state.phase === 'done') {
        // Who answers after we have given up is not left waiting.
        return event.type === 'dialed' && event.result.outcome === 'accepted'
          ? { state, effects: [{ type: 'closeLeg' }] }
          : unchanged(state)
      }
      switch (event.type) {
        case 'start':
          if (state.phase !== 'idle') return unchanged(state)
          if (announce === undefined) return ring(nowMs)
          return {
            state: { phase: 'announcing', hasLeg: false },
            effects: [
              { type: 'announce', text: announce },
              { type: 'setTimer', timer: 'speech', atMs: nowMs + defaultTransferOptions.speechBoundMs },
            ],
          }
        case 'announced':
          return state.phase === 'announcing' ? ring(nowMs) : unchanged(state)
        case 'dialed':
          if (state.phase !== 'ringing') return unchanged(state)
          return event.result.outcome === 'accepted'
            ? accept()
            : giveUp({ phase: 'announcing', hasLeg: false }, toTransferResult(event.result))
        case 'timerFired':
          if (event.timer === 'speech' && state.phase === 'announcing') return ring(nowMs)
          if (event.timer === 'ringing' && state.phase === 'ringing') return giveUp(state, { outcome: 'noAnswer' })
          return unchanged(state)
        case 'callerHungUp':
          return giveUp(state, { outcome: 'callerLeft' }, false)
        case 'personHungUp':
          return state.phase === 'connected' ? giveUp(state, { outcome: 'humanLeft' }) : unchanged(state)
        case 'cancel':
          return state.phase === 'connected' ? unchanged(state) : giveUp(state, { outcome: 'cancelled' })
        case 'briefed':
        case 'told':
        case 'key':
        case 'spoken':
        case 'button':
          return unchanged(state)
        default:
          return assertNever(event)
      }
    },
  })
}
