import { takeBackchannelBack } from './backchannel.ts'
import { freeFloor, interruptOne } from './interrupt.ts'
import { turnText } from './open-turn.ts'
import { abortSpeculation } from './speculation.ts'
import type { UtteranceRequest } from './turn-events.ts'
import type { Utterance } from './turn-state.ts'
import {
  cancelTimer,
  changeUtterance,
  floorHolder,
  isSpeaking,
  note,
  queueOrder,
  setTimer,
  type Step,
} from './turn-step.ts'

/** Utterances that may wait. */
const queueDepth = 16
/** Characters of generated text kept to see whether it ends with a question. */
const tailLength = 160
/** A tool that says nothing for so long is given up, in milliseconds. */
const toolSilenceMs = 120_000

/** An utterance wants to be spoken. */
export function enqueue(step: Step, request: UtteranceRequest): void {
  const { state } = step
  const { utteranceId, kind, turnId } = request
  if (state.utterances.some((known) => known.utteranceId === utteranceId)) {
    return note(step, 'ignored', { event: 'replyStarted', reason: 'known', utteranceId })
  }
  if (state.isClosing) return drop(step, utteranceId, 'closed')
  if (kind === 'reply' && state.mode !== 'agent') return drop(step, utteranceId, 'mode')
  if (turnId !== undefined && state.supersededTurnIds.includes(turnId)) return drop(step, utteranceId, 'superseded')
  // Fillers and our own "mm-hm" take no floor: they fill a silence, or are not heard at all.
  if (kind === 'filler' || kind === 'backchannel') {
    if (isSpeaking(state) && kind === 'filler') return drop(step, utteranceId, 'speech')
    step.effects.push({ type: 'startReply', utteranceId })
    return
  }
  if (request.speculative === true && state.speculation === null) return drop(step, utteranceId, 'aborted')
  state.counter += 1
  const utterance: Utterance = {
    utteranceId,
    kind,
    agentId: request.agentId,
    priority: request.priority ?? 5,
    order: state.counter,
    isInterruptible: request.interruptible ?? true,
    turnId: turnId ?? null,
    phase: request.speculative === true ? 'speculative' : 'queued',
    isHeld: false,
    generation: 'running',
    tools: 0,
    playingSinceMs: null,
    tail: '',
  }
  const isFull =
    state.utterances.filter(({ phase }) => phase === utterance.phase).length >=
    (utterance.phase === 'speculative' ? 1 : queueDepth)
  state.utterances = [...state.utterances, utterance]
  if (!isFull) return
  const lowest = queueOrder(state.utterances.filter(({ phase }) => phase === utterance.phase)).at(-1)
  if (lowest === undefined) return
  state.utterances = state.utterances.filter((known) => known !== lowest)
  drop(step, lowest.utteranceId, 'queueFull')
}

function drop(step: Step, utteranceId: string, reason: string): void {
  step.effects.push({ type: 'dropUtterance', utteranceId, reason })
  note(step, 'dropped', { utteranceId, reason })
}

/** Whether the agent has to let the person finish before it begins. */
function waitsForPerson(step: Step): boolean {
  const { state, settings } = step
  if (isSpeaking(state)) return !state.mayInterject
  if (state.decision === null) return false
  if (turnText(state.open) !== '') return true
  // A cough: no text, and too short to be a word.
  if (state.lastSpeechMs < settings.interruption.minSpeechMs || state.lastVoicedAtMs === null) return false
  const untilMs = state.lastVoicedAtMs + settings.interruption.falseTimeoutMs
  if (untilMs <= step.nowMs) return false
  setTimer(step, 'launch', untilMs)
  return true
}

/** Gives the floor to who is next, and holds launches back while the person speaks. */
export function keepFloor(step: Step): void {
  const { state } = step
  if (state.utterances.length === 0) return cancelTimer(step, 'launch')
  const isWaiting = waitsForPerson(step)
  if (!isWaiting || isSpeaking(state)) cancelTimer(step, 'launch')
  if (!isWaiting) releaseHeld(step)
  const holder = floorHolder(state)
  if (holder !== undefined && !yieldsFloor(step, holder)) {
    if (isWaiting && holder.phase === 'authorized' && !holder.isHeld) hold(step, holder)
    return
  }
  const next = nextUtterance(step)
  if (next === undefined) return
  if (isWaiting) {
    if (!next.isHeld) hold(step, next)
    return
  }
  start(step, next)
}

