import { toWire, type Json, type LogWriter } from '@parley/spec'
import { toLogLine } from './json-lines-sink.ts'
import type { RunLog } from './log-event.ts'
import type { LogSink } from './log-sink.ts'
import type { HookRun } from './workflow-hooks.ts'

/** Writes the whole log of a run at its end; readers never see half of it. */
export class FileSink implements LogSink {
  readonly #writer: LogWriter

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  check(run: HookRun): void {
    this.#writer.check(run, 'json')
  }

  async close(log: RunLog): Promise<void> {
    const run = { runId: log.runId, workflow: log.workflowName }
    await this.#writer.replace(run, `${JSON.stringify(toLogDocument(log), undefined, 2)}\n`)
  }
}

function toLogDocument({ events, initialPlan, ...rest }: RunLog): Json {
  return { v: 1, ...namesOf(toWire(rest)), initial_plan: initialPlan, events: events.map(toLogLine) }
}

function namesOf(wire: Json): { [key: string]: Json } {
  return typeof wire === 'object' && wire !== null && !Array.isArray(wire) ? wire : {}
}
