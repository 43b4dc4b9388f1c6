import { needsVerdict, askBackchannel } from './backchannel.ts'
import { closeTurn, commitTurn, dropTurn } from './commit-turn.ts'
import { audible, audioBlock, judgesSpeech } from './guards.ts'
import { countWords } from './normalize-text.ts'
import { awaitsText, changeOpen, ensureOpen, turnText } from './open-turn.ts'
import { canPredict, turnDelays } from './turn-delays.ts'
import type { Decision, Trigger } from './turn-state.ts'
import { cancelTimer, nextId, note, setTimer, type Step } from './turn-step.ts'

/** Triggers that leave nothing to be judged: only the text is waited for. */
const forced: ReadonlySet<Trigger> = new Set(['talk', 'manual', 'provider', 'mute'])

/** Whether the person goes on speaking changes nothing about this decision. */
export function isForced(decision: Decision): boolean {
  return forced.has(decision.trigger)
}

/** Opens the decision whether the person has finished; a newer one takes the place of the older. */
export function openDecision(step: Step, trigger: Trigger, anchorMs: number): void {
  const { state } = step
  if (state.isFrozen || state.isClosing) return
  ensureOpen(step, anchorMs)
  const { minMs, maxMs } = turnDelays(step, !canPredict(step))
  state.decision = {
    id: nextId(step, 'decision'),
    trigger,
    anchorMs,
    openedAtMs: step.nowMs,
    askLimitMs: null,
    askedText: '',
    prediction: 'none',
    probability: null,
    threshold: null,
  }
  const isPlain = !forced.has(trigger)
  note(step, 'decisionOpened', {
    decisionId: state.decision.id,
    trigger,
    anchorMs,
    minDelayMs: isPlain ? minMs : 0,
    maxDelayMs: isPlain ? maxMs : 0,
    deadlineMs: anchorMs + (isPlain ? minMs : 0),
  })
}

/** New sound, or somebody's will: the decision is not made. */
export function cancelDecision(step: Step, reason: string): void {
  const { state } = step
  if (state.decision === null) return
  note(step, 'decisionCancelled', { decisionId: state.decision.id, reason, anchorMs: state.decision.anchorMs })
  state.decision = null
  cancelTimer(step, 'decision')
}

/** Makes the open decision if it is due, else sets the timer to when it may be. */
export function decide(step: Step): void {
  const { state } = step
  if (state.decision === null) return
  askPrediction(step, state.decision)
  const { decision } = state
  if (decision === null) return
  const wait = waitFor(step, decision)
  if (wait !== null) {
    if (state.timers.decision !== wait.untilMs && wait.untilMs > step.nowMs) {
      note(step, 'waited', {
        decisionId: decision.id,
        for: wait.reason,
        deadlineMs: wait.untilMs,
        probability: decision.probability,
      })
    }
    return setTimer(step, 'decision', wait.untilMs)
  }
  cancelTimer(step, 'decision')
  settle(step, decision)
}

function settle(step: Step, decision: Decision): void {
  const { state, settings } = step
  const text = turnText(state.open)
  if (text === '' && settings.stages.stt && decision.trigger !== 'provider') {
    if (decision.trigger === 'manual' || decision.trigger === 'talk') {
      step.effects.push({ type: 'notify', event: 'emptyTurn', data: { code: 'voice_empty_turn' } })
    }
    return closeTurn(step, 'noText')
  }
  const block = judgesSpeech(step) ? audioBlock(step) : null
  if (block !== null) {
    if (settings.interruption.whileUninterruptible === 'discard') return dropTurn(step, block.guard)
    return keepTurn(step, block.guard)
  }
  if (audible(step) !== undefined && judgesSpeech(step) && !isForced(decision)) {
    if (needsVerdict(step)) return askBackchannel(step)
    if (countWords(text) < settings.interruption.minWords) return keepTurn(step, 'minWords')
  }
  commitTurn(step, { anchorMs: decision.anchorMs, source: 'speech', trigger: decision.trigger })
}

/** The words stay, and count together with what follows or are decided when the agent has finished. */
function keepTurn(step: Step, reason: string): void {
  note(step, 'kept', { reason, words: countWords(turnText(step.state.open)) })
  step.state.decision = null
  changeOpen(step, { isKept: true })
}

