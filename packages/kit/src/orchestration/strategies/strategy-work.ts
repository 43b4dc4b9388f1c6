import { ParleyError } from '@parley/spec'
import type {
  Budget,
  ChannelBinding,
  ChannelId,
  Contract,
  DelegationResult,
  HandoffActor,
  Json,
  RoomEvent,
  RoomId,
  TurnContext,
} from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { canSee } from '../../rooms/can-see.ts'
import type { Delegations } from '../delegation/delegations.ts'
import { agentNameOf, isAgent } from '../orchestrated-agent.ts'
import type { StatusBus } from '../status/status-bus.ts'
import type { StepOutcome } from './supervisor-machine.ts'

/** Time of a turn, unless its agent says otherwise. */
const TURN_MS = 300_000
/** What is left of a turn's time for the answer made of a strategy's results, at most. */
const ANSWER_MS = 30_000

/** What the work of a strategy for one message stands on. */
export interface StrategyWork {
  readonly core: KitCore
  readonly delegations: Delegations
  readonly status: StatusBus
  readonly roomId: RoomId
  /** Names the run in keys and receipts: the same message, the same run. */
  readonly runId: string
  readonly budget: Budget
  readonly signal: AbortSignal
  /** On the monotonic clock. */
  readonly deadlineMs: number
}

/** One piece of work for an agent. */
export interface WorkStep {
  agentId: ChannelId
  task: string
  /** Distinguishes the steps of a run. */
  name: string
  by: HandoffActor
  timeoutMs: number
  context?: Json
  output?: Contract
  shareChannels?: ChannelId[]
  signal: AbortSignal
}

/** Gives a step to its agent, in a child room. What cannot even be asked is an outcome too. */
export async function delegateStep(work: StrategyWork, step: WorkStep): Promise<DelegationResult> {
  const result = await askOnce(work, step)
  // Cut off by the end of a former process: it is done anew, under a key of its own.
  const isOfThePast = result.status === 'interrupted' && !work.core.closing.aborted && !step.signal.aborted
  return isOfThePast ? askOnce(work, { ...step, name: `${step.name}:again` }) : result
}

async function askOnce(work: StrategyWork, step: WorkStep): Promise<DelegationResult> {
  const { agentId, task, name, by, timeoutMs, context, output, shareChannels, signal } = step
  const leftMs = work.deadlineMs - work.core.clock.monotonicMs()
  try {
    const delegation = await work.delegations.delegate(work.roomId, agentId, task, {
      by,
      signal,
      budget: work.budget,
      timeoutMs: Math.max(1, Math.min(timeoutMs, leftMs)),
      idempotencyKey: `${work.runId}:${name}`,
      ...(context === undefined ? {} : { context }),
      ...(output === undefined ? {} : { output, maxRetries: 1 }),
      ...(shareChannels === undefined ? {} : { shareChannels }),
    })
    return await delegation.result
  } catch (thrown) {
    const error = ParleyError.isInstance(thrown)
      ? thrown
      : new ParleyError({
          code: 'delegation_failed',
          message: `The task could not be given to ${agentId}. The error that is its cause tells more.`,
          details: { agentId },
          cause: thrown,
        })
    work.core.reportError(error, { stage: 'strategy', roomId: work.roomId })
    return { status: 'failed', error }
  }
}

/** A result as the schedulers take it. */
export function toOutcome(result: DelegationResult): StepOutcome {
  if (result.status === 'completed') return { status: 'completed', text: result.text }
  return { status: result.status, code: result.error.code, ...(result.text === undefined ? {} : { text: result.text }) }
}

/** Until when the work of a turn may take: the turn's own time, less what its answer needs. */
export function deadlineOfTurn(core: KitCore, { room, agentId, turnId }: TurnContext): number {
  const turn = core.turns.running(room.id, agentId).find((running) => running.turnId === turnId)
  const turnMs = turnTimeOf(core, agentId)
  return (turn?.startedMs ?? core.clock.monotonicMs()) + turnMs - Math.min(ANSWER_MS, turnMs / 10)
}

/** The time an agent's turn may take. */
export function turnTimeOf(core: KitCore, agentId: ChannelId): number {
  const channel = core.registry.get(agentId)
  const own = channel === undefined ? undefined : limitsOf(channel)['turnTimeoutMs']
  return typeof own === 'number' && own > 0 ? own : TURN_MS
}

function limitsOf(channel: object): Record<string, unknown> {
  const options = 'options' in channel ? channel.options : undefined
  const limits = typeof options === 'object' && options !== null && 'limits' in options ? options.limits : undefined
  return typeof limits === 'object' && limits !== null ? { ...limits } : {}
}

/** What an agent caps its turns by; a strategy's work for a message is capped alike. */
export function budgetSpecOf(core: KitCore, agentId: ChannelId): { maxCostUsd?: number } {
  const channel = core.registry.get(agentId)
  const budget = channel !== undefined && 'budget' in channel ? channel.budget : undefined
  // An agent's own budget was checked when the agent was made.
  return typeof budget === 'object' && budget !== null ? (budget as { maxCostUsd?: number }) : {}
}

export function nameOf(core: KitCore, agentId: ChannelId): string {
  const channel = core.registry.get(agentId)
  return agentNameOf(isAgent(channel) ? channel : undefined, agentId)
}

/** Lines of a conversation given to agents that are not in it. */
const TRANSCRIPT_LINES = 20

/** What was said before an event, as far as an agent may read it. */
export async function transcriptBefore(
  core: KitCore,
  { roomId, index }: RoomEvent,
  agentId: ChannelId,
): Promise<string | undefined> {
  const context = await core.store.loadContext(roomId, { tail: 0 })
  const reader = context?.bindings.find((binding: ChannelBinding) => binding.channelId === agentId)
  if (reader === undefined) return undefined
  const said = await core.store.tail(roomId, TRANSCRIPT_LINES, {
    upToIndex: index - 1,
    types: ['message'],
    statuses: ['committed'],
  })
  const lines = said.flatMap((event) => {
    if (
      event.content.type !== 'text' ||
      event.redacted !== undefined ||
      event.deleted !== undefined ||
      !canSee(event, reader)
    )
      return []
    const { kind, channelId, participantId } = event.source
    const who = kind === 'agent' && channelId !== undefined ? nameOf(core, channelId) : (participantId ?? 'system')
    return [`${who}: ${event.content.text}`]
  })
  return lines.length === 0 ? undefined : `The conversation so far:\n${lines.join('\n')}`
}

/** The words of a message. */
export function textOfEvent({ content }: RoomEvent): string {
  if (content.type === 'text') return content.text
  return content.type === 'dtmf' ? `[keys pressed: ${content.digits}]` : `[${content.type}]`
}
