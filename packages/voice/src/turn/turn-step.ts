import type { Json } from '@parley/spec'
import type { TurnEffect, TurnReceipt } from './turn-effects.ts'
import type { TurnSettings } from './turn-settings.ts'
import type { TimerName, TurnState, Utterance } from './turn-state.ts'

/** One step while it is made: `state` is the step's own copy, its fields may be replaced. */
export interface Step {
  readonly settings: TurnSettings
  readonly nowMs: number
  readonly state: TurnState
  readonly effects: TurnEffect[]
  readonly receipts: TurnReceipt[]
}

/** Writes down why something was decided. */
export function note(step: Step, what: string, data: { [key: string]: Json }): void {
  step.receipts.push({ what, atMs: step.nowMs, data })
}

/** Sets a timer; an instant that has passed fires as soon as it can. */
export function setTimer(step: Step, timer: TimerName, atMs: number): void {
  if (step.state.timers[timer] === atMs) return
  step.state.timers = { ...step.state.timers, [timer]: atMs }
  step.effects.push({ type: 'setTimer', timer, atMs })
}

export function cancelTimer(step: Step, timer: TimerName): void {
  if (step.state.timers[timer] === null) return
  step.state.timers = { ...step.state.timers, [timer]: null }
  step.effects.push({ type: 'cancelTimer', timer })
}

/** Ids are counted, so that the same inputs give the same ids. */
export function nextId(step: Step, prefix: string): string {
  step.state.counter += 1
  return `${prefix}-${step.state.counter}`
}

/** An instant as somebody reported it: never later than now, never absurd. */
export function instant(step: Step, reportedMs: number | undefined, otherwiseMs: number): number {
  if (reportedMs === undefined || !Number.isFinite(reportedMs)) return otherwiseMs
  return Math.max(0, Math.min(reportedMs, step.nowMs))
}

/** Whether the person is heard speaking: our own echo is nobody. */
export function isSpeaking(state: TurnState): boolean {
  return state.speech !== null && !state.speech.isEcho
}

/** The utterance that has the floor. */
export function floorHolder(state: TurnState): Utterance | undefined {
  if (state.floorId === null) return undefined
  return state.utterances.find((utterance) => utterance.utteranceId === state.floorId)
}

/** Replaces fields of one utterance. */
export function changeUtterance(step: Step, utteranceId: string, change: Partial<Utterance>): void {
  const { state } = step
  state.utterances = state.utterances.map((utterance) =>
    utterance.utteranceId === utteranceId ? { ...utterance, ...change } : utterance,
  )
}

/** In the order in which they will be spoken: higher priority first, then first come. */
export function queueOrder(utterances: readonly Utterance[]): Utterance[] {
  return [...utterances].sort((one, other) => other.priority - one.priority || one.order - other.order)
}
