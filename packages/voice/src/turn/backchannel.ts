import { commitBackchannel } from './commit-turn.ts'
import { audible, audioBlock, judgesSpeech } from './guards.ts'
import { interrupt } from './interrupt.ts'
import { countWords, endsWithQuestion } from './normalize-text.ts'
import { changeOpen, finalText, turnText } from './open-turn.ts'
import { cancelTimer, nextId, note, setTimer, type Step } from './turn-step.ts'

/** How long the judgement of a backchannel may take, in milliseconds. */
const verdictMs = 150

/** Whether what was said may be a mere "mm-hm", so that somebody who knows the language has to say. */
export function needsVerdict(step: Step): boolean {
  const { state, settings } = step
  const utterance = audible(step)
  if (settings.interruption.mode !== 'adaptive' || utterance === undefined || state.open === null) return false
  const text = turnText(state.open)
  if (text === '' || state.backchannel?.text === text) return false
  const { maxMs, maxWords, boundaryStartMs } = settings.backchannel
  const ongoingMs = state.speech === null ? 0 : step.nowMs - state.speech.startedAtMs
  return (
    countWords(text) <= maxWords &&
    state.open.voicedMs + ongoingMs <= maxMs &&
    state.open.startedAtMs - (utterance.playingSinceMs ?? step.nowMs) >= boundaryStartMs &&
    !endsWithQuestion(utterance.tail)
  )
}

export function askBackchannel(step: Step): void {
  const { state } = step
  if (state.open === null) return
  settlePending(step)
  const id = nextId(step, 'backchannel')
  const text = turnText(state.open)
  const durationMs = state.open.voicedMs + (state.speech === null ? 0 : step.nowMs - state.speech.startedAtMs)
  state.backchannel = { id, text, startedAtMs: state.open.startedAtMs, phase: 'asked', turn: null }
  setTimer(step, 'backchannel', step.nowMs + verdictMs)
  step.effects.push({ type: 'askBackchannel', id, text, durationMs })
}

/** The judgement came, or its time is over. */
export function takeVerdict(step: Step, id: string, isBackchannel: boolean): void {
  const { state } = step
  const pending = state.backchannel
  if (pending === null || pending.id !== id || pending.phase !== 'asked') {
    return note(step, 'ignored', { event: 'backchannelVerdict', reason: 'stale', id })
  }
  cancelTimer(step, 'backchannel')
  if (turnText(state.open) !== pending.text) {
    // The words are not those any more: whoever looks next judges anew.
    state.backchannel = null
    return note(step, 'ignored', { event: 'backchannelVerdict', reason: 'otherWords', id })
  }
  if (!isBackchannel) {
    state.backchannel = { ...pending, phase: 'refused' }
    return interruptByText(step)
  }
  const untilMs = pending.startedAtMs + step.settings.backchannel.boundaryEndMs
  state.backchannel = { ...pending, phase: 'accepted', turn: state.open }
  state.open = null
  state.decision = null
  for (const timer of ['decision', 'maxTurn', 'watchdog', 'agentBackchannel'] as const) cancelTimer(step, timer)
  // The agent goes on at once, as soon as the person is silent.
  if (state.pause !== null) state.pause = { ...state.pause, isDue: true }
  if (untilMs > step.nowMs) return setTimer(step, 'backchannel', untilMs)
  settlePending(step)
}

/** Writes an accepted one down: the agent spoke on long enough after it. */
export function settlePending(step: Step): void {
  const { state } = step
  const pending = state.backchannel
  cancelTimer(step, 'backchannel')
  state.backchannel = null
  if (pending?.phase === 'accepted' && pending.turn !== null) commitBackchannel(step, pending.turn)
}

/** The agent stopped right after it: it was an answer. */
export function takeBackchannelBack(step: Step): void {
  const { state } = step
  const pending = state.backchannel
  if (pending === null) return
  cancelTimer(step, 'backchannel')
  state.backchannel = null
  if (pending.phase !== 'accepted' || pending.turn === null) return
  const { turn } = pending
  note(step, 'backchannelTakenBack', { turnId: turn.turnId })
  if (state.open === null) state.open = { ...turn, isKept: true, activityAtMs: step.nowMs }
  else changeOpen(step, { parts: [...turn.parts, ...state.open.parts], startedAtMs: turn.startedAtMs, isKept: true })
  setTimer(step, 'watchdog', step.nowMs + step.settings.userTurn.watchdogMs)
}

/** Final words while the agent is heard: enough of them silence it. */
export function interruptByText(step: Step): void {
  const { state, settings } = step
  if (audible(step) === undefined || !judgesSpeech(step) || audioBlock(step) !== null) return
  if (state.backchannel?.phase === 'asked' && state.backchannel.text === turnText(state.open)) return
  const words = countWords(finalText(state.open))
  if (words < Math.max(1, settings.interruption.minWords)) return
  if (needsVerdict(step)) return askBackchannel(step)
  interrupt(step, 'speech')
}
