import type { Instant, Json, RunStatus } from '@parley/spec'
import { pathOfKey } from '../engine/region-prefix.ts'
import type { LogEvent, RunLog, RunSummary } from './log-event.ts'
import type { HookEvent, HookName } from './workflow-hooks.ts'

type StepOutcome = 'open' | 'completed' | 'failed' | 'skipped'

/** Collects what happened in one run, and counts it. */
export class RunJournal {
  readonly runId: string
  readonly #workflowName: string
  readonly #maxEvents: number
  readonly #startedAt: Instant
  readonly #events: LogEvent[] = []
  readonly #outcomes = new Map<string, StepOutcome>()
  #plan: Json
  #status: RunStatus = 'running'
  #completedAt: Instant | null = null
  #durationMs: number | undefined
  #omitted = 0
  #retries = 0
  #passed = 0
  #failed = 0

  constructor(first: HookEvent, { maxEvents, plan }: { maxEvents: number; plan: Json }) {
    this.runId = first.runId
    this.#workflowName = first.workflow
    this.#startedAt = first.at
    this.#maxEvents = maxEvents
    this.#plan = plan
    for (const step of Array.isArray(plan) ? plan : []) {
      const id = typeof step === 'object' && step !== null && !Array.isArray(step) ? step['id'] : step
      if (typeof id === 'string') this.#outcomes.set(id, 'open')
    }
  }

  /** Counts an event of the run, whatever the level of its log. `data` has the names of the wire. */
  count(name: HookName, { step, stepKey, at }: HookEvent, data: { [key: string]: Json }): void {
    if (name === 'onWorkflowComplete') {
      if (typeof data['status'] === 'string') this.#status = data['status'] as RunStatus // only the engine writes it
      if (typeof data['duration_ms'] === 'number') this.#durationMs = data['duration_ms']
      this.#completedAt = at
    }
    if (name === 'onStepRetry') this.#retries += 1
    if (name === 'onValidationComplete') this.#passed += 1
    if (name === 'onValidationFail') this.#failed += 1
    if (step === undefined || stepKey?.includes('#') === true) return
    // Passes of a loop are one step; the same id in two regions is two.
    const key = stepKey === undefined ? step : pathOfKey(stepKey)
    if (name === 'onStepStart') this.#outcomes.set(key, 'open')
    if (name === 'onStepComplete') this.#outcomes.set(key, 'completed')
    if (name === 'onStepSkip') this.#outcomes.set(key, 'skipped')
    if (name === 'onStepFail' && data['final'] !== false) this.#outcomes.set(key, 'failed')
  }

  /** Keeps an event, up to the limit. */
  add(event: LogEvent): void {
    if (this.#events.length < this.#maxEvents) this.#events.push(event)
    else this.#omitted += 1
  }

  /** The run so far, as a value that does not change any more. */
  toLog(): RunLog {
    return {
      runId: this.runId,
      workflowName: this.#workflowName,
      startedAt: this.#startedAt,
      completedAt: this.#completedAt,
      status: this.#status,
      events: [...this.#events],
      summary: this.#summary(),
      initialPlan: this.#plan,
      omittedEvents: this.#omitted,
    }
  }

  #summary(): RunSummary {
    const outcomes = [...this.#outcomes.values()]
    const countOf = (outcome: StepOutcome): number => outcomes.filter((one) => one === outcome).length
    const until = this.#completedAt ?? this.#events.at(-1)?.timestamp ?? this.#startedAt
    return {
      total: outcomes.length,
      completed: countOf('completed'),
      failed: countOf('failed'),
      skipped: countOf('skipped'),
      totalRetries: this.#retries,
      totalDurationMs: this.#durationMs ?? Math.max(0, Date.parse(until) - Date.parse(this.#startedAt)),
      validationsPassed: this.#passed,
      validationsFailed: this.#failed,
    }
  }
}
