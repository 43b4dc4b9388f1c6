import type { CommittedTurn, TurnEffect, TurnReceipt } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import { createTurnMachine } from '../turn/turn-machine.ts'
import { eventOf, type CallLog } from './call-log.ts'

export interface TracedTurn {
  turn: CommittedTurn
  atMs: number
}

/** What one run of the machine was told and did. */
export interface RunTrace {
  events: { atMs: number; event: TurnEvent }[]
  turns: TracedTurn[]
  predictions: { atMs: number; decisionId: string }[]
  verdicts: { atMs: number; id: string }[]
  interruptions: number
  /** Starts of the agent that the person spoke on into, within a second. */
  cutIns: number
  receipts: TurnReceipt[]
}

/** A person who speaks within this of the agent's start had not finished, in milliseconds. */
const cutInMs = 1000

/** Collects what a run did. */
export class TraceRecorder implements RunTrace {
  readonly events: { atMs: number; event: TurnEvent }[] = []
  readonly turns: TracedTurn[] = []
  readonly predictions: { atMs: number; decisionId: string }[] = []
  readonly verdicts: { atMs: number; id: string }[] = []
  readonly receipts: TurnReceipt[] = []
  interruptions = 0
  cutIns = 0
  #startedAtMs = Number.NEGATIVE_INFINITY

  take(atMs: number, event: TurnEvent, effects: readonly TurnEffect[], receipts: readonly TurnReceipt[]): void {
    this.events.push({ atMs, event })
    this.receipts.push(...receipts)
    if (event.type === 'playoutStarted') this.#startedAtMs = atMs
    if (event.type === 'vadStart' && atMs - this.#startedAtMs <= cutInMs) {
      this.cutIns += 1
      this.#startedAtMs = Number.NEGATIVE_INFINITY
    }
    for (const effect of effects) {
      if (effect.type === 'commitUserTurn') this.turns.push({ turn: effect.turn, atMs })
      if (effect.type === 'predictTurn') this.predictions.push({ atMs, decisionId: effect.decisionId })
      if (effect.type === 'askBackchannel') this.verdicts.push({ atMs, id: effect.id })
      if (effect.type === 'interrupt' && effect.plan.utteranceIds.length > 0) this.interruptions += 1
    }
  }
}

/** The call as it was, with its receipts. */
export function traceOf({ settings, steps, from }: CallLog): RunTrace {
  const machine = createTurnMachine(settings)
  const trace = new TraceRecorder()
  let state = from ?? machine.initial
  for (const [index, { atMs, event }] of steps.entries()) {
    const happened = eventOf(event, index)
    const outcome = machine.step(state, happened, atMs)
    state = outcome.state
    trace.take(atMs, happened, outcome.effects, outcome.receipts)
  }
  return trace
}
