import type { ChatRequest, Json, ParleyError, ToolCallRecord, TurnEnd, Usage } from '@parley/spec'

/** One step of a turn as records show it; sensitive values are masked. */
export interface StepRecord {
  step: number
  /** What the model said beside its calls. */
  instructions: string
  toolCalls: ToolCallRecord[]
  usage: Usage
  costNanoUsd: number | null
  /** What was sent; only with `debug`. */
  request?: ChatRequest
}

/** One call in a turn's receipt. */
export interface CallSummary {
  callId: string
  name: string
  durationMs: number
  error?: { code: string; message: string }
}

/** How the loop of one turn ended. */
export interface LoopOutcome {
  end: TurnEnd
  /** All text of the turn. */
  text: string
  /** The parsed value, when the agent declares an output. */
  value?: unknown
  error?: ParleyError
  /** A hook stopped the turn. */
  blocked?: { reason: string; by: string }
  steps: StepRecord[]
  calls: CallSummary[]
  usage: Usage
  costNanoUsd: number | null
  /** Whether the last step was the last one allowed. */
  hitMaxSteps: boolean
  effective: { [key: string]: Json }
}

/** What the one loop tells its sink, in order; exactly one `end`, last. */
export type LoopEvent =
  | { type: 'stepStarted'; step: number }
  | { type: 'textDelta' | 'thinkingDelta'; text: string }
  | { type: 'toolCallStarted' | 'toolCallEnded'; call: ToolCallRecord }
  | { type: 'toolProgress'; callId: string; name: string; text: string }
  | { type: 'stepEnded'; record: StepRecord }
  | { type: 'end'; outcome: LoopOutcome }
