import {
  ParleyError,
  safeErrorText,
  terminalRunStatuses,
  toParleyError,
  type Budget,
  type RunError,
  type RunRecord,
  type WaitRecord,
} from '@parley/spec'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import type { EngineParts } from './engine-parts.ts'
import { executeRun } from './execute-run.ts'
import type { OpenScope } from './open-scope.ts'
import { prepareWorkflow } from './prepare.ts'
import { resultOfScope } from './result-of-scope.ts'
import type { RunPlace, RunPlaces } from './run-places.ts'
import { RunSeat, type SeatPlace } from './run-seat.ts'
import type { RunResult } from './run-result.ts'

/** What a run is inside of. */
export interface RunSurroundings {
  /** The envelope around it. */
  outer: Budget | undefined
  /** Workflows around it. */
  depth: number
}

/** A run that is at work in this process. */
export interface ActiveRun {
  done: Promise<void>
  /** Absent of a run that works in the place of the one that it is a step of. */
  place: RunPlace | undefined
  seat: RunSeat
  scope: OpenScope | undefined
  /** Something came for the run while it was being put aside. */
  isStale: boolean
  last: RunResult | undefined
  /** What it was told before it had begun. */
  told: { how: 'cancel' | 'pause'; reason: string } | undefined
  /** Lets it go on to be told, of one that waits for the place of the run that it is a step of. */
  stopWaiting: (() => void) | undefined
}

/** What a desk is made with. */
export interface RunDeskOptions {
  parts: EngineParts
  executorId: string
  hooks: readonly WorkflowHooks[]
  recordsPayloads: boolean
  places: RunPlaces
  /** What a run is inside of that this process has not started. */
  surroundings: (run: RunRecord) => RunSurroundings
  /** What a run that is woken is taken up with. @throws {ParleyError} `definition_mismatch` */
  workflowOf: (run: RunRecord) => Promise<CompiledWorkflow>
}

/** Milliseconds between two signs of life to the store. */
const HEARTBEAT_MS = 5_000
/** The longest wait of a timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Puts runs to work in this process: one execution per run at a time, woken by answers and by deadlines. */
export class RunDesk {
  readonly #options: RunDeskOptions
  readonly #active = new Map<string, ActiveRun>()
  readonly #surroundings = new Map<string, RunSurroundings>()
  readonly #wakers = new Map<string, () => void>()
  readonly #listeners = new Map<string, Set<() => void>>()
  #stopHeartbeat = (): void => {}
  #isClosed = false

  constructor(options: RunDeskOptions) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The run as it is at work here; absent when it is not. */
  active(runId: string): ActiveRun | undefined {
    return this.#active.get(runId)
  }

  /**
   * Asks for a place for a run that is new.
   * @throws {ParleyError} `run_queue_full`
   */
  enter(run: { id: string; tenantId: string }): RunPlace {
    return this.#options.places.enter(run, { isResumed: false, mayRefuse: true })
  }

