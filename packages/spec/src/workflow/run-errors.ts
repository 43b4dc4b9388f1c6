import { ParleyError } from '../parley-error.ts'

/** There is no run of this id. */
export function runUnknown(runId: string): ParleyError {
  return new ParleyError({
    code: 'run_unknown',
    message: `There is no run ${runId}. Check the id; runs that ended long ago are removed.`,
    details: { runId },
  })
}

/** The run has had its last event. */
export function runTerminal(runId: string): ParleyError {
  return new ParleyError({
    code: 'run_terminal',
    message: `Run ${runId} is over and takes nothing more. Start a new run, or fork this one.`,
    details: { runId },
  })
}

/** A run of this id cannot be made, because another tenant has it. */
export function runExists(runId: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `The run id ${runId} is taken. Choose another one, or let the engine choose.`,
    details: { path: 'runId', expected: 'an id that no run has' },
  })
}

/** The lease no longer gives the right to write. */
export function leaseLost({ runId, epoch }: { runId: string; epoch: number }): ParleyError {
  return new ParleyError({
    code: 'lease_lost',
    message: `The lease ${epoch} of run ${runId} has ended. Nothing was written; claim the run again and load it.`,
    details: { runId, epoch },
  })
}

/** There is no wait of this id or token. */
export function waitUnknown(): ParleyError {
  return new ParleyError({
    code: 'wait_unknown',
    message: 'There is no such wait. Check the id or the token; the waits of removed runs are removed with them.',
  })
}

/** The wait has another answer. */
export function waitResolved(waitId: string): ParleyError {
  return new ParleyError({
    code: 'wait_resolved',
    message: `Wait ${waitId} was answered already. A repetition must carry the idempotency key of the first answer.`,
    details: { waitId },
  })
}

/** The wait closed without an answer. */
export function waitExpired(waitId: string): ParleyError {
  return new ParleyError({
    code: 'wait_expired',
    message: `Wait ${waitId} closed before it was answered, and the run went on without an answer.`,
    details: { waitId },
  })
}

/** Two waits would be addressed by one token. */
export function waitTokenTaken(waitId: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `Wait ${waitId} has the token or the id of another wait. Nothing was written; give each wait its own.`,
    details: { path: 'waits', expected: 'an id and a token hash that no other wait has', waitId },
  })
}

/** Nobody more may listen to the run. */
export function tooManySubscribers(runId: string, max: number): ParleyError {
  return new ParleyError({
    code: 'limit_exceeded',
    message: `Run ${runId} has ${max} subscribers, which is the limit. Try again when one has left.`,
    details: { limit: 'subscribers', max, actual: max + 1, runId },
  })
}
