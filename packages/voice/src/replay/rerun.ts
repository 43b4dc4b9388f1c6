import type { VoiceSettings } from '../options/voice-settings.ts'
import type { TurnEffect } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import { createTurnMachine, type TurnState } from '../turn/turn-machine.ts'
import { TraceRecorder, type RunTrace } from './run-trace.ts'

interface Coming {
  atMs: number
  order: number
  event: TurnEvent
}

/** Bound on steps: recorded ones, and as many timers. */
const stepsPerEvent = 20

/**
 * Runs a recorded call with other settings: what the person did comes when it came; answers of engines and of agents
 * come as long after what asked for them as they did then.
 * @param from - what the machine knew before the first recorded event. @default nothing
 */
export function rerun(recorded: RunTrace, settings: VoiceSettings, from?: TurnState): RunTrace {
  const machine = createTurnMachine(settings)
  const trace = new TraceRecorder()
  const plan = planOf(recorded)
  const timers = new Map<string, number>(timersOf(from))
  const queue: Coming[] = plan.free.map((coming, order) => ({ ...coming, order }))
  let state = from ?? machine.initial
  let order = queue.length
  const limit = (recorded.events.length + 100) * stepsPerEvent
  // What was said last may be decided later than then.
  const { maxDelayMs, sttNetMs } = settings.endpointing
  const endMs = (recorded.events.at(-1)?.atMs ?? 0) + maxDelayMs + sttNetMs

  const push = (atMs: number, event: TurnEvent): void => {
    queue.push({ atMs, event, order: order++ })
    queue.sort((one, other) => one.atMs - other.atMs || one.order - other.order)
  }
  const follow = (atMs: number, effect: TurnEffect): void => {
    if (effect.type === 'setTimer') timers.set(effect.timer, effect.atMs)
    if (effect.type === 'cancelTimer') timers.delete(effect.timer)
    for (const { afterMs, event } of plan.answersTo(effect, trace)) push(atMs + afterMs, event)
  }
  for (let count = 0; count < limit; count++) {
    const next = queue[0]
    const timer = [...timers].sort(([, one], [, other]) => one - other)[0]
    const isTimer = timer !== undefined && timer[1] <= (next?.atMs ?? endMs)
    if (!isTimer && next === undefined) break
    const atMs = isTimer ? timer[1] : (next?.atMs ?? endMs)
    const event: TurnEvent | undefined = isTimer ? { type: 'timerFired', timer: timer[0] } : queue.shift()?.event
    if (event === undefined) break
    if (isTimer) timers.delete(timer[0])
    const outcome = machine.step(state, event, atMs)
    state = outcome.state
    trace.take(atMs, event, outcome.effects, outcome.receipts)
    for (const effect of outcome.effects) follow(atMs, effect)
  }
  return trace
}

/** Timers that ran when the log began. */
function timersOf(from: TurnState | undefined): [string, number][] {
  return Object.entries(from?.timers ?? {}).flatMap(([name, atMs]) => (atMs === null ? [] : [[name, atMs]]))
}

interface Answer {
  afterMs: number
  event: TurnEvent
}

interface ReplayPlan {
  /** Events that nothing of the machine brought about. */
  free: { atMs: number; event: TurnEvent }[]
  answersTo(effect: TurnEffect, so: RunTrace): Answer[]
}

/** Parts recorded events by what they answer: the n-th turn, the n-th question to a detector. */
function planOf(recorded: RunTrace): ReplayPlan {
  const byTurn = new Map<string, Answer[]>()
  const byPrediction = new Map<string, Answer>()
  const byVerdict = new Map<string, Answer>()
  const turnOf = new Map<string, { turnId: string; atMs: number }>()
  const free: ReplayPlan['free'] = []
  for (const { atMs, event } of recorded.events) {
    if (event.type === 'timerFired') continue
    if (event.type === 'turnPrediction') {
      const asked = recorded.predictions.find(({ decisionId }) => decisionId === event.decisionId)
      if (asked !== undefined) byPrediction.set(event.decisionId, { afterMs: atMs - asked.atMs, event })
      continue
    }
    if (event.type === 'backchannelVerdict') {
      const asked = recorded.verdicts.find(({ id }) => id === event.id)
      if (asked !== undefined) byVerdict.set(event.id, { afterMs: atMs - asked.atMs, event })
      continue
    }
    const answered = answeredTurn(event, recorded, turnOf)
    if (answered === undefined) free.push({ atMs, event })
    else byTurn.set(answered.turnId, [...(byTurn.get(answered.turnId) ?? []), { afterMs: atMs - answered.atMs, event }])
  }
  return {
    free,
    answersTo(effect, so) {
      if (effect.type === 'commitUserTurn') {
        const then = recorded.turns[so.turns.length - 1]
        return (byTurn.get(then?.turn.turnId ?? '') ?? []).map(({ afterMs, event }) => ({
          afterMs,
          event: 'turnId' in event ? { ...event, turnId: effect.turn.turnId } : event,
        }))
      }
      if (effect.type === 'predictTurn') {
        const then = byPrediction.get(recorded.predictions[so.predictions.length - 1]?.decisionId ?? '')
        if (then?.event.type !== 'turnPrediction') return []
        return [{ ...then, event: { ...then.event, decisionId: effect.decisionId } }]
      }
      if (effect.type === 'askBackchannel') {
        const then = byVerdict.get(recorded.verdicts[so.verdicts.length - 1]?.id ?? '')
        if (then?.event.type !== 'backchannelVerdict') return []
        return [{ ...then, event: { ...then.event, id: effect.id } }]
      }
      return []
    },
  }
}

/** The turn that an event of a reply belongs to. */
function answeredTurn(
  event: TurnEvent,
  { turns }: RunTrace,
  turnOf: Map<string, { turnId: string; atMs: number }>,
): { turnId: string; atMs: number } | undefined {
  if (event.type === 'turnSettled' || (event.type === 'replyStarted' && event.turnId !== undefined)) {
    const traced = turns.find(({ turn }) => turn.turnId === event.turnId)
    if (traced === undefined) return undefined
    const answered = { turnId: traced.turn.turnId, atMs: traced.atMs }
    if (event.type === 'replyStarted') turnOf.set(event.utteranceId, answered)
    return answered
  }
  return 'utteranceId' in event ? turnOf.get(event.utteranceId) : undefined
}