  /**
   * Puts a run to work, or in line for that; what is at work already is left alone.
   * @param given - a place that was asked for before; `none`: it works in the place of the run that it is part of
   */
  execute(
    run: RunRecord,
    compiled: CompiledWorkflow,
    surroundings?: RunSurroundings,
    given?: RunPlace | 'none',
  ): ActiveRun {
    const known = this.#active.get(run.id)
    if (known !== undefined) {
      known.isStale = true
      if (given === 'none') known.place?.leave()
      else given?.leave()
      return known
    }
    const kept = surroundings ?? this.#surroundings.get(run.id)
    if (kept !== undefined) this.#surroundings.set(run.id, kept)
    // The envelope of a task may be another one each time.
    const around = kept ?? this.#options.surroundings(run)
    this.#dropWaker(run.id)
    const place = given === 'none' ? undefined : (given ?? this.#placeOf(run, around))
    const outer = run.parent === undefined ? undefined : this.#active.get(run.parent.runId)
    const entry: ActiveRun = {
      done: Promise.resolve(),
      place,
      seat: new RunSeat(place ?? outer?.seat.partOf(run.id), this.#options.parts.clock),
      scope: undefined,
      isStale: false,
      last: undefined,
      told: undefined,
      stopWaiting: undefined,
    }
    this.#active.set(run.id, entry)
    if (this.#active.size === 1) this.#beat()
    entry.done = this.#work(run, compiled, entry, around)
    // Whoever asks for the result is told; nobody has to.
    entry.done.catch((error: unknown) => this.#onCaught(error))
    return entry
  }

  /** Resolves when the run is not at work here. */
  async settled(runId: string): Promise<void> {
    await this.#active.get(runId)?.done.catch(() => {})
  }

  /** Calls when the run comes to rest or ends, each time; gives a function that ends that. */
  onRest(runId: string, listen: () => void): () => void {
    const listeners = this.#listeners.get(runId) ?? new Set()
    this.#listeners.set(runId, listeners.add(listen))
    return () => {
      listeners.delete(listen)
      if (listeners.size === 0 && this.#listeners.get(runId) === listeners) this.#listeners.delete(runId)
    }
  }

  /** Says that a run at rest was changed: it ended, or was paused. */
  rested(runId: string): void {
    this.#dropWaker(runId)
    for (const listen of this.#listeners.get(runId) ?? []) listen()
  }

  /** Tells a run that is at work, also one that is only about to begin. */
  tell(entry: ActiveRun, how: 'cancel' | 'pause', reason: string): void {
    if (entry.scope === undefined) {
      entry.told ??= { how, reason }
      // It is told at once, and takes no place for that.
      if (entry.place?.isWaiting === true) entry.place.leave()
      entry.stopWaiting?.()
    } else tellScope(entry.scope, how, reason)
  }

  /** Takes a run up that waits: something may have come for it. */
  async wake(runId: string): Promise<void> {
    if (this.#isClosed) return
    const entry = this.#active.get(runId)
    if (entry !== undefined) {
      entry.isStale = true
      return
    }
    this.#dropWaker(runId)
    const { parts, workflowOf } = this.#options
    const run = await parts.backend.get(runId)
    if (run?.status === 'waiting') this.execute(run, await workflowOf(run))
  }

  /** A wait that nobody answers ends by itself: the run is taken up at the earliest deadline. */
  watchDeadline(runId: string, waits: readonly WaitRecord[]): void {
    this.#dropWaker(runId)
    const deadlines = waits.flatMap(({ status, deadline }) =>
      status === 'open' && deadline !== undefined ? [Date.parse(deadline)] : [],
    )
    if (deadlines.length === 0 || this.#isClosed) return
    const { clock } = this.#options.parts
    const delayMs = Math.max(0, Math.min(...deadlines) - clock.now())
    const next = (): void => {
      // A timer does not wait longer than this: one that ends before the deadline is set again.
      if (delayMs > MAX_TIMER_MS) this.watchDeadline(runId, waits)
      else void this.wake(runId).catch((error: unknown) => this.#onCaught(error))
    }
    this.#wakers.set(runId, clock.setTimer(Math.min(delayMs, MAX_TIMER_MS), next))
  }

  /** Puts aside what runs; what does not come to rest in time is left where it is, to be taken up again. */
  async close(drainMs: number): Promise<void> {
    this.#isClosed = true
    const { clock } = this.#options.parts
    for (const runId of this.#wakers.keys()) this.#dropWaker(runId)
    const entries = [...this.#active.values()]
    for (const entry of entries) this.tell(entry, 'pause', 'shutdown')
    const limit = new AbortController()
    await Promise.race([
      Promise.allSettled(entries.map(async ({ done }) => done)),
      clock.sleep(drainMs, { signal: limit.signal }).catch(() => {}),
    ])
    limit.abort()
    const closed = new ParleyError({
      code: 'kit_closed',
      message: 'The engine was closed while the run was at work. Recover it with the next engine.',
    })
    for (const { scope } of this.#active.values()) scope?.abandon(closed)
    this.#stopHeartbeat()
  }

  async #work(run: RunRecord, compiled: CompiledWorkflow, entry: ActiveRun, around: RunSurroundings): Promise<void> {
    const { parts, executorId, hooks, recordsPayloads } = this.#options
    const { id: runId, status: before } = run
    const { backend } = parts
    const { place } = entry
    try {
      if (place?.isWaiting === true) {
        if (before === 'paused') await this.#keepResumed(runId)
        await place.ready
        // It stays in line in the store, where the next engine finds it.
        if (this.#isClosed) return
      }
      if (place === undefined) await this.#takeOuter(run, entry)
      do {
        entry.isStale = false
        const lease = await backend.claim(runId, executorId)
        if (lease === null) return
        const scope = await executeRun({
          parts,
          workflow: prepareWorkflow(compiled, parts.failurePolicy),
          lease,
          hooks: compiled.hooks === undefined ? hooks : [...hooks, ...compiled.hooks],
          outerBudget: around.outer,
          recordsPayloads,
          depth: around.depth,
          seat: entry.seat,
          onOpen: (opened) => {
            entry.scope = opened
            if (entry.told !== undefined) tellScope(opened, entry.told.how, entry.told.reason)
          },
        })
        entry.last = resultOfScope(scope)
        entry.scope = undefined
        const { status } = scope.run
        if (terminalRunStatuses.includes(status)) {
          this.#surroundings.delete(runId)
          this.#dropWaker(runId)
        } else await backend.release(lease)
        if (status === 'waiting') this.watchDeadline(runId, [...scope.waits.values()])
      } while (entry.isStale && entry.last.status === 'waiting' && !this.#isClosed)
    } catch (thrown) {
      throw toStoreError(thrown, runId)
    } finally {
      // In the same tick as the last look at `isStale`, so that nothing that comes is lost between the two.
      entry.scope = undefined
      this.#active.delete(runId)
      entry.seat.close()
      place?.leave()
      if (entry.last?.status === 'waiting') this.#partOf(run)?.rest()
      if (this.#active.size === 0) this.#stopHeartbeat()
      for (const listen of this.#listeners.get(runId) ?? []) listen()
    }
  }

  /** That a run is meant to go on is kept while it stands in line: a process that ends then does not leave it paused. */
  async #keepResumed(runId: string): Promise<void> {
    const { parts, executorId } = this.#options
    const lease = await parts.backend.claim(runId, executorId)
    if (lease === null) return
    await parts.backend.commit(lease, {
      events: [{ type: 'run_resumed', data: { from: 'paused' } }],
      run: { status: 'pending', pauseReason: undefined },
    })
    await parts.backend.release(lease)
  }

  /** The run that it is a step of may have given its place on while all of it rested. */
  async #takeOuter(run: RunRecord, entry: ActiveRun): Promise<void> {
    const taken = this.#partOf(run)?.again()
    if (taken === undefined) return
    const told = new Promise<void>((resolve) => (entry.stopWaiting = resolve))
    await Promise.race([taken, ...(entry.told === undefined ? [told] : [])])
    entry.stopWaiting = undefined
  }

  #partOf({ id, parent }: Pick<RunRecord, 'id' | 'parent'>): SeatPlace | undefined {
    return parent === undefined ? undefined : this.#active.get(parent.runId)?.seat.partOf(id)
  }

  /**
   * Asks for the place of a run again that has rested while a run inside of it waited.
   * @returns absent: it has its place
   */
  goOn(run: Pick<RunRecord, 'id' | 'parent'>): Promise<void> | undefined {
    return this.#partOf(run)?.again()
  }

  /** Whether whoever lets a run work is a run that is at work here: it would wait for its own end. */
  isInsideRun(outer: Budget | undefined): boolean {
    return outer?.envelopes.some(({ kind, id }) => kind === 'run' && this.#active.has(id)) === true
  }

  /** A run that the store knows stands in line however long that is. */
  #placeOf(run: RunRecord, { outer }: RunSurroundings): RunPlace | undefined {
    if (this.isInsideRun(outer)) return undefined
    return this.#options.places.enter(run, { isResumed: run.startedAt !== undefined, mayRefuse: false })
  }

  #beat(): void {
    const { backend, clock } = this.#options.parts
    if (backend.heartbeat === undefined || (!backend.multiWorker && backend.kind === 'memory')) return
    const next = (): void => {
      this.#stopHeartbeat = clock.setTimer(HEARTBEAT_MS, () => {
        void backend.heartbeat?.(this.#options.executorId).catch((error: unknown) => this.#onCaught(error))
        if (this.#active.size > 0) next()
      })
    }
    next()
  }

  #dropWaker(runId: string): void {
    this.#wakers.get(runId)?.()
    this.#wakers.delete(runId)
  }

  #onCaught(error: unknown): void {
    this.#options.parts.onError(toEngineError(error))
  }
}

/** The error of a run that was cancelled. */
export function cancelError(reason: string): RunError {
  return { code: 'step_failed', message: `The run was cancelled: ${safeErrorText(reason)}.`, class: 'cancelled' }
}

/** Anything thrown, as an error that may be reported. */
export function toEngineError(error: unknown): ParleyError {
  if (ParleyError.isInstance(error)) return error
  return new ParleyError({ code: 'internal_error', message: 'A run could not go on.', cause: error })
}

function tellScope(scope: OpenScope, how: 'cancel' | 'pause', reason: string): void {
  if (how === 'cancel') scope.decide({ status: 'cancelled', error: cancelError(reason) })
  else scope.pause(safeErrorText(reason))
}

/** What ends an execution without ending its run: what is no error of ours comes from the store. */
function toStoreError(thrown: unknown, runId: string): ParleyError {
  return toParleyError(thrown, {
    code: 'store_unavailable',
    message: `Run ${runId} could not be kept, so it stands still. Look at the store, then resume the run.`,
    details: { runId },
  })
}
