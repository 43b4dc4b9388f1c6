import { settlePending } from './backchannel.ts'
import { closeCall } from './close.ts'
import { closeTurn, commitTurn, dropTurn } from './commit-turn.ts'
import { cancelDecision, openDecision } from './endpointing.ts'
import { interrupt, interruptOne } from './interrupt.ts'
import { awaitsText, changeOpen, turnText } from './open-turn.ts'
import { abortSpeculation } from './speculation.ts'
import type { TurnCommand } from './turn-events.ts'
import { cancelTimer, note, setTimer, type Step } from './turn-step.ts'

/** A handoff that does not end is undone, in milliseconds. */
const freezeMs = 12_000
/** Who answered is not asked for longer, in milliseconds. */
const amdMs = 30_000

/** Code asks for something. */
export function takeCommand(step: Step, command: TurnCommand): void {
  const { state } = step
  switch (command.kind) {
    case 'interrupt':
      if (!interrupt(step, 'command', { force: command.force })) {
        note(step, 'ignored', {
          event: 'interrupt',
          reason: state.utterances.length === 0 ? 'silent' : 'uninterruptible',
        })
      }
      return
    case 'commit':
      return commitByHand(step, 'manual')
    case 'clear':
      return dropTurn(step, 'cleared')
    case 'hold':
      return holdCall(step)
    case 'resume':
      state.isOnHold = false
      return
    case 'freeze':
      return freeze(step)
    case 'thaw':
      return thaw(step, 'command')
    case 'startAmd':
      state.isAmd = true
      return setTimer(step, 'amd', step.nowMs + amdMs)
    case 'ask':
      state.isAsking = command.on
      return
    case 'protect':
      state.utterances = state.utterances.map((known) =>
        known.utteranceId === command.utteranceId ? { ...known, isInterruptible: !command.on } : known,
      )
      return
    case 'cancelUtterance':
      return cancelUtterance(step, command.utteranceId)
    case 'close':
      return closeCall(step)
  }
}

/** Somebody commits: only a final text that is on its way is waited for. */
export function commitByHand(step: Step, trigger: 'manual' | 'talk'): void {
  const { state, settings } = step
  if (turnText(state.open) === '' && !awaitsText(state.open)) {
    step.effects.push({ type: 'notify', event: 'emptyTurn', data: { code: 'voice_empty_turn' } })
    return note(step, 'discarded', { reason: 'emptyTurn', trigger })
  }
  if (settings.stages.stt && awaitsText(state.open)) step.effects.push({ type: 'finalizeStt' })
  openDecision(step, trigger, state.speech === null ? (state.lastVoicedAtMs ?? step.nowMs) : step.nowMs)
}

function holdCall(step: Step): void {
  const { state } = step
  state.isOnHold = true
  state.speech = null
  abortSpeculation(step, 'hold')
  if (state.open === null) return
  if (turnText(state.open) === '') return closeTurn(step, 'hold')
  commitTurn(step, { anchorMs: state.lastVoicedAtMs ?? step.nowMs, source: 'speech', trigger: 'hold', isLast: true })
}

function freeze(step: Step): void {
  const { state } = step
  state.isFrozen = true
  abortSpeculation(step, 'freeze')
  cancelDecision(step, 'frozen')
  setTimer(step, 'freeze', step.nowMs + freezeMs)
  note(step, 'frozen', { deadlineMs: step.nowMs + freezeMs })
}

/** Decisions are made again; what was said meanwhile is decided now. */
export function thaw(step: Step, why: 'command' | 'timeout'): void {
  const { state } = step
  if (!state.isFrozen) return
  state.isFrozen = false
  cancelTimer(step, 'freeze')
  note(step, 'thawed', { why })
  if (why === 'timeout') step.effects.push({ type: 'notify', event: 'freezeExpired', data: { afterMs: freezeMs } })
  if (state.open === null || state.speech !== null) return
  changeOpen(step, { isKept: false })
  openDecision(step, 'thaw', state.lastVoicedAtMs ?? step.nowMs)
}

function cancelUtterance(step: Step, utteranceId: string): void {
  const { state } = step
  const utterance = state.utterances.find((known) => known.utteranceId === utteranceId)
  if (utterance === undefined)
    return note(step, 'ignored', { event: 'cancelUtterance', reason: 'unknown', utteranceId })
  if (state.floorId === utteranceId) {
    interruptOne(step, 'command', utterance)
    return settlePending(step)
  }
  state.utterances = state.utterances.filter((known) => known !== utterance)
  step.effects.push({ type: 'dropUtterance', utteranceId, reason: 'cancelled' })
  note(step, 'dropped', { utteranceId, reason: 'cancelled' })
}
