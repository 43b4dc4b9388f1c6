import { checkOptions, createRedactor, ParleyError, type Json } from '@parley/spec'
import { isLoggedAt, LogLevel } from './log-level.ts'
import { RunJournal } from './run-journal.ts'
import { toWireData } from '../views/wire-data.ts'
import { stderrLine } from './stderr-line.ts'
import { logEventTypes, toLogEvent } from './to-log-event.ts'
import type { LogEvent, RunLog } from './log-event.ts'
import type { LogSink } from './log-sink.ts'
import type { HookEvent, HookName, HookRun, WorkflowHooks } from './workflow-hooks.ts'

/** Options of `RunLogger`. */
export interface RunLoggerOptions {
  /** @default LogLevel.NORMAL */
  verbosity?: LogLevel
  /** @default [] */
  sinks?: readonly LogSink[]
  /** Keys whose value is never written, besides those that always are; globs such as `*_code`. @default [] */
  sensitiveKeys?: readonly string[]
  /** Keys that are written although they look sensitive. @default [] */
  allowKeys?: readonly string[]
  /** Events that `getLog` keeps per run; sinks get all. @default 100 000 */
  maxEvents?: number
  /** Runs that `getLog` still knows, the latest. @default 16 */
  maxRuns?: number
  /** Gets the first error of each sink. @default one line on standard error */
  onSinkError?: (error: ParleyError) => void
}

const optionNames = ['verbosity', 'sinks', 'sensitiveKeys', 'allowKeys', 'maxEvents', 'maxRuns', 'onSinkError']

/**
 * Tells of runs: give it to a workflow or an engine in `hooks`. What it tells is redacted before any sink sees it.
 * @throws {ParleyError} `invalid_options`
 */
export class RunLogger implements WorkflowHooks {
  readonly verbosity: LogLevel
  readonly #sinks: readonly LogSink[]
  readonly #redactor: { value(value: unknown): Json }
  readonly #maxEvents: number
  readonly #maxRuns: number
  readonly #onSinkError: (error: ParleyError) => void
  readonly #journals = new Map<string, RunJournal>()
  readonly #reported = new Set<LogSink>()
  #sinkErrors = 0

  constructor(options: RunLoggerOptions = {}) {
    checkOptions('RunLogger', options, optionNames)
    const { verbosity = LogLevel.NORMAL, sinks = [], sensitiveKeys = [], allowKeys = [] } = options
    const { maxEvents = 100_000, maxRuns = 16, onSinkError = writeSinkError } = options
    if (!Object.values(LogLevel).includes(verbosity)) {
      throw new ParleyError({
        code: 'invalid_options',
        message: `"${String(verbosity)}" is no level of a run log. Use LogLevel.MINIMAL, LogLevel.NORMAL or LogLevel.VERBOSE.`,
        details: { path: 'verbosity', expected: Object.values(LogLevel) },
      })
    }
    this.verbosity = verbosity
    this.#sinks = [...sinks]
    this.#redactor = createRedactor({ sensitiveKeys: [...sensitiveKeys], allowKeys: [...allowKeys] })
    this.#maxEvents = maxEvents
    this.#maxRuns = maxRuns
    this.#onSinkError = onSinkError
  }

  /** How often a sink failed. */
  get sinkErrors(): number {
    return this.#sinkErrors
  }

  /**
   * What is known of a run so far. Without an id: of the one that began last.
   * @throws {ParleyError} `run_unknown`
   */
  getLog(runId?: string): RunLog {
    const journal = runId === undefined ? [...this.#journals.values()].at(-1) : this.#journals.get(runId)
    if (journal !== undefined) return journal.toLog()
    throw new ParleyError({
      code: 'run_unknown',
      message:
        runId === undefined
          ? 'No run has begun with this logger. Give the logger in `hooks` and run the workflow first.'
          : `This logger knows no run ${runId}. It keeps the latest ${this.#maxRuns} runs that it was given in \`hooks\`.`,
      details: runId === undefined ? {} : { runId },
    })
  }

  /** @throws {ParleyError} `path_refused` when a sink can have no file for this run */
  async beforeRun(run: HookRun): Promise<void> {
    for (const sink of this.#sinks) await sink.check?.(run)
  }

  onWorkflowStart(event: HookEvent): Promise<void> {
    return this.#log('onWorkflowStart', event)
  }
  async onWorkflowComplete(event: HookEvent): Promise<void> {
    await this.#log('onWorkflowComplete', event)
    const log = this.getLog(event.runId)
    for (const sink of this.#sinks) await this.#guard(sink, () => sink.close?.(log))
  }
  onStepStart(event: HookEvent): Promise<void> {
    return this.#log('onStepStart', event)
  }
  onStepComplete(event: HookEvent): Promise<void> {
    return this.#log('onStepComplete', event)
  }
  onStepFail(event: HookEvent): Promise<void> {
    return this.#log('onStepFail', event)
  }
  onStepRetry(event: HookEvent): Promise<void> {
    return this.#log('onStepRetry', event)
  }
  onStepSkip(event: HookEvent): Promise<void> {
    return this.#log('onStepSkip', event)
  }
  onValidationStart(event: HookEvent): Promise<void> {
    return this.#log('onValidationStart', event)
  }
  onValidationComplete(event: HookEvent): Promise<void> {
    return this.#log('onValidationComplete', event)
  }
  onValidationFail(event: HookEvent): Promise<void> {
    return this.#log('onValidationFail', event)
  }

  async #log(name: HookName, event: HookEvent): Promise<void> {
    const data = toWireData(toData(this.#redactor.value(event.data)))
    const journal = this.#journalOf(event, data)
    journal.count(name, event, data)
    const eventType = logEventTypes[name]
    if (isLoggedAt(this.verbosity, eventType)) journal.add(toLogEvent(name, event, data, this.verbosity))
    for (const sink of this.#sinks) {
      const level = sink.verbosity ?? this.verbosity
      if (!isLoggedAt(level, eventType)) continue
      const logEvent: LogEvent = toLogEvent(name, event, data, level)
      await this.#guard(sink, () => sink.write?.(logEvent))
    }
  }

  /** A run that is taken up after a crash begins, for this logger, with the first event that it sees. */
  #journalOf(event: HookEvent, data: { [key: string]: Json }): RunJournal {
    const known = this.#journals.get(event.runId)
    if (known !== undefined) return known
    const journal = new RunJournal(event, { maxEvents: this.#maxEvents, plan: data['steps'] ?? null })
    this.#journals.set(event.runId, journal)
    for (const runId of this.#journals.keys()) {
      if (this.#journals.size <= this.#maxRuns) break
      this.#journals.delete(runId)
    }
    return journal
  }

  async #guard(sink: LogSink, run: () => void | Promise<void>): Promise<void> {
    try {
      await run()
    } catch (cause) {
      this.#sinkErrors += 1
      if (this.#reported.has(sink)) return
      this.#reported.add(sink)
      this.#onSinkError(
        new ParleyError({
          code: 'listener_failed',
          message: `A sink of the run log failed (${sink.constructor.name}). The run goes on; later errors of this sink are only counted.`,
          details: { sink: sink.constructor.name },
          cause,
        }),
      )
    }
  }
}

function toData(value: Json): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

function writeSinkError(error: ParleyError): void {
  stderrLine(error.message)
}
