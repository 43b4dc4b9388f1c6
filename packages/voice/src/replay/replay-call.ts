import { REDACTED, type Json } from '@parley/spec'
import type { VoiceSettings } from '../options/voice-settings.ts'
import type { TurnEffect } from '../turn/turn-effects.ts'
import { createTurnMachine } from '../turn/turn-machine.ts'
import { eventOf, type CallLog } from './call-log.ts'
import { compareRuns, type CallForecast } from './compare-runs.ts'
import { rerun } from './rerun.ts'
import { traceOf } from './run-trace.ts'
import { withoutWords } from './without-words.ts'

/** The first step at which the machine decided otherwise than then. */
export interface ReplayDifference {
  step: number
  atMs: number
  event: Json
  /** Effects as JSON. */
  expected: string
  actual: string
}

/** What playing a call again gave. */
export type ReplayResult =
  | { kind: 'exact'; steps: number; difference: ReplayDifference | null }
  /** What would have happened with other settings, as far as the person would have said the same. */
  | ({ kind: 'forecast' } & CallForecast)

/**
 * Plays a call's turn-taking again; needs no audio and no provider. Words that the log does not hold are not compared.
 * @param options.settings - with them the result is a forecast; without, effects are compared byte by byte
 * @throws {ParleyError} `content_invalid` when a step is not one of a machine
 */
export function replayCall(log: CallLog, { settings }: { settings?: VoiceSettings } = {}): ReplayResult {
  if (settings === undefined) return { kind: 'exact', steps: log.steps.length, difference: firstDifference(log) }
  const recorded = traceOf(log)
  return { kind: 'forecast', ...compareRuns(recorded, rerun(recorded, settings, log.from)) }
}

function firstDifference({ settings, steps, from }: CallLog): ReplayDifference | null {
  const machine = createTurnMachine(settings)
  let state = from ?? machine.initial
  for (const [step, { atMs, event, effects }] of steps.entries()) {
    const outcome = machine.step(state, eventOf(event, step), atMs)
    state = outcome.state
    const expected = JSON.stringify(effects)
    const actual = asRecorded(outcome.effects, expected)
    if (expected !== actual) return { step, atMs, event, expected, actual }
  }
  return null
}

/** Effects as JSON; without words where the log has none: a secret was being said. */
function asRecorded(effects: readonly TurnEffect[], expected: string): string {
  // Effects are plain data.
  return JSON.stringify(expected.includes(REDACTED) ? withoutWords(effects as unknown as Json) : effects)
}
