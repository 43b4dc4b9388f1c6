import { createBudget, type Budget, type BudgetSpec, type BudgetWarning, type Clock, type Spend } from '@parley/spec'

/**
 * The envelopes of one run: those around it, its own, and the cap on calls of models that nothing loosens. `settled` is
 * what the run had spent when it is taken up again; the envelopes around it know of that already.
 */
export function openRunBudget(
  outer: Budget | undefined,
  runId: string,
  {
    spec = {},
    maxModelCalls,
    clock,
    settled,
    onWarning,
  }: {
    spec: BudgetSpec | undefined
    maxModelCalls: number
    clock: Clock
    settled: Spend
    onWarning: (warning: BudgetWarning) => void
  },
): Budget {
  const run =
    outer === undefined
      ? createBudget('run', runId, spec, { clock: atOnce(clock), onWarning, settled })
      : outer.child('run', runId, spec, { settled, onWarning })
  return run.child('run', callCapId(runId), { maxCalls: maxModelCalls, onExceed: 'stop' }, { settled })
}

/** Names the envelope that counts the calls of models of a run. */
export function callCapId(runId: string): string {
  return `${runId}:calls`
}

/** A run may be over before the next turn of the loop: its warnings are told in time to be events of it. */
function atOnce(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (delayMs, options) => clock.sleep(delayMs, options),
    setTimer(_delayMs, run) {
      run()
      return () => {}
    },
  }
}
