import { createBudget, defineTool, ParleyError } from '@parley/spec'
import type { AnyTool, ChannelId, Json, RoomEvent, RoomId, ToolContext, TurnContext } from '@parley/spec'
import { z } from 'zod'
import { turnServices } from '../../core/turn-services.ts'
import type { OrchestrationDefinition, RestoreDefinition } from '../definitions/definition.ts'
import { WAIT_MS } from '../delegation/delegate-tool.ts'
import { delegationsOf } from '../delegation/delegations.ts'
import { agentPurposeOf, isAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import { reportJson, reportText, runSupervisor, type RefineTask } from './run-supervisor.ts'
import { createSharedRuns } from './shared-runs.ts'
import {
  budgetSpecOf,
  deadlineOfTurn,
  nameOf,
  textOfEvent,
  transcriptBefore,
  turnTimeOf,
  type StrategyWork,
} from './strategy-work.ts'
import type { SupervisorReport } from './supervisor-machine.ts'
import { isForStrategy } from './taken-events.ts'

/** What a room stores of a supervisor. */
export interface StoredSupervisor {
  supervisorId: ChannelId
  workers: ChannelId[]
  strategy: 'sequential' | 'parallel' | null
  autoDelegate: boolean
  background: boolean
  review: boolean
  maxRevisions: number
  taskTimeoutMs: number
  shareChannels: ChannelId[]
  failFast: boolean
  /** A function of the definition refines tasks. */
  refines: boolean
}

/** A supervisor's definition; its function is found again here. */
export interface SupervisorDefinition extends OrchestrationDefinition {
  readonly refineTask?: RefineTask
}

/** Reports that wait for the supervisor's answer; more are forgotten, oldest first. */
const REPORTS = 1_000

/** Builds the definition behind a supervisor, for one kit. */
export function supervisorDefinition(
  kit: OrchestrationHost,
  id: string,
  stored: StoredSupervisor,
  refineTask?: RefineTask,
): SupervisorDefinition {
  const { supervisorId, workers, strategy, autoDelegate, background, review, maxRevisions, failFast } = stored
  const runs = createSharedRuns<SupervisorReport>()
  /** What the supervisor is to answer by, per message. */
  const notes = new Map<string, string>()

  const workFor = (
    roomId: RoomId,
    runId: string,
    parts: Pick<StrategyWork, 'budget' | 'signal' | 'deadlineMs'>,
  ): StrategyWork => {
    const { core, status } = internalsOf(kit)
    return { core, status, delegations: delegationsOf(kit), roomId, runId, ...parts }
  }

  const run = (
    work: StrategyWork,
    task: string,
    workerIds: readonly ChannelId[],
    context?: Json,
  ): Promise<SupervisorReport> =>
    runSupervisor(work, {
      supervisorId,
      terms: { workers: workerIds, strategy: strategy ?? 'parallel', review, maxRevisions, failFast },
      task,
      taskTimeoutMs: stored.taskTimeoutMs,
      ...(context === undefined ? {} : { context }),
      ...(stored.shareChannels.length === 0 ? {} : { shareChannels: stored.shareChannels }),
      ...(refineTask === undefined ? {} : { refineTask }),
    })

  /** The result comes later, under the supervisor's name. */
  const deliver = async ({ core, roomId, runId }: StrategyWork, report: SupervisorReport): Promise<void> => {
    const validated = report.results.every((step) => step.validated !== false)
    await core.sendEvent(roomId, supervisorId, {
      content: { type: 'text', text: reportText({ core }, report) },
      addressedTo: [],
      idempotencyKey: `delivery:${runId}`,
      metadata: {
        strategy: 'supervisor',
        ...(validated ? {} : { validated }),
        ...(report.stopped === undefined ? {} : { stopped: report.stopped }),
      },
    })
  }

  const inBackground = (
    make: (signal: AbortSignal) => StrategyWork,
    task: string,
    workerIds: readonly ChannelId[],
    key: string,
    context?: Json,
  ): void => {
    const { core } = internalsOf(kit)
    core.background('strategy', async (signal) => {
      const work = make(signal)
      await runs.once(key, task, async () => {
        const report = await run(work, task, workerIds, context)
        if (!core.closing.aborted) await deliver(work, report)
        return report
      })
    })
  }

  const ownBudget = (roomId: RoomId, runId: string): StrategyWork['budget'] => {
    const { core } = internalsOf(kit)
    const spec = budgetSpecOf(core, supervisorId)
    return (
      core.orchestration.budget?.(roomId)?.child('turn', runId, spec) ??
      createBudget('turn', runId, spec, { clock: core.clock })
    )
  }

  const delegateFrom = async (
    context: ToolContext,
    task: string,
    workerIds: readonly ChannelId[],
    name: string,
  ): Promise<Json> => {
    const { core } = internalsOf(kit)
    const roomId = context.room.id
    const key = `${roomId}:${context.event.id}:${strategy === null ? `${name}:${task}` : ''}`
    const runId = `${context.event.id}:${name}:${context.callId}`
    if (background) {
      const deadlineMs = core.clock.monotonicMs() + turnTimeOf(core, supervisorId)
      if (!runs.has(key))
        inBackground(
          (signal) => workFor(roomId, runId, { budget: context.budget, signal, deadlineMs }),
          task,
          workerIds,
          key,
        )
      return {
        status: 'running',
        note: 'The results will be sent to the conversation by themselves. Say so, and do not wait.',
      }
    }
    const work = workFor(roomId, runId, {
      budget: context.budget,
      signal: context.signal,
      deadlineMs: deadlineOfTurn(core, context),
    })
    return reportJson(work, await runs.once(key, task, () => run(work, task, workerIds)))
  }

  const toolFor = (name: string, description: string, workerIds: readonly ChannelId[]): AnyTool =>
    defineTool({
      name,
      description,
      input: z.object({ task: z.string().min(1).describe('The whole task, with everything needed to do it.') }),
      // Equal calls share one run.
      effect: 'idempotent',
      timeoutMs: WAIT_MS,
      run: ({ task }, context) => delegateFrom(context, task, workerIds, name),
    })

  const answered = (context: TurnContext): string[] => {
    const triggers = turnServices(context)?.triggers ?? [context.event]
    return triggers.map((trigger) => trigger.id).filter((eventId) => notes.has(eventId))
  }

  const note = (eventId: string, text: string): void => {
    notes.set(eventId, text)
    if (notes.size <= REPORTS) return
    const [oldest] = notes.keys()
    if (oldest !== undefined) notes.delete(oldest)
  }

  return {
    kind: 'supervisor',
    id,
    // Plain data through and through.
    spec: stored as unknown as Json,
    router: new ConversationRouter({ defaultAgentId: supervisorId }),
    initial: { phase: 'intake', activeAgentId: supervisorId },
    agentIds: [supervisorId, ...workers],
    ...(refineTask === undefined ? {} : { refineTask }),
    takesOver: (event, state) => autoDelegate && isForStrategy(event, state, supervisorId),
    async handle(event, signal) {
      const { core } = internalsOf(kit)
      const runId = `${event.id}:auto`
      const key = `${event.roomId}:${event.id}:`
      const task = textOfEvent(event)
      const context = await transcriptBefore(core, event, supervisorId)
      const deadlineMs = core.clock.monotonicMs() + turnTimeOf(core, supervisorId)
      const budget = ownBudget(event.roomId, runId)
      if (background) {
        inBackground(
          (stop) => workFor(event.roomId, runId, { budget, signal: stop, deadlineMs }),
          task,
          workers,
          key,
          context,
        )
        note(
          event.id,
          'Your workers have been given this message. Their results will be sent to the conversation by themselves. Say so, and do not wait.',
        )
      } else {
        const stop = stopWith(core, event, signal)
        const work = workFor(event.roomId, runId, { budget, signal: stop.signal, deadlineMs })
        const report = await runs.once(key, task, () => run(work, task, workers, context)).finally(stop.dispose)
        if (core.closing.aborted) return
        note(
          event.id,
          `Results of your workers for this message. Answer by them; name what is missing.\n${reportText(work, report)}`,
        )
      }
      core.turns.ask({ roomId: event.roomId, agentId: supervisorId, trigger: event })
    },
    async tools(context) {
      if (context.agentId !== supervisorId || answered(context).length > 0) return []
      const { registry } = internalsOf(kit).core
      const purposeOf = (workerId: ChannelId): string => {
        const channel = registry.get(workerId)
        return (isAgent(channel) ? agentPurposeOf(channel) : null) ?? nameOf(internalsOf(kit).core, workerId)
      }
      if (strategy === null) {
        const names = toolNames(workers)
        return workers.map((workerId, position) =>
          toolFor(
            names[position] ?? workerId,
            `Gives a task to ${nameOf(internalsOf(kit).core, workerId)}: ${purposeOf(workerId)}`,
            [workerId],
          ),
        )
      }
      const list = workers.map((workerId) => `- ${nameOf(internalsOf(kit).core, workerId)}: ${purposeOf(workerId)}`)
      const how = strategy === 'parallel' ? 'all at once' : 'one after another, each with the results so far'
      return [
        toolFor(
          'delegate_workers',
          `Gives a task to all workers, ${how}, and gives their results.\n${list.join('\n')}`,
          workers,
        ),
      ]
    },
    notes: async (context) =>
      context.agentId === supervisorId ? answered(context).flatMap((eventId) => notes.get(eventId) ?? []) : [],
    async turnEnded(context) {
      if (context.agentId === supervisorId) for (const eventId of answered(context)) notes.delete(eventId)
    },
  }
}

/** Closing the room ends work that no turn stands behind. */
export function stopWith(
  core: ReturnType<typeof internalsOf>['core'],
  { roomId }: RoomEvent,
  signal: AbortSignal,
): { signal: AbortSignal; dispose(): void } {
  const closed = new AbortController()
  const dispose = core.hooks.observe(
    'onRoomClosed',
    ({ room }) => {
      if (room.id === roomId)
        closed.abort(
          new ParleyError({
            code: 'room_closed',
            message: `Room ${roomId} was closed, so the work in it ends. Reopen it with kit.reopen(roomId) to go on.`,
            details: { roomId },
          }),
        )
    },
    { name: 'strategy', roomId },
  )
  return { signal: AbortSignal.any([signal, closed.signal]), dispose }
}

/** `delegate_to_<id>` in letters that every model takes, no two alike. */
export function toolNames(workers: readonly ChannelId[]): string[] {
  const names: string[] = []
  for (const workerId of workers) {
    const plain = `delegate_to_${workerId.replaceAll(/[^a-zA-Z0-9_-]/g, '_')}`.slice(0, 60)
    let name = plain
    for (let count = 2; names.includes(name); count++) name = `${plain}_${count}`
    names.push(name)
  }
  return names
}

/** Builds a supervisor from what a room stored; its function comes from the registered definition. */
export const restoreSupervisor: RestoreDefinition = (stored, { kit, registered }) => {
  // Written by `supervisorDefinition` of this or an earlier process.
  const spec = stored.spec as unknown as StoredSupervisor
  const refineTask =
    registered !== undefined && registered.kind === 'supervisor'
      ? (registered as SupervisorDefinition).refineTask
      : undefined
  if (spec.refines && refineTask === undefined) return { missing: stored.id }
  return supervisorDefinition(kit, stored.id, spec, spec.refines ? refineTask : undefined)
}
