/** What happens while a person takes a call over from the agent, and gives it back. */
export type TakeoverEvent =
  | { type: 'take' }
  /** Caller and person hear each other. */
  | { type: 'bridged' }
  | { type: 'giveBack'; summary: string }
  | { type: 'personHungUp' | 'callerHungUp' }
  | { type: 'timerFired' }

/** What is to be done, in order. */
export type TakeoverEffect =
  | { type: 'interruptAgent' }
  | { type: 'setMode'; mode: 'human' | 'agent' }
  | { type: 'bridge' }
  | { type: 'unbridge' }
  /** Written down for the agent that has the call again. */
  | { type: 'summary'; text: string }
  | { type: 'setTimer'; atMs: number }
  | { type: 'cancelTimer' }
  /** The person was not there in time; bridging goes on. */
  | { type: 'late' }

export interface TakeoverState {
  phase: 'agent' | 'joining' | 'human' | 'done'
}

/** How long the bridging of a person may take. */
export const TAKEOVER_BOUND_MS = 500

export const initialTakeoverState: TakeoverState = Object.freeze({ phase: 'agent' })

/** Takes a call from agent to person and back. Pure. */
export function stepTakeover(
  state: TakeoverState,
  event: TakeoverEvent,
  nowMs: number,
): { state: TakeoverState; effects: TakeoverEffect[] } {
  const still = { state, effects: [] }
  if (state.phase === 'done') return still
  switch (event.type) {
    case 'take':
      if (state.phase !== 'agent') return still
      return {
        state: { phase: 'joining' },
        // Nothing here waits for anything: silence of the agent and the person's line begin in the same instant.
        effects: [
          { type: 'interruptAgent' },
          { type: 'bridge' },
          { type: 'setMode', mode: 'human' },
          { type: 'setTimer', atMs: nowMs + TAKEOVER_BOUND_MS },
        ],
      }
    case 'bridged':
      return state.phase === 'joining' ? { state: { phase: 'human' }, effects: [{ type: 'cancelTimer' }] } : still
    case 'timerFired':
      return state.phase === 'joining' ? { state, effects: [{ type: 'late' }] } : still
    case 'giveBack':
    case 'personHungUp':
      if (state.phase === 'agent') return still
      return {
        state: { phase: 'agent' },
        effects: [
          { type: 'cancelTimer' },
          { type: 'unbridge' },
          ...(event.type === 'giveBack' ? [{ type: 'summary', text: event.summary } as const] : []),
          { type: 'setMode', mode: 'agent' },
        ],
      }
    case 'callerHungUp':
      return {
        state: { phase: 'done' },
        effects: state.phase === 'agent' ? [] : [{ type: 'cancelTimer' }, { type: 'unbridge' }],
      }
  }
}
