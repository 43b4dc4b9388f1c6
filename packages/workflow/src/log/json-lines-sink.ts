import type { Json, LogWriter } from '@parley/spec'
import type { LogEvent, RunLog } from './log-event.ts'
import type { LogSink } from './log-sink.ts'
import type { HookRun } from './workflow-hooks.ts'

/**
 * Writes one line of JSON per event, with the names of the wire.
 * @example new JSONLinesSink(fileWriter('runs/output.jsonl'))
 */
export class JSONLinesSink implements LogSink {
  readonly #writer: LogWriter

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  check(run: HookRun): void {
    this.#writer.check(run, 'jsonl')
  }

  async write(event: LogEvent): Promise<void> {
    await this.#writer.append({ runId: event.runId, workflow: event.workflowName }, JSON.stringify(toLogLine(event)))
  }

  async close({ runId, workflowName }: RunLog): Promise<void> {
    await this.#writer.close({ runId, workflow: workflowName })
  }
}

/** An event of a run log with the names of the wire, as `parley inspect` reads it. */
export function toLogLine({ timestamp, eventType, stepId, data, level, runId, workflowName }: LogEvent): Json {
  return {
    v: 1,
    timestamp,
    event_type: eventType,
    run_id: runId,
    workflow_name: workflowName,
    step_id: stepId,
    level,
    data,
  }
}