/**
 * A reply whose tool runs lets a line go before what it says afterwards: the tool may be waiting for that very line to
 * be heard. What it has said so far is ahead of the line at the output.
 */
function yieldsFloor(step: Step, holder: Utterance): boolean {
  const { state } = step
  if (
    holder.kind !== 'reply' ||
    holder.tools === 0 ||
    holder.phase === 'paused' ||
    state.pause !== null ||
    !state.utterances.some(isLine)
  )
    return false
  changeUtterance(step, holder.utteranceId, { phase: 'queued' })
  hold(step, holder)
  state.floorId = null
  cancelTimer(step, 'floor')
  cancelTimer(step, 'suspect')
  note(step, 'floorLent', { utteranceId: holder.utteranceId })
  return true
}

/** Something to be said that is no reply: it may go between the parts of one. */
function isLine({ phase, kind, tools }: Utterance): boolean {
  return phase === 'queued' && kind !== 'reply' && tools === 0
}

/** Who has the floor goes on; who has only been queued is started when its turn comes. */
function releaseHeld(step: Step): void {
  for (const { utteranceId, isHeld } of step.state.utterances) {
    if (!isHeld) continue
    changeUtterance(step, utteranceId, { isHeld: false })
    if (step.state.floorId === utteranceId) step.effects.push({ type: 'releaseLaunch', utteranceId })
    note(step, 'launchReleased', { utteranceId })
  }
}

function hold(step: Step, { utteranceId }: Utterance): void {
  changeUtterance(step, utteranceId, { isHeld: true })
  step.effects.push({ type: 'holdLaunch', utteranceId })
  note(step, 'launchHeld', { utteranceId, falseTimeoutMs: step.settings.interruption.falseTimeoutMs })
}

function nextUtterance(step: Step): Utterance | undefined {
  const { state, settings } = step
  if (state.isLost || state.isAmd || state.isClosing) return undefined
  const gapMs = Math.max(settings.minSpeechGapMs, settings.minConsecutiveSpeechMs)
  const waiting = queueOrder(
    state.utterances.filter(
      ({ phase, kind }) => phase === 'queued' && (!state.isOnHold || kind === 'hold' || kind === 'say'),
    ),
  )
  const first = waiting[0]
  if (first === undefined) return undefined
  const next = first.tools > 0 ? (waiting.find(isLine) ?? first) : first
  const fromMs = (state.floorFreeAtMs ?? -gapMs) + gapMs
  if (fromMs <= step.nowMs) return next
  setTimer(step, 'gap', fromMs)
  return undefined
}

function start(step: Step, { utteranceId }: Utterance): void {
  const { state } = step
  cancelTimer(step, 'gap')
  state.floorId = utteranceId
  state.floorActivityAtMs = step.nowMs
  changeUtterance(step, utteranceId, { phase: 'authorized' })
  step.effects.push({ type: 'startReply', utteranceId })
  setTimer(step, 'floor', step.nowMs + silentLimitMs(step))
}

/** Before the first sound the voice has its time to make it, then the output has its own to let it be heard. */
function silentLimitMs({ settings }: Step): number {
  return settings.stall.ttsMs + settings.stall.forwardMs
}

/** Sound of it can be heard. */
export function playoutStarted(step: Step, utteranceId: string): void {
  const { state } = step
  const holder = floorHolder(state)
  // Something was heard, be it a filler: the wait for the answer begins anew.
  if (state.awaiting !== null) {
    setTimer(step, 'thinking', step.nowMs + step.settings.reply.thinkingTimeoutMs)
    state.floorActivityAtMs = step.nowMs
  }
  if (holder === undefined || holder.utteranceId !== utteranceId) return
  state.floorActivityAtMs = step.nowMs
  if (holder.phase !== 'authorized') return
  changeUtterance(step, utteranceId, { phase: 'playing', isHeld: false, playingSinceMs: step.nowMs })
  state.firstAgentSpeechAtMs ??= step.nowMs
  state.utterancesHeard += 1
  state.isAway = false
  if (holder.kind !== 'reply' && holder.kind !== 'apology') return
  if (state.committed !== null && !state.committed.isAnswered)
    state.committed = { ...state.committed, isAnswered: true }
  if (state.awaiting === null || (holder.turnId !== null && holder.turnId !== state.awaiting.turnId)) return
  state.awaiting = null
  cancelTimer(step, 'thinking')
}

