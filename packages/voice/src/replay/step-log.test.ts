import type { Json } from '@parley/spec'
import { expect, test } from 'vitest'
import { settingsWith } from '../turn/__fixtures__/timeline.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import { createTurnMachine } from '../turn/turn-machine.ts'
import { replayCall } from './replay-call.ts'
import { StepLog } from './step-log.ts'
import { parseCallLog, writeCallLog } from './stored-log.ts'

/** A person who says two words every second, for so many turns. */
function longCall(turns: number, isSecretTurn: (turn: number) => boolean = () => false): StepLog {
  const machine = createTurnMachine(settingsWith())
  const log = new StepLog()
  let state = machine.initial
  const feed = (event: TurnEvent, nowMs: number, isSecret: boolean): void => {
    const before = state
    const outcome = machine.step(before, event, nowMs)
    state = outcome.state
    // Events and effects are plain data.
    const step = { atMs: nowMs, event: event as unknown as Json, effects: outcome.effects as unknown as Json }
    log.add(step, before, isSecret)
  }
  for (let turn = 0; turn < turns; turn++) {
    const atMs = turn * 5_000
    const isSecret = isSecretTurn(turn)
    const text = isSecret ? 'four eight' : `hello ${turn}`
    feed({ type: 'vadStart', speechStartedAtMs: atMs, probability: 0.9 }, atMs + 50, isSecret)
    feed({ type: 'sttFinal', id: `t${turn}`, text }, atMs + 600, isSecret)
    feed({ type: 'vadEnd', lastVoicedAtMs: atMs + 700, probability: 0.1 }, atMs + 950, isSecret)
    // The detector is asked first and does not answer.
    for (let dueMs = state.timers.decision; dueMs !== null; dueMs = state.timers.decision)
      feed({ type: 'timerFired', timer: 'decision' }, dueMs, isSecret)
  }
  return log
}

test('a call within the bound is kept from its first step on', () => {
  const log = longCall(100).toLog(settingsWith())
  expect([log.from, log.dropped]).toEqual([undefined, undefined])
  expect(replayCall(log)).toMatchObject({ steps: log.steps.length, difference: null })
})

test('of a longer call the last 20 000 steps at most are kept, and they replay from the state they began in', () => {
  const log = longCall(5_150).toLog(settingsWith())
  expect(log.dropped).toBeGreaterThanOrEqual(1_000)
  expect((log.dropped ?? 0) % 1_000).toBe(0)
  expect(log.steps.length).toBeGreaterThan(19_000)
  expect(log.steps.length).toBeLessThanOrEqual(20_000)
  const read = parseCallLog(writeCallLog(log))
  expect(replayCall(read)).toEqual({ kind: 'exact', steps: log.steps.length, difference: null })
  expect(JSON.stringify(log.from)).toContain('hello')
  // With the settings of then, what comes out is what was.
  expect(replayCall(read, { settings: read.settings })).toMatchObject({ turns: [], latencyChangeMs: 0 })
})

test('D-4 the state that a log begins with holds no words where a secret was among them', () => {
  const log = longCall(5_150, (turn) => turn < 1_000).toLog(settingsWith())
  expect(log.dropped).toBeGreaterThanOrEqual(1_000)
  expect(log.from).toBeDefined()
  expect(JSON.stringify(log.from)).toContain('[REDACTED]')
  expect(JSON.stringify(log)).not.toContain('four eight')
  expect(replayCall(log)).toMatchObject({ difference: null })
})
