import type { ChannelId, Contract } from '@parley/spec'
import { driveStrategy } from './drive-strategy.ts'
import {
  combinedFeedback,
  loopRun,
  loopStep,
  type LoopEffect,
  type LoopInput,
  type LoopReport,
  type LoopState,
  type LoopTerms,
} from './loop-machine.ts'
import { toVerdict } from './run-supervisor.ts'
import { delegateStep, nameOf, toOutcome, type StrategyWork } from './strategy-work.ts'
import type { StepOutcome } from './supervisor-machine.ts'

export interface LoopWork {
  producerId: ChannelId
  terms: LoopTerms
  task: string
  context?: string
  verdict: Contract
  taskTimeoutMs: number
}

/** Carries out one loop of drafts and reviews. Always gives a report; what went wrong is in it. */
export function runLoopOf(work: StrategyWork, given: LoopWork): Promise<LoopReport> {
  const { core, status, roomId, runId } = work
  const { producerId, terms, task } = given
  const name = (agentId: ChannelId): string => nameOf(core, agentId)
  const by = { kind: 'system' as const, id: runId }

  async function produce(
    { iteration, former, feedback }: Extract<LoopEffect, { type: 'produce' }>,
    signal: AbortSignal,
  ): Promise<StepOutcome> {
    status.post({
      roomId,
      agentId: producerId,
      action: 'loop.produce',
      status: 'pending',
      detail: task,
      metadata: { runId, iteration },
    })
    const parts = [task]
    if (former !== undefined)
      parts.push(
        `Your former version:\n${former}`,
        `It was not approved:\n${combinedFeedback(feedback, name)}`,
        'Write the whole text anew.',
      )
    const result = await delegateStep(work, {
      agentId: producerId,
      task: parts.join('\n\n'),
      name: `produce:${iteration}`,
      by,
      timeoutMs: given.taskTimeoutMs,
      signal,
      ...(given.context === undefined ? {} : { context: given.context }),
    })
    return toOutcome(result)
  }

  async function review(
    { reviewerId, draft, iteration, earlier }: Extract<LoopEffect, { type: 'review' }>,
    signal: AbortSignal,
  ): Promise<LoopInput> {
    const parts = [
      `Review this text of ${name(producerId)}. Approve it, or say what must change.`,
      `What was asked for:\n${task}`,
      `The text:\n${draft}`,
    ]
    if (earlier.length > 0)
      parts.push(
        `Said before you:\n${earlier.map((other) => `[${name(other.reviewerId)}] ${other.approved ? 'approved' : other.feedback}`).join('\n')}`,
      )
    const result = await delegateStep(work, {
      agentId: reviewerId,
      task: parts.join('\n\n'),
      name: `review:${reviewerId}:${iteration}`,
      by,
      timeoutMs: given.taskTimeoutMs,
      output: given.verdict,
      signal,
    })
    const verdict = toVerdict(result)
    status.post({
      roomId,
      agentId: reviewerId,
      action: 'loop.review',
      status: verdict?.approved === true ? 'completed' : 'failed',
      detail: verdict?.feedback ?? 'no verdict',
      metadata: { runId, iteration },
    })
    if (result.status === 'overBudget') return { type: 'stop', reason: 'budget' }
    return {
      type: 'reviewed',
      reviewerId,
      verdict,
      ...(result.status === 'completed' ? {} : { code: result.error.code }),
    }
  }

  return driveStrategy<LoopState, LoopInput, Extract<LoopEffect, { type: 'produce' | 'review' }>, LoopReport>(work, {
    strategy: 'loop',
    agentId: producerId,
    initial: loopRun(terms),
    step: loopStep,
    perform(effect, { feed, signal }) {
      core.background(
        'strategy',
        async () =>
          feed(
            effect.type === 'produce'
              ? { type: 'produced', outcome: await produce(effect, signal) }
              : await review(effect, signal),
          ),
        { roomId },
      )
    },
    conclude({ approved, iterations, stopped }) {
      status.post({
        roomId,
        agentId: producerId,
        action: 'loop',
        status: approved ? 'completed' : 'failed',
        detail: stopped ?? (approved ? '' : 'not approved'),
        metadata: { runId, iterations, approved },
      })
      return {}
    },
  })
}
