import { assertNever } from '@parley/spec'
import { judgeAcceptance } from './accept-words.ts'
import {
  checkTransferRequest,
  defaultTransferOptions,
  type TransferResult,
  type WarmTransfer,
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

const timers = ['speech', 'ringing', 'accept'] as const

/**
 * Makes the machine of a warm transfer: the caller is held, a person is rung, told and asked, and only their yes merges.
 * @throws {ParleyError} `invalid_options`
 */
export function createWarmTransfer(request: WarmTransfer): TransferMachine {
  checkTransferRequest(request)
  const { to, announce, briefing, language } = request
  const { ringAllowanceMs, speechBoundMs } = defaultTransferOptions
  const { timeoutMs, acceptMs, agentAfter, callerLeftText } = { ...defaultTransferOptions, ...request }

  const ring = (nowMs: number): TransferStep => ({
    state: { phase: 'ringing', hasLeg: false },
    effects: [
      { type: 'cancelTimer', timer: 'speech' },
      { type: 'hold', on: true },
      { type: 'dial', to, timeoutMs },
      { type: 'setTimer', timer: 'ringing', atMs: nowMs + timeoutMs + ringAllowanceMs },
    ],
  })
  const brief = (nowMs: number): TransferStep => ({
    state: { phase: 'briefing', hasLeg: true },
    effects: [
      { type: 'cancelTimer', timer: 'ringing' },
      { type: 'brief', text: briefing },
      { type: 'setTimer', timer: 'speech', atMs: nowMs + speechBoundMs },
    ],
  })
  const decide = (nowMs: number): TransferStep => ({
    state: { phase: 'deciding', hasLeg: true },
    effects: [
      { type: 'cancelTimer', timer: 'speech' },
      { type: 'setTimer', timer: 'accept', atMs: nowMs + acceptMs },
    ],
  })
  const merge = (): TransferStep => ({
    state: { phase: 'connected', hasLeg: true },
    effects: [
      ...stopTimers(),
      { type: 'merge', agentAfter },
      { type: 'hold', on: false },
      { type: 'settle', result: { outcome: 'accepted' } },
    ],
  })
  const giveUp = (state: TransferState, result: TransferResult): TransferStep => {
    const effects: TransferEffect[] = stopTimers()
    if (state.phase === 'ringing') effects.push({ type: 'cancelDial' })
    if (state.hasLeg) effects.push({ type: 'closeLeg' })
    if (state.phase !== 'announcing' && state.phase !== 'connected') effects.push({ type: 'hold', on: false })
    effects.push({ type: 'resumeAgent', result })
    if (state.phase !== 'connected') effects.push({ type: 'settle', result })
    return { state: { phase: 'done', hasLeg: false }, effects }
  }
  /** The caller is gone: the person who was rung is told, then let go. */
  const callerLeft = (state: TransferState, nowMs: number): TransferStep => {
    const settle: TransferEffect[] =
      state.phase === 'connected' ? [] : [{ type: 'settle', result: { outcome: 'callerLeft' } }]
    if (state.phase === 'briefing' || state.phase === 'deciding') {
      return {
        state: { phase: 'telling', hasLeg: true },
        effects: [
          ...stopTimers(),
          { type: 'tell', text: callerLeftText },
          { type: 'setTimer', timer: 'speech', atMs: nowMs + speechBoundMs },
          ...settle,
        ],
      }
    }
    const effects: TransferEffect[] = stopTimers()
    if (state.phase === 'ringing') effects.push({ type: 'cancelDial' })
    if (state.hasLeg) effects.push({ type: 'closeLeg' })
    return { state: { phase: 'done', hasLeg: false }, effects: [...effects, ...settle] }
  }
  const answer = (state: TransferState, verdict: 'accept' | 'decline' | null): TransferStep => {
    // A person who has heard enough may take the call before the briefing ends.
    if (verdict === null || (state.phase !== 'briefing' && state.phase !== 'deciding')) return unchanged(state)
    return verdict === 'accept' ? merge() : giveUp(state, { outcome: 'declined' })
  }
  const onTimer = (state: TransferState, timer: (typeof timers)[number], nowMs: number): TransferStep => {
    if (timer === 'speech') {
      if (state.phase === 'announcing') return ring(nowMs)
      if (state.phase === 'briefing') return decide(nowMs)
      return state.phase === 'telling' ? letGo() : unchanged(state)
    }
    if (timer === 'ringing')
      return state.phase === 'ringing' ? giveUp(state, { outcome: 'noAnswer' }) : unchanged(state)
    return state.phase === 'deciding' ? giveUp(state, { outcome: 'declined' }) : unchanged(state)
  }

  return Object.freeze({
    initial: initialTransferState,
    step(state: TransferState, event: TransferEvent, nowMs: number): TransferStep {
      if (state.phase === 'done') {
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
              { type: 'setTimer', timer: 'speech', atMs: nowMs + speechBoundMs },
            ],
          }
        case 'announced':
          return state.phase === 'announcing' ? ring(nowMs) : unchanged(state)
        case 'dialed':
          if (state.phase !== 'ringing') return unchanged(state)
          if (event.result.outcome === 'accepted') return brief(nowMs)
          return giveUp({ phase: 'deciding', hasLeg: false }, toTransferResult(event.result))
        case 'briefed':
          return state.phase === 'briefing' ? decide(nowMs) : unchanged(state)
        case 'told':
          return state.phase === 'telling' ? letGo() : unchanged(state)
        case 'key':
          return answer(state, event.digit === '1' ? 'accept' : event.digit === '2' ? 'decline' : null)
        case 'spoken':
          return answer(state, judgeAcceptance(event.text, language))
        case 'button':
          return answer(state, event.accept ? 'accept' : 'decline')
        case 'personHungUp':
          if (state.phase === 'connected') return giveUp({ ...state, hasLeg: false }, { outcome: 'humanLeft' })
          if (state.phase === 'telling') return letGo({ isThere: false })
          if (state.phase !== 'briefing' && state.phase !== 'deciding') return unchanged(state)
          return giveUp({ ...state, hasLeg: false }, { outcome: 'declined' })
        case 'callerHungUp':
          return state.phase === 'telling' ? unchanged(state) : callerLeft(state, nowMs)
        case 'cancel':
          return state.phase === 'connected' || state.phase === 'telling'
            ? unchanged(state)
            : giveUp(state, { outcome: 'cancelled' })
        case 'timerFired':
          return onTimer(state, event.timer, nowMs)
        default:
          return assertNever(event)
      }
    },
  })
}

function stopTimers(): TransferEffect[] {
  return timers.map((timer) => ({ type: 'cancelTimer', timer }))
}

function letGo({ isThere = true }: { isThere?: boolean } = {}): TransferStep {
  return {
    state: { phase: 'done', hasLeg: false },
    effects: [...stopTimers(), ...(isThere ? [{ type: 'closeLeg' } as const] : [])],
  }
}
