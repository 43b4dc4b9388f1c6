import type { ChannelId, DelegationResult, Json } from '@parley/spec'
import { z } from 'zod'
import { driveStrategy } from './drive-strategy.ts'
import { delegateStep, nameOf, toOutcome, type StrategyWork } from './strategy-work.ts'
import {
  supervisorRun,
  supervisorStep,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorReport,
  type SupervisorState,
  type SupervisorTerms,
  type Verdict,
  type WorkerStep,
} from './supervisor-machine.ts'

/** How a reviewer answers. */
export const verdictSchema: z.ZodType<{ approved: boolean; feedback: string }> = z.object({
  approved: z.boolean().describe('Whether it is good as it is.'),
  feedback: z.string().default('').describe('What must change, if it is not approved.'),
})

/** Puts a task in other words for a worker. */
export type RefineTask = (task: string, about: { workerId: ChannelId; roomId: string }) => string | Promise<string>

export interface SupervisorWork {
  supervisorId: ChannelId
  terms: SupervisorTerms
  task: string
  context?: Json
  taskTimeoutMs: number
  shareChannels?: ChannelId[]
  refineTask?: RefineTask
}

/** Carries out one run of a supervisor. Always gives a report; what went wrong is in it. */
export function runSupervisor(work: StrategyWork, given: SupervisorWork): Promise<SupervisorReport> {
  const { core, status, roomId, runId } = work
  const { supervisorId, terms } = given

  async function askWorker(
    { workerId, revision, prior, feedback, former }: Extract<SupervisorEffect, { type: 'runWorker' }>,
    signal: AbortSignal,
  ): Promise<DelegationResult> {
    const { context, shareChannels } = given
    const refined = await refine(work, given, workerId)
    const parts = [refined]
    if (prior.length > 0) parts.push(`Results so far:\n${prior.map((step) => labelled(work, step)).join('\n\n')}`)
    if (former !== undefined) parts.push(`Your former result:\n${former}`)
    if (feedback !== undefined)
      parts.push(`It was not approved. Do it again.${feedback === '' ? '' : ` Feedback: ${feedback}`}`)
    return delegateStep(work, {
      agentId: workerId,
      task: parts.join('\n\n'),
      name: `${workerId}:${revision}`,
      by: { kind: 'agent', id: supervisorId },
      timeoutMs: given.taskTimeoutMs,
      signal,
      ...(context === undefined ? {} : { context }),
      ...(shareChannels === undefined ? {} : { shareChannels }),
    })
  }

  async function askReview(
    { workerId, text, revision }: Extract<SupervisorEffect, { type: 'review' }>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const result = await delegateStep(work, {
      agentId: supervisorId,
      task: `Review the result of ${nameOf(core, workerId)}.\n\nTheir task:\n${given.task}\n\nTheir result:\n${text}\n\nApprove it, or say what must change.`,
      name: `review:${workerId}:${revision}`,
      by: { kind: 'system', id: runId },
      timeoutMs: given.taskTimeoutMs,
      output: verdictSchema,
      signal,
    })
    return toVerdict(result)
  }

  return driveStrategy<
    SupervisorState,
    SupervisorInput,
    Extract<SupervisorEffect, { type: 'runWorker' | 'review' }>,
    SupervisorReport
  >(work, {
    strategy: 'supervisor',
    agentId: supervisorId,
    initial: supervisorRun(terms),
    step: supervisorStep,
    perform(effect, { feed, signal }) {
      const { workerId } = effect
      if (effect.type === 'runWorker') {
        status.post({
          roomId,
          agentId: workerId,
          action: 'supervisor.work',
          status: 'pending',
          detail: given.task,
          metadata: { runId, revision: effect.revision },
        })
      }
      core.background(
        'strategy',
        async () =>
          feed(
            effect.type === 'runWorker'
              ? { type: 'workerEnded', workerId, outcome: toOutcome(await askWorker(effect, signal)) }
              : { type: 'reviewed', workerId, verdict: await askReview(effect, signal) },
          ),
        { roomId },
      )
    },
    conclude({ results, stopped }) {
      for (const { workerId, status: ended, revision } of results) {
        const isGood = ended === 'completed'
        status.post({
          roomId,
          agentId: workerId,
          action: 'supervisor.work',
          status: isGood ? 'completed' : 'failed',
          detail: isGood ? '' : ended,
          metadata: { runId, revision },
        })
      }
      return stopped === undefined ? {} : { stopped }
    },
  })
}

/** A verdict, if one can be read. */
export function toVerdict(result: DelegationResult): Verdict {
  if (result.status !== 'completed') return null
  const { value } = result
  if (typeof value !== 'object' || value === null || !('approved' in value) || typeof value.approved !== 'boolean')
    return null
  return {
    approved: value.approved,
    feedback: 'feedback' in value && typeof value.feedback === 'string' ? value.feedback : '',
  }
}

async function refine(
  { core, roomId }: StrategyWork,
  { task, refineTask }: SupervisorWork,
  workerId: ChannelId,
): Promise<string> {
  if (refineTask === undefined) return task
  try {
    return await refineTask(task, { workerId, roomId })
  } catch (thrown) {
    core.reportError(thrown, { stage: 'strategy', roomId })
    return task // as it was asked
  }
}

/** A worker's result with its name; failures too. */
export function labelled(
  { core }: Pick<StrategyWork, 'core'>,
  { workerId, status, text, validated }: WorkerStep,
): string {
  const mark = status === 'completed' ? (validated === false ? ' (not approved)' : '') : ` (${status})`
  return `[${nameOf(core, workerId)}${mark}]\n${text ?? 'no result'}`
}

/** What a run gave, as text: all results in declared order, the missing ones by name. */
export function reportText(work: Pick<StrategyWork, 'core'>, { results, stopped }: SupervisorReport): string {
  const parts = results.map((step) => labelled(work, step))
  if (stopped !== undefined) parts.push(`[Stopped early: ${stopped}. This is what was done so far.]`)
  return parts.join('\n\n')
}

/** What a run gave, as a model reads it. */
export function reportJson(work: Pick<StrategyWork, 'core'>, { results, stopped }: SupervisorReport): Json {
  return {
    results: results.map(({ workerId, status, text, validated, code }) => ({
      worker: workerId,
      name: nameOf(work.core, workerId),
      status,
      ...(text === undefined ? {} : { text }),
      ...(validated === undefined ? {} : { validated }),
      ...(code === undefined ? {} : { code }),
    })),
    ...(stopped === undefined ? {} : { stopped }),
  }
}
