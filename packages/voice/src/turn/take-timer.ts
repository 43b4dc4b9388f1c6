import { settlePending, takeVerdict } from './backchannel.ts'
import { playAgentBackchannel } from './barge-in.ts'
import { fillerDue } from './filler.ts'
import { checkFloor } from './floor.ts'
import { idleDue } from './idle.ts'
import { thaw } from './take-command.ts'
import { timerNames, type TimerName } from './turn-state.ts'
import { note, type Step } from './turn-step.ts'
import { checkOpenTurn, cutTurn, noTranscript, stageStalled, thinkingDue } from './watchdogs.ts'

/** A timer is due; one that was cancelled or set anew changes nothing. */
export function timerFired(step: Step, fired: string): void {
  const { state } = step
  const timer = timerNames.find((name) => name === fired)
  const dueMs = timer === undefined ? null : state.timers[timer]
  if (timer === undefined || dueMs === null) return
  // Somebody's clock is ahead of ours: it is asked for again.
  if (dueMs > step.nowMs) return void step.effects.push({ type: 'setTimer', timer, atMs: dueMs })
  state.timers = { ...state.timers, [timer]: null }
  due(step, timer)
}

function due(step: Step, timer: TimerName): void {
  const { state } = step
  switch (timer) {
    // These only bring the machine to look again.
    case 'decision':
    case 'suspect':
    case 'launch':
    case 'gap':
    case 'guard':
      return
    case 'falseInterruption':
      if (state.pause !== null) state.pause = { ...state.pause, isDue: true }
      return
    case 'maxTurn':
      return cutTurn(step, 'maxMs')
    case 'watchdog':
      return checkOpenTurn(step)
    case 'noTranscript':
      return noTranscript(step)
    case 'sttSilent':
      return stageStalled(step, 'stt')
    case 'thinking':
      return thinkingDue(step)
    case 'floor':
      return checkFloor(step)
    case 'filler':
      return fillerDue(step)
    case 'idle':
      return idleDue(step)
    case 'freeze':
      return thaw(step, 'timeout')
    case 'amd':
      state.isAmd = false
      return note(step, 'amd', { verdict: 'uncertain' })
    case 'backchannel':
      if (state.backchannel?.phase === 'asked') return takeVerdict(step, state.backchannel.id, false)
      return settlePending(step)
    case 'agentBackchannel':
      return playAgentBackchannel(step)
  }
}
