import { ParleyError, type ChannelId, type Json } from '@parley/spec'
import type { StrategyWork } from './strategy-work.ts'
import type { StopReason } from './supervisor-machine.ts'

/** What every machine of a strategy is fed besides its own inputs. */
type CommonInput = { type: 'begin' } | { type: 'stop'; reason: StopReason }

/** What every machine of a strategy asks for besides its own effects. */
type CommonEffect<Report> = { type: 'cancelAll'; reason: StopReason } | { type: 'finish'; report: Report }

/** A strategy's machine, and how its own effects are carried out. */
export interface DrivenStrategy<State, Input, Effect, Report> {
  strategy: 'loop' | 'supervisor'
  /** In whose name the receipt is. */
  agentId: ChannelId
  initial: State
  step(
    state: State,
    input: Input | CommonInput,
    nowMs: number,
  ): { state: State; effects: (Effect | CommonEffect<Report>)[]; receipts: Json[] }
  /** Carries out an effect; `signal` is aborted when the run stops early. */
  perform(effect: Effect, run: { feed(input: Input | CommonInput): void; signal: AbortSignal }): void
  /** Tells of the end. Gives what the receipt also says. */
  conclude(report: Report): { [key: string]: Json }
}

/**
 * Runs a strategy's machine until it finishes, is aborted or reaches its deadline, and writes the receipt of its steps.
 * Always gives a report; what went wrong is in it.
 */
export function driveStrategy<State, Input, Effect extends { type: string }, Report>(
  { core, roomId, runId, signal, deadlineMs }: StrategyWork,
  { strategy, agentId, initial, step, perform, conclude }: DrivenStrategy<State, Input, Effect, Report>,
): Promise<Report> {
  let state = initial
  const steps: Json[] = []
  const running = new AbortController()
  return new Promise<Report>((resolve) => {
    const onAbort = (): void => feed({ type: 'stop', reason: 'cancelled' })
    const disposeTimer = core.clock.setTimer(Math.max(0, deadlineMs - core.clock.monotonicMs()), () =>
      feed({ type: 'stop', reason: 'deadline' }),
    )

    function feed(input: Input | CommonInput): void {
      const next = step(state, input, core.clock.monotonicMs())
      state = next.state
      steps.push(...next.receipts)
      for (const effect of next.effects) {
        if (isCommon(effect)) performCommon(effect)
        else perform(effect, { feed, signal: running.signal })
      }
    }

    function performCommon(effect: CommonEffect<Report>): void {
      if (effect.type === 'finish') {
        disposeTimer()
        signal.removeEventListener('abort', onAbort)
        core.background('strategy', () => finish(effect.report), { roomId })
        return
      }
      running.abort(
        new ParleyError({
          code: 'delegation_cancelled',
          message: `The work of the strategy was stopped: ${effect.reason}. What was done until then is in its report.`,
          details: { reason: effect.reason },
        }),
      )
    }

    async function finish(report: Report): Promise<void> {
      const also = conclude(report)
      try {
        const data: Json = { strategy, runId, steps, ...also }
        await core.store.receipts.put([
          core.receipt(roomId, 'delegation', data, { actor: { kind: 'agent', id: agentId } }),
        ])
      } finally {
        resolve(report)
      }
    }

    feed({ type: 'begin' })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })

  /** Effects of a strategy's own have other types. */
  function isCommon(effect: Effect | CommonEffect<Report>): effect is CommonEffect<Report> {
    return effect.type === 'cancelAll' || effect.type === 'finish'
  }
}
