import type { RunDoc } from './run-record.ts'

/** What this process knows of a run that it may write to: its writes go one after the other. */
export interface RunLane {
  readonly epoch: number
  /** The run's document as last written; undefined until it is needed. */
  doc: RunDoc | undefined
  /** Set when nobody could find out what became of a commit: the lease is no longer of use. */
  isBroken: boolean
  tail: Promise<void>
}

/** The lanes of the runs that this process holds. */
export class RunLanes {
  readonly #lanes = new Map<string, RunLane>()

  open(runId: string, epoch: number, doc: RunDoc | undefined): RunLane {
    const lane: RunLane = { epoch, doc, isBroken: false, tail: Promise.resolve() }
    this.#lanes.set(runId, lane)
    return lane
  }

  /** The lane of a lease. A lease that this process did not claim itself gets one too. */
  of({ runId, epoch }: { runId: string; epoch: number }): RunLane {
    const known = this.#lanes.get(runId)
    if (known?.epoch === epoch) return known
    // A later lease keeps its lane: the earlier one is only on its way to be refused.
    if (known !== undefined && known.epoch > epoch) return { epoch, doc: undefined, isBroken: false, tail: known.tail }
    return this.open(runId, epoch, undefined)
  }

  close(runId: string, epoch: number): void {
    if (this.#lanes.get(runId)?.epoch === epoch) this.#lanes.delete(runId)
  }
}

/** Runs work after all that was put on the lane before. */
export function runInLane<T>(lane: RunLane, work: () => Promise<T>): Promise<T> {
  const result = lane.tail.then(work)
  lane.tail = result.then(ignore, ignore)
  return result
}

/** Who put the work on the lane is told of its failure. */
function ignore(): void {}
