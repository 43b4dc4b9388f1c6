import { speechEnded, speechStarted } from './barge-in.ts'
import { openDecision } from './endpointing.ts'
import { interrupt } from './interrupt.ts'
import { abortSpeculation } from './speculation.ts'
import { commitByHand } from './take-command.ts'
import type { TurnState } from './turn-state.ts'
import { note, type Step } from './turn-step.ts'

/** The person's microphone was switched. */
export function muted(step: Step, isMuted: boolean): void {
  const { state } = step
  if (state.isMuted === isMuted) return
  state.isMuted = isMuted
  if (!isMuted || state.open === null) return
  if (state.speech !== null) speechEnded(step, undefined)
  openDecision(step, 'mute', state.lastVoicedAtMs ?? step.nowMs)
}

/** Push-to-talk: pressed is speech at once, let go is a commit. */
export function talk(step: Step, isDown: boolean): void {
  const { state } = step
  if (state.isOnHold || state.isLost) return note(step, 'ignored', { event: 'talk', reason: 'guard' })
  if (isDown) {
    if (state.speech !== null) state.speech = { ...state.speech, source: 'talk', weighed: 'no' }
    else speechStarted(step, undefined, 'talk')
    return
  }
  if (state.speech?.source !== 'talk') return note(step, 'ignored', { event: 'talk', reason: 'silent' })
  speechEnded(step, undefined)
  commitByHand(step, 'talk')
}

/** Somebody else has the conversation, or the agent has it again. */
export function roomMode(step: Step, mode: TurnState['mode']): void {
  const { state } = step
  if (state.mode === mode) return
  state.mode = mode
  if (mode === 'agent') return
  abortSpeculation(step, 'mode')
  interrupt(step, 'mode', { force: true })
}
