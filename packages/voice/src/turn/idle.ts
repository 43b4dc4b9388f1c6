import { cancelTimer, isSpeaking, note, setTimer, type Step } from './turn-step.ts'

/** Counts the time in which both are silent. */
export function keepIdle(step: Step): void {
  const { state, settings } = step
  const isQuiet =
    state.isStarted &&
    state.floorId === null &&
    state.awaiting === null &&
    state.decision === null &&
    state.utterances.length === 0 &&
    !isSpeaking(state) &&
    !state.isOnHold &&
    !state.isMuted &&
    !state.isFrozen &&
    !state.isAmd &&
    !state.isLost &&
    state.mode === 'agent'
  if (!isQuiet) {
    state.silentSinceMs = null
    return cancelTimer(step, 'idle')
  }
  if (state.silentSinceMs !== null) return
  state.silentSinceMs = step.nowMs
  setTimer(step, 'idle', step.nowMs + settings.idle.awayMs)
}

/** The silence has lasted: the person is away, is spoken to, and at last the call ends. */
export function idleDue(step: Step): void {
  const { state, settings } = step
  const { awayMs, prompts, hangupMs } = settings.idle
  if (state.silentSinceMs === null) return
  if (!state.isAway) {
    state.isAway = true
    step.effects.push({ type: 'notify', event: 'userAway', data: { silentMs: step.nowMs - state.silentSinceMs } })
    note(step, 'away', { silentMs: step.nowMs - state.silentSinceMs, awayMs })
  }
  if (state.idlePrompts < prompts) {
    state.idlePrompts += 1
    step.effects.push({ type: 'playPrompt', count: state.idlePrompts })
    note(step, 'prompted', { count: state.idlePrompts })
    return setTimer(step, 'idle', step.nowMs + awayMs)
  }
  if (hangupMs === 0) return
  const dueMs = state.silentSinceMs + hangupMs
  if (dueMs > step.nowMs) return setTimer(step, 'idle', dueMs)
  step.effects.push({ type: 'hangUp', reason: 'idle' })
  note(step, 'hungUp', { silentMs: step.nowMs - state.silentSinceMs, hangupMs })
}
