import { assertNever, ParleyError } from '@parley/spec'
import type { ChannelId, Contract, Json } from '@parley/spec'
import {
  combinedFeedback,
  loopRun,
  loopStep,
  type LoopEffect,
  type LoopInput,
  type LoopReport,
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
  const { core, status, roomId, runId, signal } = work
  const { producerId, terms, task } = given
  let state = loopRun(terms)
  const receipts: Json[] = []
  const running = new AbortController()
  const name = (agentId: ChannelId): string => nameOf(core, agentId)
  const by = { kind: 'system' as const, id: runId }
  return new Promise<LoopReport>((resolve) => {
    const onAbort = (): void => feed({ type: 'stop', reason: 'cancelled' })
    const disposeTimer = core.clock.setTimer(Math.max(0, work.deadlineMs - core.clock.monotonicMs()), () =>
      feed({ type: 'stop', reason: 'deadline' }),
    )

    function feed(input: LoopInput): void {
      const step = loopStep(state, input, core.clock.monotonicMs())
      state = step.state
      receipts.push(...step.receipts)
      for (const effect of step.effects) perform(effect)
    }

    function perform(effect: LoopEffect): void {
      switch (effect.type) {
        case 'produce':
          core.background('strategy', async () => feed({ type: 'produced', outcome: await produce(effect) }), {
            roomId,
          })
          return
        case 'review':
          core.background('strategy', () => review(effect), { roomId })
          return
        case 'cancelAll':
          running.abort(
            new ParleyError({
              code: 'delegation_cancelled',
              message: `The work of the strategy was stopped: ${effect.reason}.`,
              details: { reason: effect.reason },
            }),
          )
          return
        case 'finish':
          disposeTimer()
          signal.removeEventListener('abort', onAbort)
          core.background('strategy', () => finish(effect.report), { roomId })
          return
        default:
          assertNever(effect)
      }
    }

    async function finish(report: LoopReport): Promise<void> {
      const { approved, iterations, stopped } = report
      status.post({
        roomId,
        agentId: producerId,
        action: 'loop',
        status: approved ? 'completed' : 'failed',
        detail: stopped ?? (approved ? '' : 'not approved'),
        metadata: { runId, iterations, approved },
      })
      try {
        await core.store.receipts.put([
          core.receipt(
            roomId,
            'delegation',
            { strategy: 'loop', runId, steps: receipts },
            { actor: { kind: 'agent', id: producerId } },
          ),
        ])
      } finally {
        resolve(report)
      }
    }

    async function produce({
      iteration,
      former,
      feedback,
    }: Extract<LoopEffect, { type: 'produce' }>): Promise<StepOutcome> {
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
        signal: running.signal,
        ...(given.context === undefined ? {} : { context: given.context }),
      })
      return toOutcome(result)
    }

    async function review({
      reviewerId,
      draft,
      iteration,
      earlier,
    }: Extract<LoopEffect, { type: 'review' }>): Promise<void> {
      const parts = [
        `Review this text of ${name(producerId)}. Approve it, or say what must change.`,
        `What was asked for:\n${task}`,
        `The text:\n${draft}`,
      ]
      if (earlier.length > 0)
        parts.push(
          `Said before you:\n${earlier.map((given) => `[${name(given.reviewerId)}] ${given.approved ? 'approved' : given.feedback}`).join('\n')}`,
        )
      const result = await delegateStep(work, {
        agentId: reviewerId,
        task: parts.join('\n\n'),
        name: `review:${reviewerId}:${iteration}`,
        by,
        timeoutMs: given.taskTimeoutMs,
        output: given.verdict,
        signal: running.signal,
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
      if (result.status === 'overBudget') return feed({ type: 'stop', reason: 'budget' })
      feed({
        type: 'reviewed',
        reviewerId,
        verdict,
        ...(result.status === 'completed' ? {} : { code: result.error.code }),
      })
    }

    feed({ type: 'begin' })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
