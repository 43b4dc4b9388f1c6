import { settlePending } from './backchannel.ts'
import { closeTurn, commitTurn } from './commit-turn.ts'
import { interrupt } from './interrupt.ts'
import { turnText } from './open-turn.ts'
import { abortSpeculation } from './speculation.ts'
import { timerNames } from './turn-state.ts'
import { cancelTimer, note, type Step } from './turn-step.ts'

/** Ends everything: what was heard and what was said are committed, nothing is left to wait for. */
export function closeCall(step: Step): void {
  const { state } = step
  if (state.isClosing) return
  abortSpeculation(step, 'closed')
  interrupt(step, 'closed', { force: true })
  settlePending(step)
  state.speech = null
  if (turnText(state.open) !== '') {
    commitTurn(step, {
      anchorMs: state.lastVoicedAtMs ?? step.nowMs,
      source: 'speech',
      trigger: 'closed',
      isLast: true,
    })
  } else if (state.open !== null) {
    closeTurn(step, 'closed')
  }
  state.isClosing = true
  state.decision = null
  state.awaiting = null
  state.utterances = []
  for (const timer of timerNames) cancelTimer(step, timer)
  note(step, 'closed', {})
}
