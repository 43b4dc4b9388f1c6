import type { RunEvent } from '@parley/spec'
import type { ViewEvent } from './view-event.ts'

/** Every event of a run, as it is stored. `data` has the names of the wire. */
export function nativeView({ seq, ts, type, runId, step, stepKey, attempt, data }: RunEvent): ViewEvent[] {
  return [
    {
      id: seq,
      event: type,
      data: {
        seq,
        ts,
        type,
        run_id: runId,
        ...(step === undefined ? {} : { step }),
        ...(stepKey === undefined ? {} : { step_key: stepKey }),
        ...(attempt === undefined ? {} : { attempt }),
        data,
      },
    },
  ]
}
