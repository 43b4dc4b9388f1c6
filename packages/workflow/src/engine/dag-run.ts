import type { RunError, StepRunRecord } from '@parley/spec'
import { openDag, stepDag, type DagInput, type DagState } from '../schedule/dag-machine.ts'
import type { Frame } from './frame.ts'
import { joinBranches } from './join-branches.ts'
import type { PreparedRegion, PreparedStep } from './prepare.ts'
import type { RegionEnd, RegionRunner, RegionTask } from './run-region.ts'
import { instant, note, type RunScope } from './run-scope.ts'
import { runStep } from './run-step.ts'
import type { StepOutcome, UnplannedStep } from './step-outcome.ts'
import { takesNoPlace } from './takes-no-place.ts'

type Dag = Extract<PreparedRegion, { kind: 'dag' }>

/** Runs a graph of steps: each once, when all that it depends on is settled. */
export function runDag({ scope, frame, prefix }: RegionTask, region: Dag, runRegion: RegionRunner): Promise<RegionEnd> {
  return new Promise((resolve, reject) => {
    new DagRun({ scope, frame, prefix, region, runRegion, resolve, reject }).start()
  })
}

interface DagRunOptions {
  scope: RunScope
  frame: Frame
  prefix: string
  region: Dag
  runRegion: RegionRunner
  resolve: (end: RegionEnd) => void
  reject: (error: unknown) => void
}

/** One pass through a graph: feeds the machine with what happens and does what it says. */
class DagRun {
  readonly #scope: RunScope
  readonly #frame: Frame
  readonly #prefix: string
  readonly #region: Dag
  readonly #runRegion: RegionRunner
  readonly #resolve: (end: RegionEnd) => void
  readonly #reject: (error: unknown) => void
  readonly #dropHalt: () => void
  /** Of a region that runs fewer steps at once than the whole run. */
  readonly #limit: { region: { path: string; max: number } } | undefined
  readonly #inputs: DagInput[] = []
  #state: DagState
  #working = 0
  /** Positions of steps that have begun and go on only after something from outside. */
  readonly #still = new Set<number>()
  #isFeeding = false
  #isOver = false
  #error: RunError | undefined
  #unplanned: UnplannedStep | undefined

