import { cancelDecision, isForced, openDecision } from './endpointing.ts'
import { audible, audioBlock, judgesSpeech } from './guards.ts'
import { interrupt } from './interrupt.ts'
import { countWords } from './normalize-text.ts'
import { awaitsText, changeOpen, ensureOpen, finalText } from './open-turn.ts'
import { effectiveMode, learnPause } from './turn-delays.ts'
import type { Speech } from './turn-state.ts'
import { cancelTimer, changeUtterance, instant, isSpeaking, note, setTimer, type Step } from './turn-step.ts'

/** Speech that gives no text for so long means that the recognizer hangs, in milliseconds. */
const sttSilentMs = 5000

/** The person makes sound. */
export function speechStarted(step: Step, reportedMs: number | undefined, source: Speech['source']): void {
  const { state, settings } = step
  if (state.speech !== null) return note(step, 'ignored', { event: 'speechStart', reason: 'speaking', source })
  const startedAtMs = instant(step, reportedMs, step.nowMs)
  learnPause(step, startedAtMs)
  state.speech = { startedAtMs, source, weighed: 'no', isEcho: false }
  state.isAway = false
  state.idlePrompts = 0
  if (state.pause !== null) state.pause = { ...state.pause, isDue: false }
  cancelTimer(step, 'falseInterruption')
  cancelTimer(step, 'launch')
  if (state.decision !== null && !isForced(state.decision)) cancelDecision(step, 'speech')
  ensureOpen(step, startedAtMs)
  changeOpen(step, { awaitsFinal: settings.stages.stt, activityAtMs: step.nowMs, isKept: false })
  if (settings.stages.stt && settings.stages.sttInterim) {
    setTimer(step, 'noTranscript', startedAtMs + settings.userTurn.noTranscriptMs)
    setTimer(step, 'sttSilent', startedAtMs + sttSilentMs)
  } else {
    cancelTimer(step, 'noTranscript')
    cancelTimer(step, 'sttSilent')
  }
  step.effects.push({ type: 'notify', event: 'speechStart', data: { startedAtMs } })
  const block = judgesSpeech(step) ? audioBlock(step) : null
  if (block !== null) note(step, 'bargeInBlocked', { guard: block.guard, startedAtMs })
}

/** The person is silent; a decision is opened where silence makes one. */
export function speechEnded(step: Step, reportedMs: number | undefined): void {
  const { state, settings } = step
  if (state.speech === null) return note(step, 'ignored', { event: 'speechEnd', reason: 'silent' })
  const { startedAtMs, isEcho, source } = state.speech
  const lastVoicedAtMs = Math.max(startedAtMs, instant(step, reportedMs, step.nowMs))
  const spokeMs = lastVoicedAtMs - startedAtMs
  state.speech = null
  state.mayInterject = false
  state.lastVoicedAtMs = lastVoicedAtMs
  state.lastSpeechMs = isEcho ? 0 : spokeMs
  cancelTimer(step, 'suspect')
  step.effects.push({ type: 'notify', event: 'speechEnd', data: { durationMs: spokeMs } })
  const open = ensureOpen(step, startedAtMs)
  const heardAll = (state.lastTextAtMs ?? 0) >= lastVoicedAtMs && open.parts.at(-1)?.isFinal === true
  changeOpen(step, {
    voicedMs: open.voicedMs + spokeMs,
    awaitsFinal: settings.stages.stt && !heardAll,
    activityAtMs: step.nowMs,
  })
  if (settings.stages.stt && !settings.stages.sttInterim && spokeMs >= settings.interruption.minSpeechMs) {
    setTimer(step, 'noTranscript', lastVoicedAtMs + settings.userTurn.noTranscriptMs)
    if (spokeMs >= sttSilentMs)
      setTimer(step, 'sttSilent', lastVoicedAtMs + Math.max(sttSilentMs, settings.endpointing.sttNetMs))
  }
  const mode = effectiveMode(step)
  // Where the recognizer or a provider tells the end, or somebody commits by hand, silence alone decides nothing.
  if (mode === 'stt' || mode === 'provider' || mode === 'manual' || source === 'talk') return
  if (settings.stages.stt && awaitsText(state.open)) step.effects.push({ type: 'finalizeStt' })
  if (state.decision === null || !isForced(state.decision)) openDecision(step, 'vad', lastVoicedAtMs)
  armAgentBackchannel(step, lastVoicedAtMs)
}

