import type { Budget } from './budget-port.ts'
import type { Usage } from './chat-model.ts'
import type { Contract } from './contract.ts'
import type { RoomId } from './ids.ts'
import type { Json } from './json.ts'
import type { ParleyError } from './parley-error.ts'

/** What a runner is asked to do. */
export interface RunnerRequest {
  input: Json
  prompt?: string
  output?: Contract
  maxSteps?: number
  /** Of an agent: the addresses that it may call of those that it has; globs. @default all */
  allowedTools?: readonly string[]
  language?: string
  organizationId?: string
  roomId?: RoomId
  sessionId?: string
  taskId?: string
  budget: Budget
  /** Seen before: attaches to that run and gives its result. */
  idempotencyKey: string
}

export type RunnerEvent =
  | { type: 'textDelta' | 'progress'; text: string }
  /** Of an agent: the next of its steps begins, from 1. What it wrote before was not its answer. */
  | { type: 'stepStarted'; step: number }
  /** Of an agent: what its model thinks, and what a step says that it is doing. */
  | { type: 'thinkingDelta' | 'instructionsDelta'; text: string }
  | { type: 'started'; roomId?: RoomId; runId?: string }
  | { type: 'waiting'; requestId?: string; reason: string }

export type RunnerResult =
  | {
      status: 'completed'
      output: Json
      text?: string
      roomId?: RoomId
      runId?: string
      usage: Usage
      costNanoUsd: number | null
      receiptIds: string[]
    }
  | {
      status: 'failed' | 'cancelled' | 'timeout' | 'budgetExceeded'
      error: ParleyError
      output?: Json
      roomId?: RoomId
      runId?: string
      usage: Usage
      costNanoUsd: number | null
    }

/** Something that does a piece of work: an agent, a conversation or a workflow. */
export interface AgentRunner {
  readonly id: string
  readonly kind: 'agent' | 'conversation' | 'workflow'
  readonly description?: string
  readonly input?: Contract
  readonly output?: Contract
  run(
    request: RunnerRequest,
    options: { signal: AbortSignal; onEvent?: (event: RunnerEvent) => void },
  ): Promise<RunnerResult>
}
