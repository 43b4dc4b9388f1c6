import type { Budget } from './budget-port.ts'
import type { Contract } from './contract.ts'
import type { HandoffActor } from './handoff.ts'
import type { ChannelId, RoomId } from './ids.ts'
import type { Json } from './json.ts'
import type { ParleyError } from './parley-error.ts'

/** How a task is given to another agent in a room of its own. */
export interface DelegateOptions {
  context?: Json
  output?: Contract
  shareChannels?: ChannelId[]
  /** Whether the call waits for the end of the task. Background tasks are resumed after a restart. @default true */
  wait?: boolean
  /** Gets the result as a note of its next turn. */
  notify?: ChannelId
  budget?: Budget
  /** @default 120 000 */
  timeoutMs?: number
  /** @default 3 */
  maxRetries?: number
  idempotencyKey?: string
  by: HandoffActor
  signal?: AbortSignal
}

export type DelegationResult =
  | { status: 'completed'; text: string; value?: unknown; costNanoUsd: number | null }
  | { status: 'failed' | 'cancelled' | 'timeout' | 'overBudget' | 'interrupted'; error: ParleyError; text?: string }

/** A task under way in a child room. */
export interface Delegation {
  id: string
  childRoomId: RoomId
  readonly status: 'waiting' | 'running' | DelegationResult['status']
  result: Promise<DelegationResult>
  cancel(reason: string): Promise<void>
}
