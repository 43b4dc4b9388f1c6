import type { ChatMessage, Usage } from '@parley/spec'
import type { LoopGuards } from './loop-guards.ts'
import type { CallSummary, StepRecord } from './loop-event.ts'
import type { PausableTimer } from './pausable-timer.ts'

/** What changes while a turn's loop runs; made per turn, shared by its parts. */
export interface LoopState {
  /** Ends with the turn: the context's signal or the turn's own timeout. */
  readonly signal: AbortSignal
  readonly timer: PausableTimer
  readonly guards: LoopGuards
  messages: ChatMessage[]
  /** Added to the system prompt of this turn by steering. */
  instructions: string[]
  /** 1 for the first. */
  step: number
  /** Calls so far; a call's position makes its idempotency key. */
  callCount: number
  /** Tools that were used or found by search: their descriptions stay. */
  loadedTools: Set<string>
  /** Names of the tools described in any step. */
  describedTools: Set<string>
  isTainted: boolean
  hasStoredResults: boolean
  /** Calls that gave a result, by name and arguments. */
  answeredCalls: Set<string>
  /** The next step gets no tools. */
  mustAnswer: boolean
  text: string
  steps: StepRecord[]
  calls: CallSummary[]
  usage: Usage
  costNanoUsd: number | null
}

/** Adds what a call of a model used. An unknown cost makes the sum unknown. */
export function addUsage(state: LoopState, used: Usage, costNanoUsd: number | null): void {
  state.usage = sumUsage(state.usage, used)
  state.costNanoUsd = state.costNanoUsd === null || costNanoUsd === null ? null : state.costNanoUsd + costNanoUsd
}

function sumUsage(one: Usage, other: Usage): Usage {
  const sum: Usage = {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
  }
  for (const key of ['cachedInputTokens', 'reasoningTokens', 'audioInputTokens', 'audioOutputTokens'] as const) {
    const total = (one[key] ?? 0) + (other[key] ?? 0)
    if (total > 0) sum[key] = total
  }
  return sum
}
