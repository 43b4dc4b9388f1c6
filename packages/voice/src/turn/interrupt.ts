import type { Utterance } from './turn-state.ts'
import type { InterruptReason } from './verdicts.ts'
import { cancelTimer, floorHolder, note, queueOrder, type Step } from './turn-step.ts'

/** Turns of which late replies are refused. */
const maxSuperseded = 8

/**
 * Silences the agent: what has the floor first, then what is queued behind it, up to the first one that forbids it.
 * @returns whether anything fell
 */
export function interrupt(step: Step, reason: InterruptReason, { force = false }: { force?: boolean } = {}): boolean {
  const { state } = step
  const holder = floorHolder(state)
  const queued = queueOrder(state.utterances.filter(({ phase }) => phase === 'queued'))
  const inOrder = holder === undefined ? queued : [holder, ...queued]
  const forbidden = force ? -1 : inOrder.findIndex(({ isInterruptible }) => !isInterruptible)
  const within = forbidden === -1 ? inOrder : inOrder.slice(0, forbidden)
  const falling = force || !state.isAsking ? within : within.filter((utterance) => !waitsForAnswer(utterance))
  // Speech alone does not take back a turn that waits for its reply; what came instead of it does.
  const isSound = reason === 'speech' || reason === 'dtmf'
  const isAwaitedToo =
    !isSound &&
    reason !== 'stalled' &&
    reason !== 'failed' &&
    state.awaiting !== null &&
    falling.length === within.length
  if (falling.length === 0 && !isAwaitedToo) return false
  fall(step, reason, falling)
  if (isAwaitedToo) supersede(step)
  return true
}

/** A silent reply whose tool has asked something: the answer is for it. */
function waitsForAnswer({ tools, phase }: Utterance): boolean {
  return tools > 0 && phase !== 'playing' && phase !== 'paused'
}

/** Silences one utterance alone. */
export function interruptOne(step: Step, reason: InterruptReason, utterance: Utterance): void {
  fall(step, reason, [utterance])
}

function fall(step: Step, reason: InterruptReason, falling: readonly Utterance[]): void {
  const { state } = step
  const ids = falling.map(({ utteranceId }) => utteranceId)
  const holdsFloor = state.floorId !== null && ids.includes(state.floorId)
  const isAudible = falling.some(({ phase }) => phase === 'playing' || phase === 'paused')
  step.effects.push({
    type: 'interrupt',
    plan: {
      reason,
      utteranceIds: ids,
      clear: holdsFloor,
      cancelGeneration: falling.length === 0 || falling.some(({ generation }) => generation === 'running'),
    },
  })
  note(step, 'interrupted', {
    reason,
    utteranceIds: ids,
    wasAudible: isAudible,
    spokeMs: state.speech === null ? state.lastSpeechMs : step.nowMs - state.speech.startedAtMs,
  })
  const turnIds = falling.flatMap(({ turnId }) => (turnId === null ? [] : [turnId]))
  if (state.awaiting !== null && turnIds.includes(state.awaiting.turnId)) supersede(step)
  state.utterances = state.utterances.filter(({ utteranceId }) => !ids.includes(utteranceId))
  if (holdsFloor) freeFloor(step)
}

/** The reply that is awaited is not wanted any more. */
export function supersede(step: Step): void {
  const { state } = step
  if (state.awaiting === null) return
  state.supersededTurnIds = [...state.supersededTurnIds, state.awaiting.turnId].slice(-maxSuperseded)
  state.awaiting = null
  cancelTimer(step, 'thinking')
}

/** Nobody has the floor from now on. */
export function freeFloor(step: Step): void {
  const { state } = step
  state.floorId = null
  state.floorFreeAtMs = step.nowMs
  state.pause = null
  state.fillers = 0
  // Cutting in is for one utterance.
  state.mayInterject = false
  cancelTimer(step, 'suspect')
  cancelTimer(step, 'falseInterruption')
  cancelTimer(step, 'floor')
  cancelTimer(step, 'guard')
  cancelTimer(step, 'filler')
}
