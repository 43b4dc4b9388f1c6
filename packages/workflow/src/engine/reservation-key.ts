/** The attempt that a reservation was made for. */
export interface ReservedAttempt {
  stepKey: string
  attempt: number
  dispatch: number
}

/** Reads a key of the form `run:step_key:attempt:call:dispatch`; nothing for one of another run or of another form. */
export function attemptOfKey(runId: string, key: string): ReservedAttempt | undefined {
  if (!key.startsWith(`${runId}:`)) return undefined
  const [, stepKey, attempt, dispatch] = /^(.+):(\d+):\d+:(\d+)$/.exec(key.slice(runId.length + 1)) ?? []
  return stepKey === undefined ? undefined : { stepKey, attempt: Number(attempt), dispatch: Number(dispatch) }
}
