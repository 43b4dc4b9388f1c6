import { createBudget, ParleyError } from '@parley/spec'
import type { ChannelId, Contract, EventInput, Json, RoomEvent, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import type { OrchestrationDefinition, RestoreDefinition } from '../definitions/definition.ts'
import { delegationsOf } from '../delegation/delegations.ts'
import { turnServices } from '../../core/turn-services.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import type { LoopReport } from './loop-machine.ts'
import { runLoopOf } from './run-loop.ts'
import { verdictSchema } from './run-supervisor.ts'
import { budgetSpecOf, textOfEvent, transcriptBefore, turnTimeOf, type StrategyWork } from './strategy-work.ts'
import { stopWith } from './supervisor-definition.ts'
import { isForStrategy } from './taken-events.ts'

/** What a room stores of a loop. */
export interface StoredLoop {
  agentId: ChannelId
  reviewers: ChannelId[]
  maxIterations: number
  strategy: 'sequential' | 'parallel'
  background: boolean
  /** A schema of the definition is the verdict's. */
  hasVerdict: boolean
}

/** A loop's definition; its schema is found again here. */
export interface LoopDefinition extends OrchestrationDefinition {
  readonly verdict?: Contract
}

/** Messages that wait for the word that their work has begun. */
const BEGUN = 1_000

/** Builds the definition behind a loop, for one kit. */
export function loopDefinition(
  kit: OrchestrationHost,
  id: string,
  stored: StoredLoop,
  verdict?: Contract,
): LoopDefinition {
  const { agentId, reviewers, maxIterations, strategy, background } = stored
  /** One message at a time per room: each reads what became of the one before it. */
  const lines = new Map<RoomId, Promise<void>>()
  const begun = new Set<string>()

  const inLine = async (roomId: RoomId, run: () => Promise<void>): Promise<void> => {
    const before = lines.get(roomId) ?? Promise.resolve()
    const done = before.then(run)
    // The next in line does not care how this one ended; its caller does.
    const settled = done.then(undefined, () => {})
    lines.set(roomId, settled)
    try {
      await done
    } finally {
      if (lines.get(roomId) === settled) lines.delete(roomId)
    }
  }

  const work = async (event: RoomEvent, given: AbortSignal): Promise<void> => {
    const { core, status } = internalsOf(kit)
    const runId = `${event.id}:loop`
    const spec = budgetSpecOf(core, agentId)
    const budget =
      core.orchestration.budget?.(event.roomId)?.child('turn', runId, spec) ??
      createBudget('turn', runId, spec, { clock: core.clock })
    const stop = stopWith(core, event, given)
    const deadlineMs = core.clock.monotonicMs() + turnTimeOf(core, agentId)
    const run: StrategyWork = {
      core,
      status,
      delegations: delegationsOf(kit),
      roomId: event.roomId,
      runId,
      budget,
      signal: stop.signal,
      deadlineMs,
    }
    try {
      const context = await transcriptBefore(core, event, agentId)
      const report = await runLoopOf(run, {
        producerId: agentId,
        terms: { reviewers, strategy, maxIterations },
        task: textOfEvent(event),
        verdict: verdict ?? verdictSchema,
        taskTimeoutMs: turnTimeOf(core, agentId),
        ...(context === undefined ? {} : { context }),
      })
      if (!core.closing.aborted) await sendFinal(core, event, agentId, report)
    } finally {
      stop.dispose()
    }
  }

  const triggerIds = (context: Parameters<NonNullable<OrchestrationDefinition['notes']>>[0]): string[] =>
    (turnServices(context)?.triggers ?? [context.event])
      .map((trigger) => trigger.id)
      .filter((eventId) => begun.has(eventId))

  return {
    kind: 'loop',
    id,
    // Plain data through and through.
    spec: stored as unknown as Json,
    router: new ConversationRouter({ defaultAgentId: agentId }),
    initial: { phase: 'intake', activeAgentId: agentId },
    agentIds: [agentId, ...reviewers],
    ...(verdict === undefined ? {} : { verdict }),
    takesOver: (event, state) => isForStrategy(event, state, agentId),
    async handle(event, signal) {
      const { core } = internalsOf(kit)
      if (!background) return inLine(event.roomId, () => work(event, signal))
      core.background('strategy', (closing) => inLine(event.roomId, () => work(event, closing)))
      begun.add(event.id)
      const [oldest] = begun
      if (begun.size > BEGUN && oldest !== undefined) begun.delete(oldest)
      core.turns.ask({ roomId: event.roomId, agentId, trigger: event })
    },
    notes: async (context) =>
      context.agentId === agentId && triggerIds(context).length > 0
        ? [
            'Work on this message has begun; the finished text will be sent by itself. Say so in one sentence, and do not write the text now.',
          ]
        : [],
    async turnEnded(context) {
      if (context.agentId === agentId) for (const eventId of triggerIds(context)) begun.delete(eventId)
    },
  }
}

/** People get the final version only, once. */
async function sendFinal(core: KitCore, event: RoomEvent, agentId: ChannelId, report: LoopReport): Promise<void> {
  const { text, approved, iterations, stopped, code } = report
  const marks = { approved, iterations, ...(stopped === undefined ? {} : { stopped }) }
  const cause = { causeId: event.id, chainDepth: event.chainDepth + 1 }
  const common: Partial<EventInput> = {
    idempotencyKey: `loop:${event.id}`,
    ...(event.parentEventId === undefined ? {} : { parentEventId: event.parentEventId }),
    ...(event.responseVisibility === undefined ? {} : { visibility: event.responseVisibility }),
  }
  const room = await core.store.getRoom(event.roomId)
  if (room === null || room.status === 'closed' || room.status === 'archived') return
  if (text !== undefined) {
    await core.sendEvent(
      event.roomId,
      agentId,
      { ...common, content: { type: 'text', text }, metadata: marks },
      { cause },
    )
    return
  }
  const error = new ParleyError({
    code: 'delegation_failed',
    message: `Agent ${agentId} wrote no text for a message in room ${event.roomId}. Its child rooms tell more.`,
    details: { roomId: event.roomId, agentId, stopped: stopped ?? null, cause: code ?? null },
  })
  core.reportError(error, { stage: 'strategy', roomId: event.roomId, eventId: event.id })
  const line = failureLineOf(core, agentId)
  if (line === undefined) return
  await core.sendEvent(
    event.roomId,
    agentId,
    { ...common, content: { type: 'text', text: line }, metadata: { ...marks, notice: 'agent_failed' } },
    { cause },
  )
}

function failureLineOf(core: KitCore, agentId: ChannelId): string | undefined {
  const channel = core.registry.get(agentId)
  const options = channel !== undefined && 'options' in channel ? channel.options : undefined
  const line = typeof options === 'object' && options !== null && 'onFailure' in options ? options.onFailure : undefined
  return typeof line === 'string' && line !== '' ? line : undefined
}

/** Builds a loop from what a room stored; its schema comes from the registered definition. */
export const restoreLoop: RestoreDefinition = (stored, { kit, registered }) => {
  // Written by `loopDefinition` of this or an earlier process.
  const spec = stored.spec as unknown as StoredLoop
  const verdict =
    registered !== undefined && registered.kind === 'loop' ? (registered as LoopDefinition).verdict : undefined
  if (spec.hasVerdict && verdict === undefined) return { missing: stored.id }
  return loopDefinition(kit, stored.id, spec, spec.hasVerdict ? verdict : undefined)
}
