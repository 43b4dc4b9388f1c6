import type { Utterance } from './turn-state.ts'
import { cancelTimer, floorHolder, note, setTimer, type Step } from './turn-step.ts'

/** Why the person's sound cannot cut the utterance that is audible, and until when if that is known. */
export interface Block {
  readonly guard: 'uninterruptible' | 'warmup' | 'protected' | 'firstUtterance' | 'untilFirstUserTurn' | 'duringTools'
  readonly untilMs: number | null
}

/** What the person hears at the moment, if anything. */
export function audible(step: Step): Utterance | undefined {
  const holder = floorHolder(step.state)
  return holder !== undefined && (holder.phase === 'playing' || holder.phase === 'paused') ? holder : undefined
}

/** Whether sound may be judged as an interruption at all: `off` and `manual` leave that to calls. */
export function judgesSpeech(step: Step): boolean {
  const { mode } = step.settings.interruption
  return mode !== 'off' && mode !== 'manual'
}

/** The guard that keeps the audible utterance from being cut by sound. */
export function audioBlock(step: Step): Block | null {
  const { state, settings } = step
  const utterance = audible(step)
  if (utterance === undefined) return null
  const { protectFirstMs, warmupMs, guards } = settings.interruption
  if (!utterance.isInterruptible) return { guard: 'uninterruptible', untilMs: null }
  if (guards.includes('firstUtterance') && state.utterancesHeard <= 1) return { guard: 'firstUtterance', untilMs: null }
  if (guards.includes('untilFirstUserTurn') && !state.hasUserTurn) return { guard: 'untilFirstUserTurn', untilMs: null }
  if (guards.includes('duringTools') && utterance.tools > 0) return { guard: 'duringTools', untilMs: null }
  const warmUntilMs = (state.firstAgentSpeechAtMs ?? step.nowMs) + warmupMs
  if (step.nowMs < warmUntilMs) return { guard: 'warmup', untilMs: warmUntilMs }
  const protectedUntilMs = (utterance.playingSinceMs ?? step.nowMs) + protectFirstMs
  return step.nowMs < protectedUntilMs ? { guard: 'protected', untilMs: protectedUntilMs } : null
}

/** Gives the recognizer silence while nothing that the person says can count, and their sound again afterwards. */
export function keepGate(step: Step): void {
  const { state, settings } = step
  const block = state.floorId === null ? null : audioBlock(step)
  if (block === null || block.untilMs === null) cancelTimer(step, 'guard')
  else setTimer(step, 'guard', block.untilMs)
  const isGated = block !== null && settings.interruption.whileUninterruptible === 'discard' && settings.stages.stt
  if (isGated === state.isGated) return
  state.isGated = isGated
  step.effects.push({ type: 'gateStt', gated: isGated })
  note(step, 'gate', { gated: isGated, guard: block?.guard ?? null })
}