function waitFor(step: Step, decision: Decision): { untilMs: number; reason: string } | null {
  const { state, settings } = step
  if (state.backchannel?.phase === 'asked') {
    const untilMs = state.timers.backchannel
    if (untilMs !== null && untilMs > step.nowMs) return { untilMs, reason: 'backchannel' }
  }
  if (!isForced(decision)) {
    const untilMs = silenceUntil(step, decision)
    if (untilMs > step.nowMs) return { untilMs, reason: decision.probability === null ? 'silence' : 'prediction' }
  }
  const netMs = (isForced(decision) ? decision.openedAtMs : decision.anchorMs) + settings.endpointing.sttNetMs
  const isShort = settings.stages.stt && decision.trigger !== 'provider' && awaitsText(state.open)
  return isShort && netMs > step.nowMs ? { untilMs: netMs, reason: 'text' } : null
}

/** The next instant at which silence or the prediction has to be looked at again. */
function silenceUntil(step: Step, decision: Decision): number {
  const { settings, nowMs } = step
  const { predictAfterMs } = settings.endpointing
  const isPredicted = canPredict(step) && decision.prediction !== 'failed'
  const { minMs, maxMs } = turnDelays(step, !isPredicted)
  const isLow = decision.probability !== null && decision.probability < (decision.threshold ?? 0)
  const dueMs = decision.anchorMs + (isLow ? maxMs : minMs)
  if (!isPredicted) return dueMs
  if (decision.prediction === 'none' && nowMs < decision.anchorMs + predictAfterMs) {
    return Math.min(Math.max(dueMs, nowMs), decision.anchorMs + predictAfterMs)
  }
  if (decision.prediction === 'asked') {
    // Asked before the earliest end: looked at then. Late: waited for, as long as it may take.
    return nowMs < dueMs ? dueMs : (decision.askLimitMs ?? dueMs)
  }
  return dueMs
}

function askPrediction(step: Step, decision: Decision): void {
  const { state, settings } = step
  if (isForced(decision) || !canPredict(step) || decision.prediction === 'failed') return
  const { predictAfterMs, predictTimeoutMs } = settings.endpointing
  const text = turnText(state.open)
  if (step.nowMs < decision.anchorMs + predictAfterMs) return
  if (
    settings.stages.stt &&
    (text === '' || awaitsText(state.open)) &&
    step.nowMs < decision.anchorMs + settings.endpointing.sttNetMs
  )
    return
  if (text === '' && settings.stages.stt) return
  if (decision.prediction !== 'none' && decision.askedText === text) return
  // Asked again because words came: under a new id, so that the older answer counts for nothing.
  const isAgain = decision.askLimitMs !== null
  const id = isAgain ? nextId(step, 'decision') : decision.id
  const limitMs = step.nowMs + predictTimeoutMs
  const latestMs = Math.max(decision.askLimitMs ?? 0, decision.anchorMs + turnDelays(step, false).maxMs)
  const askLimitMs = isAgain ? Math.min(limitMs, latestMs) : limitMs
  state.decision = {
    ...decision,
    id,
    askLimitMs,
    askedText: text,
    prediction: 'asked',
    probability: null,
    threshold: null,
  }
  step.effects.push({ type: 'predictTurn', decisionId: id, text, deadlineMs: askLimitMs })
}

/** The detector has spoken, or cannot tell. */
export function takePrediction(step: Step, decisionId: string, probability: number | null, threshold: number): void {
  const { state } = step
  if (state.decision === null || state.decision.id !== decisionId || state.decision.prediction !== 'asked') {
    return note(step, 'ignored', { event: 'turnPrediction', reason: 'stale', decisionId })
  }
  if (probability === null || !Number.isFinite(probability)) {
    state.isDetectorMute = true
    state.decision = { ...state.decision, prediction: 'failed' }
    return note(step, 'predicted', { decisionId, probability: null })
  }
  const least = Number.isFinite(threshold) ? threshold : 0.5
  state.decision = { ...state.decision, prediction: 'answered', probability, threshold: least }
  note(step, 'predicted', { decisionId, probability, threshold: least })
  if (probability >= least) return
  const text = turnText(state.open)
  step.effects.push({ type: 'notify', event: 'turnIncomplete', data: { text, reason: 'prediction', probability } })
}