/** Judges the sound that goes on while the agent is heard. */
export function weighSpeech(step: Step): void {
  const { state, settings } = step
  const { speech } = state
  if (speech === null || speech.isEcho || speech.weighed === 'yes' || audible(step) === undefined) return
  if (!judgesSpeech(step) || audioBlock(step) !== null) return
  if (settings.interruption.mode === 'immediate' || speech.source === 'talk') {
    state.speech = { ...speech, weighed: 'yes' }
    interrupt(step, 'speech')
    return
  }
  const dueMs = speech.startedAtMs + settings.interruption.minSpeechMs
  if (speech.weighed === 'no') {
    state.speech = { ...speech, weighed: 'armed' }
    if (settings.stages.echo) step.effects.push({ type: 'askEcho' })
    note(step, 'suspected', { startedAtMs: speech.startedAtMs, deadlineMs: dueMs })
  }
  if (dueMs > step.nowMs) return setTimer(step, 'suspect', dueMs)
  cancelTimer(step, 'suspect')
  state.speech = { ...speech, weighed: 'yes' }
  confirmSpeech(step, step.nowMs - speech.startedAtMs)
}

function confirmSpeech(step: Step, spokeMs: number): void {
  const { state, settings } = step
  if (settings.interruption.mode === 'adaptive' && settings.stages.canPause) {
    if (state.pause !== null) return
    state.pause = { sinceMs: step.nowMs, isDue: false }
    if (state.floorId !== null) changeUtterance(step, state.floorId, { phase: 'paused' })
    step.effects.push({ type: 'pauseOutput' })
    return note(step, 'paused', { spokeMs, minSpeechMs: settings.interruption.minSpeechMs })
  }
  if (countWords(finalText(state.open)) >= settings.interruption.minWords) interrupt(step, 'speech')
}

/** What we hear is ourselves, or is not. */
export function takeEcho(step: Step, verdict: 'echo' | 'speech', confidence: number): void {
  const { state } = step
  // Who holds the button down speaks.
  if (state.speech === null || state.speech.source === 'talk') {
    return note(step, 'ignored', { event: 'echoVerdict', reason: 'silent' })
  }
  const isEcho = verdict === 'echo'
  if (state.speech.isEcho === isEcho) return
  state.speech = { ...state.speech, isEcho, weighed: isEcho ? 'yes' : 'no' }
  if (isEcho) cancelTimer(step, 'suspect')
  note(step, 'echo', { verdict, confidence: Number.isFinite(confidence) ? confidence : null })
}

/** A pause that nothing followed ends: the agent goes on where it stopped. */
export function resumeIfDue(step: Step): void {
  const { state, settings } = step
  if (state.pause === null || isSpeaking(state)) return
  if (!state.pause.isDue) {
    return setTimer(
      step,
      'falseInterruption',
      (state.lastVoicedAtMs ?? step.nowMs) + settings.interruption.falseTimeoutMs,
    )
  }
  if (state.decision !== null || state.backchannel?.phase === 'asked' || state.isLost) return
  const { sinceMs } = state.pause
  if (!settings.interruption.resume) {
    interrupt(step, 'speech')
    return
  }
  state.pause = null
  cancelTimer(step, 'falseInterruption')
  state.floorActivityAtMs = step.nowMs
  if (state.floorId !== null) changeUtterance(step, state.floorId, { phase: 'playing' })
  step.effects.push({ type: 'resumeOutput' })
  step.effects.push({
    type: 'notify',
    event: 'falseInterruption',
    data: { utteranceId: state.floorId, resumed: true, pausedMs: step.nowMs - sinceMs },
  })
  note(step, 'resumed', { pausedMs: step.nowMs - sinceMs, falseTimeoutMs: settings.interruption.falseTimeoutMs })
}

function armAgentBackchannel(step: Step, lastVoicedAtMs: number): void {
  const { state, settings } = step
  const { enabled, afterMs, intervalMs, maxPerTurn, pauseMinMs } = settings.agentBackchannel
  if (!enabled || state.open === null || state.open.voicedMs < afterMs || state.open.agentBackchannels >= maxPerTurn)
    return
  if (state.agentBackchannelAtMs !== null && step.nowMs - state.agentBackchannelAtMs < intervalMs) return
  setTimer(step, 'agentBackchannel', lastVoicedAtMs + pauseMinMs)
}

/** The pause is long enough for our own "mm-hm", unless it was too long or somebody speaks. */
export function playAgentBackchannel(step: Step): void {
  const { state, settings } = step
  if (isSpeaking(state) || state.open === null || state.decision === null || state.floorId !== null || state.isFrozen)
    return
  if (step.nowMs > (state.lastVoicedAtMs ?? 0) + settings.agentBackchannel.pauseMaxMs) return
  state.agentBackchannelAtMs = step.nowMs
  changeOpen(step, { agentBackchannels: state.open.agentBackchannels + 1 })
  step.effects.push({ type: 'playBackchannel' })
  note(step, 'agentBackchannel', { turnId: state.open.turnId, count: state.open?.agentBackchannels ?? 0 })
}