/** It is over: heard to its end, empty, or given up. */
export function endUtterance(step: Step, utteranceId: string, how: 'played' | 'empty' | 'failed'): void {
  const { state } = step
  const utterance = state.utterances.find((known) => known.utteranceId === utteranceId)
  if (utterance === undefined) return
  if (utterance.phase === 'speculative') abortSpeculation(step, how)
  state.utterances = state.utterances.filter((known) => known.utteranceId !== utteranceId)
  if (state.floorId === utteranceId) {
    freeFloor(step)
    takeBackchannelBack(step)
  }
  if (state.awaiting === null) return
  // Of several agents one may have nothing to say; whether none has is known when the turn has settled.
  if (how === 'empty' && state.utterances.some(({ turnId }) => turnId === utterance.turnId)) return
  if (utterance.turnId !== state.awaiting.turnId) {
    if (how === 'played') setTimer(step, 'thinking', step.nowMs + step.settings.reply.thinkingTimeoutMs)
    return
  }
  state.awaiting = null
  cancelTimer(step, 'thinking')
  if (how === 'failed' && utterance.kind !== 'apology') apologize(step, utterance.turnId, 'replyFailed')
}

export function apologize(step: Step, turnId: string, why: string): void {
  step.effects.push({ type: 'notify', event: why, data: { turnId } })
  step.effects.push({ type: 'apologize', turnId })
  note(step, 'apologized', { turnId, why })
}

/** Text was generated. */
export function takeDelta(step: Step, utteranceId: string, text: string): void {
  const { state } = step
  const utterance = state.utterances.find((known) => known.utteranceId === utteranceId)
  if (utterance === undefined) return
  if (state.floorId === utteranceId) state.floorActivityAtMs = step.nowMs
  changeUtterance(step, utteranceId, { tail: (utterance.tail + text).slice(-tailLength) })
}

/** The floor was held and nothing happened: given up, so that the call is never mute. */
export function checkFloor(step: Step): void {
  const { state, settings } = step
  const holder = floorHolder(state)
  if (holder === undefined) return
  const limitMs =
    holder.tools > 0
      ? toolSilenceMs
      : holder.generation === 'running'
        ? Math.max(settings.stall.ttsMs, settings.reply.thinkingTimeoutMs)
        : holder.phase === 'authorized'
          ? silentLimitMs(step)
          : settings.stall.forwardMs
  const isWaiting = holder.isHeld || holder.phase === 'paused' || state.isLost
  const dueMs = isWaiting ? step.nowMs + limitMs : state.floorActivityAtMs + limitMs
  if (dueMs > step.nowMs) return setTimer(step, 'floor', dueMs)
  stallFloor(step, holder)
}

/** The far end took sound and says nothing of it. */
export function stallFloor(step: Step, utterance: Utterance): void {
  step.effects.push({ type: 'notify', event: 'stall', data: { stage: 'output', utteranceId: utterance.utteranceId } })
  const owedTurnId = step.state.awaiting?.turnId
  interruptOne(step, 'stalled', utterance)
  step.effects.push({ type: 'restartStage', stage: 'output', attempt: 1 })
  if (owedTurnId !== undefined && owedTurnId === utterance.turnId && utterance.kind !== 'apology') {
    apologize(step, owedTurnId, 'replyFailed')
  }
}

/** The room is done with a turn: if no answer has come by then, none will. */
export function turnSettled(step: Step, turnId: string): void {
  const { state } = step
  if (state.awaiting?.turnId !== turnId || state.utterances.some((utterance) => utterance.turnId === turnId)) return
  state.awaiting = null
  cancelTimer(step, 'thinking')
  note(step, 'unanswered', { turnId })
}

/** Sound that goes on is noted this often, in milliseconds: well within the shortest wait for silence, a filler's. */
export const progressMs = 400

/** Sound goes on: the watchdog is put off, which makes every report that counts visible as an effect. */
export function playoutWent(step: Step): void {
  const { state, settings } = step
  if (step.nowMs - state.floorActivityAtMs < progressMs) return
  state.floorActivityAtMs = step.nowMs
  setTimer(step, 'floor', step.nowMs + settings.stall.forwardMs)
}