  constructor({ scope, frame, prefix, region, runRegion, resolve, reject }: DagRunOptions) {
    this.#scope = scope
    this.#frame = frame
    this.#prefix = prefix
    this.#region = region
    this.#runRegion = runRegion
    this.#resolve = resolve
    this.#reject = reject
    this.#state = openDag(region.plan)
    const { maxConcurrency } = scope.workflow.compiled.definition.limits
    this.#limit =
      region.maxConcurrency < maxConcurrency ? { region: { path: prefix, max: region.maxConcurrency } } : undefined
    this.#dropHalt = scope.onHalt((how) => {
      if (how === 'pause') return this.#endIfIdle()
      this.#feed({ type: 'stop' })
    })
  }

  start(): void {
    this.#feed({ type: 'start' })
    if (this.#scope.decision() !== undefined) this.#feed({ type: 'stop' })
    // The run may have been paused before anything of it began.
    else if (this.#scope.pauseReason() !== undefined) this.#endIfIdle()
  }

  #keyOf({ step }: PreparedStep): string {
    return `${this.#prefix}${step.id}@1`
  }

  #feed(input: DagInput): void {
    this.#inputs.push(input)
    if (this.#isFeeding) return
    this.#isFeeding = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const { state, effects } = stepDag(this.#state, next)
      this.#state = state
      for (const effect of effects) {
        switch (effect.type) {
          case 'ready':
            this.#ready(effect.step)
            break
          case 'skip':
            this.#skip(effect.step, effect.reason.because)
            break
          case 'cancel':
            this.#cancel(effect.step)
            break
          case 'interrupt':
            this.#interrupt(effect.step)
            break
          case 'ended':
            this.#finish(this.#endOf(effect.failed))
        }
      }
    }
    this.#isFeeding = false
  }

  #ready(position: number): void {
    const prepared = this.#region.steps[position]
    if (prepared === undefined) return
    const { parallel, kind } = prepared.step
    if (takesNoPlace(kind)) return this.#begin(position, prepared)
    this.#scope.lanes.request(
      { key: this.#keyOf(prepared), order: prepared.order, serial: !parallel, ...this.#limit },
      () => this.#begin(position, prepared),
    )
  }

  #begin(position: number, prepared: PreparedStep): void {
    const scope = this.#scope
    const stepKey = this.#keyOf(prepared)
    if (this.#isOver) return
    if (scope.pauseReason() !== undefined || this.#unplanned !== undefined) return this.#endIfIdle()
    this.#working += 1
    this.#feed({ type: 'started', step: position })
    const task = { scope, prepared, frame: this.#frame, stepKey, region: 'dag', runRegion: this.#runRegion } as const
    runStep(this.#limit === undefined ? task : { ...task, limit: this.#limit.region }).then((outcome) => {
      this.#working -= 1
      // What it makes ready stands in line before its place is given on, so that the order is that of the definition.
      this.#took(position, prepared, outcome)
      scope.lanes.leave(stepKey)
    }, this.#reject)
  }

  #took(position: number, prepared: PreparedStep, outcome: StepOutcome): void {
    switch (outcome.type) {
      case 'completed':
      case 'cancelled':
        this.#feed({ type: 'settled', settled: { step: position, outcome: outcome.type } })
        break
      case 'skipped':
        this.#feed({ type: 'settled', settled: { step: position, outcome: 'skipped', skip: outcome.reason } })
        break
      case 'failed':
        this.#error ??= outcome.error
        // Its dependents are skipped because of it; what is cancelled has nothing to do with it.
        this.#feed({ type: 'settled', settled: { step: position, outcome: 'failed' } })
        if (outcome.abort) this.#scope.decide({ status: 'failed', error: outcome.error })
        break
      case 'parked':
        this.#park(position, prepared)
        break
      case 'replan':
        // What runs beside it ends first: its output is part of what the plan begins with.
        this.#unplanned ??= outcome.failed
        this.#still.add(position)
    }
    this.#endIfIdle()
  }

  #park(position: number, prepared: PreparedStep): void {
    const { wakes } = this.#scope
    const key = this.#keyOf(prepared)
    this.#still.add(position)
    wakes.set(key, () => {
      wakes.delete(key)
      this.#still.delete(position)
      this.#ready(position)
    })
  }

  /** Nothing runs and nothing will: what is left waits for an answer, for the run to be resumed, or for a plan. */
  #endIfIdle(): void {
    if (this.#state.unsettled === 0 || this.#working > 0 || this.#scope.decision() !== undefined) return
    if (this.#unplanned !== undefined) this.#finish({ type: 'replan', failed: this.#unplanned })
    else if (
      this.#scope.pauseReason() !== undefined ||
      (this.#still.size > 0 && this.#still.size === this.#state.active)
    )
      this.#finish({ type: 'parked' })
  }

  #endOf(failed: boolean): RegionEnd {
    if (this.#scope.decision() !== undefined) return { type: 'stopped' }
    if (failed) return { type: 'failed', error: this.#error }
    return this.#state.stopped ? { type: 'stopped' } : { type: 'completed' }
  }

  #finish(end: RegionEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#dropHalt()
    const { wakes, lanes } = this.#scope
    // Whoever this region is in begins it anew; its own steps are not woken any more, and do not wait for a place.
    if (wakes.size > 0) for (const prepared of this.#region.steps) wakes.delete(this.#keyOf(prepared))
    if (end.type === 'replan') for (const prepared of this.#region.steps) lanes.leave(this.#keyOf(prepared))
    if (end.type === 'completed' || end.type === 'failed')
      joinBranches(this.#scope, this.#region, this.#frame, this.#prefix)
    this.#resolve(end)
  }

  #skip(position: number, because: string | undefined): void {
    const prepared = this.#region.steps[position]
    if (prepared === undefined) return
    const scope = this.#scope
    const { id: step } = prepared.step
    const stepKey = this.#keyOf(prepared)
    this.#frame.outputs.set(step, null)
    const recorded = scope.recorded.get(stepKey)
    if (recorded?.status === 'skipped') {
      scope.ended.set(stepKey, recorded)
      return
    }
    const at = instant(scope, scope.clock.now())
    const record: StepRunRecord = {
      ...untouched(scope, step, stepKey),
      status: 'skipped',
      startedAt: at,
      endedAt: at,
      durationMs: 0,
      skip: { kind: 'dependency', ...(because === undefined ? {} : { because }) },
    }
    scope.writer.stepRun(record)
    scope.ended.set(stepKey, record)
    const data = { kind: 'dependency', because: because ?? null }
    note(scope, 'step_skipped', { step, stepKey }, data)
    scope.later('onStepSkip', { step, stepKey }, data)
  }

  /** The signal of the run tells those that work; those that stand still end here. */
  #interrupt(position: number): void {
    if (!this.#still.delete(position)) return
    const prepared = this.#region.steps[position]
    // What becomes of a wait is written when the run ends.
    if (prepared !== undefined && !this.#scope.parked.has(this.#keyOf(prepared))) this.#cancel(position)
    this.#inputs.push({ type: 'settled', settled: { step: position, outcome: 'cancelled' } })
  }

  #cancel(position: number): void {
    const prepared = this.#region.steps[position]
    if (prepared === undefined) return
    const stepKey = this.#keyOf(prepared)
    // It may stand in line for a place, which it does not need any more.
    this.#scope.lanes.leave(stepKey)
    const record: StepRunRecord = { ...untouched(this.#scope, prepared.step.id, stepKey), status: 'cancelled' }
    this.#scope.writer.stepRun(record)
    this.#scope.ended.set(stepKey, record)
  }
}

/** What is kept of a step that never began. */
function untouched(scope: RunScope, step: string, stepKey: string): Omit<StepRunRecord, 'status'> {
  return { runId: scope.run.id, stepKey, step, seq: scope.nextSeq(), attempts: 0, costNanoUsd: 0, receiptIds: [] }
}
