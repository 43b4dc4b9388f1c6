import { speechEnded } from './barge-in.ts'
import { closeTurn, commitTurn } from './commit-turn.ts'
import { openDecision } from './endpointing.ts'
import { audioBlock, judgesSpeech } from './guards.ts'
import { interrupt } from './interrupt.ts'
import { countWords } from './normalize-text.ts'
import { apologize } from './floor.ts'
import { turnText } from './open-turn.ts'
import { floorHolder, isSpeaking, note, setTimer, type Step } from './turn-step.ts'

/** The turn lasts too long, or has too many words: what is there is committed. */
export function cutTurn(step: Step, limit: 'maxMs' | 'maxWords'): void {
  const { state } = step
  if (state.open === null) return
  if (state.isFrozen) return setTimer(step, 'maxTurn', step.nowMs + step.settings.userTurn.watchdogMs)
  const text = turnText(state.open)
  note(step, 'cutTurn', { limit, turnId: state.open.turnId, words: countWords(text) })
  if (text === '') {
    // Music or noise: sound without words keeps nothing open.
    state.speech = null
    state.mayInterject = false
    state.lastVoicedAtMs = step.nowMs
    return closeTurn(step, 'maxTurn')
  }
  if (judgesSpeech(step) && audioBlock(step) !== null) return openDecision(step, 'watchdog', step.nowMs)
  commitTurn(step, { anchorMs: step.nowMs, source: 'speech', trigger: 'maxTurn', truncated: 'maxTurn' })
}

/** Too many words make the turn too long as well. */
export function checkWords(step: Step): void {
  const { maxWords } = step.settings.userTurn
  if (maxWords > 0 && countWords(turnText(step.state.open)) > maxWords) cutTurn(step, 'maxWords')
}

/** An open turn in which nothing happens is decided. */
export function checkOpenTurn(step: Step): void {
  const { state, settings } = step
  if (state.open === null) return
  const { watchdogMs } = settings.userTurn
  const dueMs = state.open.activityAtMs + watchdogMs
  if (state.speech !== null || state.decision !== null || state.isFrozen || state.open.isKept) {
    return setTimer(step, 'watchdog', step.nowMs + watchdogMs)
  }
  if (dueMs > step.nowMs) return setTimer(step, 'watchdog', dueMs)
  note(step, 'watchdog', { turnId: state.open.turnId, activityAtMs: state.open.activityAtMs })
  openDecision(step, 'watchdog', state.open.activityAtMs)
}

/** There was speech and no text. */
export function noTranscript(step: Step): void {
  const { state, settings } = step
  const sinceMs = step.nowMs - settings.userTurn.noTranscriptMs
  if ((state.lastTextAtMs ?? -1) >= (state.speech?.startedAtMs ?? sinceMs)) return
  step.effects.push({ type: 'notify', event: 'noTranscript', data: { afterMs: settings.userTurn.noTranscriptMs } })
  note(step, 'noTranscript', { afterMs: settings.userTurn.noTranscriptMs })
}

/** A stage yields nothing: started again once, then its fallback takes over. */
export function stageStalled(step: Step, stage: 'vad' | 'stt'): void {
  const { state } = step
  if (stage === 'vad') {
    state.vadFailures += 1
    state.isVadAlive = false
    // Sound without an end would keep everything waiting.
    if (state.speech?.source === 'vad') speechEnded(step, step.nowMs)
  } else {
    state.sttFailures += 1
  }
  const attempt = stage === 'vad' ? state.vadFailures : state.sttFailures
  step.effects.push({ type: 'notify', event: 'stall', data: { stage, attempt } })
  step.effects.push({ type: 'restartStage', stage, attempt })
  note(step, 'stalled', { stage, attempt })
}

/** The answer did not become audible in time. */
export function thinkingDue(step: Step): void {
  const { state, settings } = step
  if (state.awaiting === null) return
  const { turnId } = state.awaiting
  const holder = floorHolder(state)
  // Not the agent's fault: the person speaks, or something else is being said.
  const isOccupied = holder !== undefined && holder.phase !== 'authorized'
  if (isSpeaking(state) || isOccupied || holder?.isHeld === true || state.isLost) {
    return setTimer(step, 'thinking', step.nowMs + settings.reply.thinkingTimeoutMs)
  }
  interrupt(step, 'failed', { force: true })
  if (state.awaiting !== null) {
    state.supersededTurnIds = [...state.supersededTurnIds, turnId].slice(-8)
    state.awaiting = null
  }
  apologize(step, turnId, 'thinkingTimeout')
}
