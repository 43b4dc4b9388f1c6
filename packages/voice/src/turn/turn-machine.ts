import { takeVerdict } from './backchannel.ts'
import { resumeIfDue, speechEnded, speechStarted, takeEcho, weighSpeech } from './barge-in.ts'
import { closeCall } from './close.ts'
import { commitTyped } from './commit-turn.ts'
import { cancelDecision, decide, openDecision, takePrediction } from './endpointing.ts'
import { takeTool } from './filler.ts'
import {
  endUtterance,
  enqueue,
  keepFloor,
  playoutStarted,
  playoutWent,
  progressMs,
  stallFloor,
  takeDelta,
  turnSettled,
} from './floor.ts'
import { audible, audioBlock, judgesSpeech, keepGate } from './guards.ts'
import { keepIdle } from './idle.ts'
import { interrupt } from './interrupt.ts'
import { changeOpen } from './open-turn.ts'
import { show } from './show-state.ts'
import { abortSpeculation, speculate } from './speculation.ts'
import { takeCommand } from './take-command.ts'
import { muted, roomMode, talk } from './take-control.ts'
import { timerFired } from './take-timer.ts'
import { takeTranscript } from './take-transcript.ts'
import { effectiveMode } from './turn-delays.ts'
import type { TurnEffect, TurnReceipt } from './turn-effects.ts'
import type { TurnEvent } from './turn-events.ts'
import type { TurnSettings } from './turn-settings.ts'
import { initialTurnState, type TurnState } from './turn-state.ts'
import { changeUtterance, floorHolder, instant, note, type Step } from './turn-step.ts'
import { stageStalled } from './watchdogs.ts'

export type { TurnState }

/** What follows from one event. */
export interface TurnOutcome {
  readonly state: TurnState
  readonly effects: readonly TurnEffect[]
  readonly receipts: readonly TurnReceipt[]
}

/** The rules of taking turns, as a pure function of what happened. */
export interface TurnMachine {
  readonly initial: TurnState
  /** Total: what does not fit is noted and changes nothing. `nowMs` never goes back; if it does, the last one counts. */
  step(state: TurnState, event: TurnEvent, nowMs: number): TurnOutcome
}

/** Makes the machine of one call. It keeps nothing: the state is the caller's, and plain JSON. */
export function createTurnMachine(settings: TurnSettings): TurnMachine {
  return Object.freeze({
    initial: initialTurnState(settings.stages.vad),
    step(before: TurnState, event: TurnEvent, reportedMs: number): TurnOutcome {
      if (event.type === 'playoutProgress' && isIdleReport(before, event, reportedMs))
        return { state: before, effects: none, receipts: none }
      const nowMs = Number.isFinite(reportedMs) ? Math.max(reportedMs, before.nowMs) : before.nowMs
      const step: Step = { settings, nowMs, state: { ...before, nowMs }, effects: [], receipts: [] }
      if (before.isClosing) afterClose(step, event)
      else {
        take(step, event)
        // Text that is generated brings nothing about: it comes word by word, and has to be cheap.
        if (event.type !== 'replyDelta' || !before.isStarted) {
          if (!step.state.isClosing) follow(step)
          show(step)
        }
      }
      return { state: step.state, effects: step.effects, receipts: step.receipts }
    },
  })
}

const none: readonly never[] = Object.freeze([])

/** Whether a report of progress changes nothing: ten come in a second, one of them counts. */
function isIdleReport(
  state: TurnState,
  { epoch, utteranceId }: { epoch: number; utteranceId: string },
  nowMs: number,
): boolean {
  if (state.isClosing || state.floorId !== utteranceId || !(epoch >= state.epoch)) return true
  return !(nowMs - state.floorActivityAtMs >= progressMs)
}

/** Nothing is said or heard any more; who still comes is told so. */
function afterClose(step: Step, event: TurnEvent): void {
  if (event.type === 'replyStarted') enqueue(step, event)
}

/** What every event may bring about, in the order in which it has to be. */
function follow(step: Step): void {
  const { state } = step
  takeUpKept(step)
  if (state.decision !== null) decide(step)
  weighSpeech(step)
  if (state.pause !== null) resumeIfDue(step)
  if (state.decision !== null && state.speculation === null) speculate(step, false)
  keepFloor(step)
  keepGate(step)
  keepIdle(step)
}

/** Words that were kept while the agent was heard are decided when it has finished, or may be cut again. */
function takeUpKept(step: Step): void {
  const { state, settings } = step
  if (state.open?.isKept !== true || state.speech !== null || state.decision !== null || state.isFrozen) return
  if (audible(step) !== undefined) {
    const isQueued = settings.interruption.whileUninterruptible === 'queue' && settings.interruption.minWords === 0
    if (!isQueued || !judgesSpeech(step) || audioBlock(step) !== null) return
  }
  changeOpen(step, { isKept: false })
  openDecision(step, 'floor', state.lastVoicedAtMs ?? step.nowMs)
}

