import { ParleyError } from '@parley/spec'
import type { Clock, Disposer, FencingToken, RoomLocks } from '@parley/spec'

/** Options of `createInProcessLocks`. */
export interface InProcessLocksOptions {
  /** Bounds the waiting and starts the fencing values. */
  clock: Clock
}

interface Waiter {
  grant: () => void
  next: Waiter | undefined
  isCancelled: boolean
}

/** Who waits for a held key, in order of asking. */
interface Queue {
  first: Waiter | undefined
  last: Waiter | undefined
}

/**
 * The last value granted per clock. It belongs to the clock and not to one locks object, so that locks made anew within
 * the same instant go on counting and their holders are never taken for stale ones.
 */
const lastValues = new WeakMap<Clock, number>()
const valuesPerMs = 1_000

/**
 * Makes locks that keep the work of one process apart: one holder per key, first come first served, not reentrant.
 * A free lock costs one map entry; a timer is set only to wait. Fencing values start at the clock's time, so they also
 * rise over restarts.
 * @throws {ParleyError} `lock_timeout` from `withLock` when the key was not free in time; the signal's reason when aborted
 */
export function createInProcessLocks({ clock }: InProcessLocksOptions): RoomLocks {
  const held = new Map<string, Queue | undefined>()
  let lastValue = Math.max(lastValues.get(clock) ?? 0, Math.floor(clock.now()) * valuesPerMs)

  function nextToken(key: string): FencingToken {
    lastValue = Math.max(lastValue, lastValues.get(clock) ?? 0) + 1
    lastValues.set(clock, lastValue)
    return { key, value: lastValue }
  }

  function release(key: string): void {
    const queue = held.get(key)
    let waiter = queue?.first
    while (waiter?.isCancelled === true) waiter = waiter.next
    if (queue === undefined || waiter === undefined) {
      held.delete(key)
      return
    }
    queue.first = waiter.next
    waiter.grant()
  }

  async function run<T>(key: string, work: (token: FencingToken) => Promise<T>): Promise<T> {
    try {
      return await work(nextToken(key))
    } finally {
      release(key)
    }
  }

  function wait(key: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { grant, next: undefined, isCancelled: false }
      const cancel = (reason: unknown): void => {
        waiter.isCancelled = true
        settle()
        reject(reason)
      }
      const onAbort = (): void => cancel(signal?.reason)
      const disposeTimer: Disposer = clock.setTimer(timeoutMs, () => cancel(lockTimeout(key, timeoutMs)))
      function settle(): void {
        disposeTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      function grant(): void {
        settle()
        resolve()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      enqueue(key, waiter)
    })
  }

  function enqueue(key: string, waiter: Waiter): void {
    let queue = held.get(key)
    if (queue === undefined) {
      queue = { first: undefined, last: undefined }
      held.set(key, queue)
    }
    while (queue.first?.isCancelled === true) queue.first = queue.first.next
    if (queue.first === undefined || queue.last === undefined) queue.first = waiter
    else queue.last.next = waiter
    queue.last = waiter
  }

  return {
    isProcessLocal: true,
    withLock(key, work, { timeoutMs, signal }) {
      if (signal?.aborted === true) return Promise.reject(signal.reason)
      if (!held.has(key)) {
        held.set(key, undefined)
        return run(key, work)
      }
      return wait(key, timeoutMs, signal).then(() => run(key, work))
    },
  }
}

function lockTimeout(key: string, timeoutMs: number): ParleyError {
  return new ParleyError({
    code: 'lock_timeout',
    message: `The lock ${key} was not free within ${timeoutMs} ms. Try again.`,
    details: { key, timeoutMs },
  })
}
