import type { RunEvent } from '@parley/spec'
import type { ActiveRun } from './run-desk.ts'

/** The events of a run that is at work; rejects with what kept it from going on, instead of waiting for an end that does not come. */
export async function* eventsOfWork(
  work: ActiveRun | undefined,
  subscribe: (signal: AbortSignal) => AsyncIterable<RunEvent>,
): AsyncGenerator<RunEvent> {
  const stop = new AbortController()
  let broken: { error: unknown } | undefined
  work?.done.catch((error: unknown) => {
    broken = { error }
    stop.abort(error)
  })
  try {
    yield* subscribe(stop.signal)
  } catch (error) {
    if (broken === undefined) throw error
  }
  if (broken !== undefined) throw broken.error
}