function take(step: Step, event: TurnEvent): void {
  const { state } = step
  if (event.type !== 'hint' && event.type !== 'language' && event.type !== 'roomMode') state.isStarted = true
  switch (event.type) {
    case 'vadStart':
      state.isVadAlive = true
      if (isDeaf(state)) return ignore(step, event)
      return speechStarted(step, event.speechStartedAtMs, 'vad')
    case 'vadEnd':
      state.isVadAlive = true
      state.vadFailures = 0
      if (isDeaf(state) || state.speech?.source === 'talk') return ignore(step, event)
      return speechEnded(step, event.lastVoicedAtMs)
    case 'vadFailed':
      return stageStalled(step, 'vad')
    case 'sttInterim':
    case 'sttFinal':
    case 'sttEager':
      return takeTranscript(step, event)
    case 'sttResumed':
      abortSpeculation(step, 'resumed')
      if (state.decision?.trigger === 'stt') cancelDecision(step, 'resumed')
      return
    case 'sttSpeechEnd':
      if (effectiveMode(step) !== 'stt' || isDeaf(state)) return
      if (state.speech !== null) speechEnded(step, event.atMs)
      return openDecision(step, 'stt', instant(step, event.atMs, state.lastVoicedAtMs ?? step.nowMs))
    case 'sttFailed':
      return stageStalled(step, 'stt')
    case 'turnPrediction':
      return takePrediction(step, event.decisionId, event.probability, event.threshold)
    case 'echoVerdict':
      return takeEcho(step, event.verdict, event.confidence)
    case 'backchannelVerdict':
      return takeVerdict(step, event.id, event.isBackchannel)
    case 'amdVerdict':
      state.isAmd = false
      return note(step, 'amd', { verdict: event.verdict })
    case 'timerFired':
      return timerFired(step, event.timer)
    case 'replyStarted':
      return enqueue(step, event)
    case 'replyDelta':
      return takeDelta(step, event.utteranceId, event.text)
    case 'toolCallStarted':
      return takeTool(step, event.utteranceId, 1)
    case 'toolCallEnded':
      return takeTool(step, event.utteranceId, -1)
    case 'replyEnded':
      if (event.isEmpty) return endUtterance(step, event.utteranceId, 'empty')
      state.floorActivityAtMs = step.nowMs
      return changeUtterance(step, event.utteranceId, { generation: 'complete', tools: 0 })
    case 'replyFailed':
      return replyFailed(step, event.utteranceId)
    case 'turnSettled':
      return turnSettled(step, event.turnId)
    case 'playoutStarted':
      if (state.floorId !== event.utteranceId || isOfNow(step, event)) playoutStarted(step, event.utteranceId)
      return
    case 'playoutProgress':
      return playoutWent(step)
    case 'playoutFinished':
      if (isOfNow(step, event)) endUtterance(step, event.utteranceId, 'played')
      return
    case 'outputStalled': {
      const holder = floorHolder(state)
      return holder?.utteranceId === event.utteranceId ? stallFloor(step, holder) : undefined
    }
    case 'providerSpeechStarted':
      if (isDeaf(state)) return ignore(step, event)
      return speechStarted(step, undefined, 'provider')
    case 'providerSpeechStopped':
      if (state.speech?.source !== 'provider') return ignore(step, event)
      return speechEnded(step, undefined)
    case 'providerTurn':
      if (isDeaf(state)) return ignore(step, event)
      if (state.speech?.source === 'provider') speechEnded(step, undefined)
      return openDecision(step, 'provider', state.lastVoicedAtMs ?? step.nowMs)
    case 'providerInterrupted':
      if (judgesSpeech(step) && audioBlock(step) === null) interrupt(step, 'speech')
      return
    case 'dtmf':
      state.isAway = false
      state.idlePrompts = 0
      if (judgesSpeech(step) && !state.isOnHold && audible(step) !== undefined) interrupt(step, 'dtmf')
      return
    case 'typed':
      if (event.text.trim() === '') return ignore(step, event)
      return commitTyped(step, event.id, event.text.trim(), event.source ?? 'typed')
    case 'muted':
      return muted(step, event.muted)
    case 'talk':
      return talk(step, event.down)
    case 'roomMode':
      return roomMode(step, event.mode)
    case 'language':
      if (event.language === state.language) return
      state.language = event.language
      state.isDetectorMute = false
      return abortSpeculation(step, 'language')
    case 'hint':
      state.hint = event.expect === null ? null : { expect: event.expect, minLength: event.minLength ?? 0 }
      return
    case 'command':
      return takeCommand(step, event.command)
    case 'mediaLost':
      if (state.speech !== null) speechEnded(step, undefined)
      state.isLost = true
      return
    case 'mediaResumed':
      state.isLost = false
      state.floorActivityAtMs = step.nowMs
      return
    case 'mediaClosed':
      return closeCall(step)
  }
}

/** Sound of the person drives nothing at the moment. */
function isDeaf(state: TurnState): boolean {
  return state.isOnHold || state.isMuted || state.isLost
}

function ignore(step: Step, event: TurnEvent): void {
  note(step, 'ignored', { event: event.type, reason: 'guard' })
}

/** Whether a report is about the utterance that has the floor, and not of an older epoch. */
function isOfNow({ state }: Step, report: { epoch: number; utteranceId: string }): boolean {
  if (state.floorId !== report.utteranceId || !(report.epoch >= state.epoch)) return false
  state.epoch = report.epoch
  return true
}

function replyFailed(step: Step, utteranceId: string): void {
  const utterance = step.state.utterances.find((known) => known.utteranceId === utteranceId)
  if (utterance?.phase === 'playing' || utterance?.phase === 'paused') {
    // What was generated is played to its end.
    return changeUtterance(step, utteranceId, { generation: 'complete', tools: 0 })
  }
  endUtterance(step, utteranceId, 'failed')
}
