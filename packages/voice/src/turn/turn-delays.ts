import { countWords } from './normalize-text.ts'
import { turnText } from './open-turn.ts'
import type { Step } from './turn-step.ts'

/** A pause that ends within this of the agent's start was too short a wait, in milliseconds. */
const resumptionMs = 1000

/** How the end of a turn is told in this call, at this moment. */
export function effectiveMode({ state, settings }: Step): 'vad' | 'stt' | 'inactivity' | 'provider' | 'manual' {
  const { mode } = settings.endpointing
  const hasVad = settings.stages.vad && state.isVadAlive
  if (settings.source === 'realtime' && settings.turns !== 'local')
    return settings.turns === 'manual' ? 'manual' : 'provider'
  if (mode === 'provider' || mode === 'manual') return mode
  if (mode === 'stt' && settings.stages.sttEndOfSpeech) return 'stt'
  return hasVad ? 'vad' : 'inactivity'
}

/** Whether a prediction can be had. */
export function canPredict({ state, settings }: Step): boolean {
  return settings.endpointing.mode === 'auto' && settings.stages.turnDetector && !state.isDetectorMute
}

/** How long after the last voiced instant a turn ends, at the earliest and at the latest. */
export function turnDelays(step: Step, isPlain: boolean): { minMs: number; maxMs: number } {
  const { endpointing } = step.settings
  const minMs = isPlain ? endpointing.plainMinDelayMs : endpointing.minDelayMs
  const maxMs = Math.max(minMs, isPlain ? endpointing.plainMaxDelayMs : endpointing.maxDelayMs)
  const hinted = hintDelay(step)
  if (hinted !== null) return { minMs: hinted, maxMs: Math.max(hinted, maxMs) }
  if (!endpointing.dynamic || step.state.pauseMs === null) return { minMs, maxMs }
  return { minMs: Math.min(maxMs, Math.max(minMs, step.state.pauseMs)), maxMs }
}

function hintDelay({ state, settings }: Step): number | null {
  if (state.hint === null) return null
  const { expect, minLength } = state.hint
  const delays: { readonly [expect: string]: number | undefined } = settings.endpointing.hintDelayMs
  const delayMs = delays[expect]
  if (delayMs === undefined) return null
  const text = turnText(state.open)
  const length = expect === 'name' || expect === 'yesNo' ? countWords(text) : text.replace(/[^\p{L}\p{N}]/gu, '').length
  return minLength > 0 && length >= minLength ? null : delayMs
}

/** Learns from a pause inside a turn, or from a person who went on when the agent had begun. */
export function learnPause(step: Step, speechStartedAtMs: number): void {
  const { state, settings } = step
  if (!settings.endpointing.dynamic) return
  const anchorMs = pauseStart(step, speechStartedAtMs)
  if (anchorMs === null || speechStartedAtMs <= anchorMs) return
  const { dynamicAlpha, minDelayMs, maxDelayMs } = settings.endpointing
  const before = state.pauseMs ?? minDelayMs
  const learned = dynamicAlpha * before + (1 - dynamicAlpha) * (speechStartedAtMs - anchorMs)
  state.pauseMs = Math.min(maxDelayMs, Math.max(minDelayMs, learned))
}

function pauseStart({ state }: Step, speechStartedAtMs: number): number | null {
  if (state.decision !== null && state.open !== null) return state.decision.anchorMs
  const startedMs = state.utterances.find(({ utteranceId }) => utteranceId === state.floorId)?.playingSinceMs ?? null
  if (startedMs === null || state.committed === null || state.committed.atMs > startedMs) return null
  return speechStartedAtMs - startedMs <= resumptionMs ? state.committed.anchorMs : null
}
