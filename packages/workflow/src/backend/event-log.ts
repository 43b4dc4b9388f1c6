import { clipEventData, durableLimits, terminalRunEvents, tooManySubscribers } from '@parley/spec'
import type { CommitBatch, Instant, RunEvent } from '@parley/spec'

/**
 * The events of one run and those who follow it. A follower is a position in the list: however slow it is, nothing waits
 * for it, nothing is kept for it, and it misses nothing.
 */
export class EventLog {
  readonly #runId: string
  readonly #maxSubscribers: number
  readonly #events: RunEvent[] = []
  #wakes: Set<() => void> | undefined
  #subscribers = 0
  #isClosed = false

  constructor(runId: string, maxSubscribers: number = durableLimits.maxSubscribers) {
    this.#runId = runId
    this.#maxSubscribers = maxSubscribers
  }

  get lastSeq(): number {
    return this.#events.length
  }

  /** Adds events; says whether one ends the run. */
  append(drafts: CommitBatch['events'], ts: Instant): boolean {
    let isEnd = false
    for (const draft of drafts) {
      const event = toEvent(draft, this.#events.length + 1, ts, this.#runId)
      this.#events.push(event)
      isEnd ||= isTerminal(event)
    }
    return isEnd
  }

  /** Lets followers go on; after `append`, when everything of the batch is written. */
  wake(): void {
    const wakes = this.#wakes
    if (wakes === undefined || wakes.size === 0) return
    this.#wakes = undefined
    for (const wake of wakes) wake()
  }

  /** Ends those who follow. */
  close(): void {
    this.#isClosed = true
    this.wake()
  }

  /** @throws {ParleyError} `limit_exceeded` when too many follow */
  async *follow(afterSeq: number, signal: AbortSignal): AsyncGenerator<RunEvent> {
    if (this.#subscribers >= this.#maxSubscribers) throw tooManySubscribers(this.#runId, this.#maxSubscribers)
    this.#subscribers += 1
    // Also called at an abort; whoever is not waiting sees the abort by itself.
    let wake = (): void => {}
    const onAbort = (): void => wake()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      let seq = Math.max(0, afterSeq)
      const last = this.#events.at(-1)
      if (last !== undefined && seq >= last.seq && isTerminal(last)) return
      while (!signal.aborted) {
        const event = this.#events[seq]
        if (event !== undefined) {
          seq = event.seq
          yield event
          if (isTerminal(event)) return
        } else if (this.#isClosed) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
            this.#wakes ??= new Set()
            this.#wakes.add(resolve)
          })
          this.#wakes?.delete(wake)
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#subscribers -= 1
    }
  }
}

/** Of one of three shapes, written out: a run of a thousand steps has thousands of them. */
function toEvent(draft: CommitBatch['events'][number], seq: number, ts: Instant, runId: string): RunEvent {
  const { type, step, stepKey, attempt } = draft
  const data = clipEventData(draft.data)
  if (step === undefined || stepKey === undefined) return { seq, ts, runId, ...draft, data }
  return attempt === undefined
    ? { seq, ts, runId, type, step, stepKey, data }
    : { seq, ts, runId, type, step, stepKey, attempt, data }
}

function isTerminal(event: RunEvent): boolean {
  return terminalRunEvents.includes(event.type)
}
