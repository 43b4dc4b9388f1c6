import type { AgentState, UserState } from './turn-effects.ts'
import { floorHolder, isSpeaking, type Step } from './turn-step.ts'

/** Tells what the two are doing, when it has changed. */
export function show(step: Step): void {
  const { state } = step
  const user: UserState = isSpeaking(state) ? 'speaking' : state.isAway ? 'away' : 'silent'
  const agent = agentState(step)
  if (user === state.shownUser && agent === state.shownAgent) return
  state.shownUser = user
  state.shownAgent = agent
  step.effects.push({ type: 'setState', user, agent })
}

function agentState({ state }: Step): AgentState {
  if (state.isClosing) return 'closing'
  if (!state.isStarted) return 'initializing'
  const holder = floorHolder(state)
  if (holder?.phase === 'playing') return 'speaking'
  if (holder?.phase === 'paused') return 'listening'
  // Its tool has asked the person: who is waited for now is them.
  if (state.isAsking) return 'listening'
  if (state.awaiting !== null || holder?.kind === 'reply') return 'thinking'
  return 'listening'
}
