import type { Clock } from '@parley/spec'

/** The one deadline of accepting a message: it binds until the commit begins. */
export interface Deadline {
  readonly isExpired: boolean
  /** Aborted when the deadline ends before the commit; made when first asked for. */
  readonly signal: AbortSignal
  /** Called right before the commit: false when it is too late, else the deadline binds no more. */
  pass(): boolean
  close(): void
}

/** Starts a deadline; `onExpired` is called at most once, and never after `pass`. */
export function startDeadline(clock: Clock, timeoutMs: number, onExpired: () => void): Deadline {
  let controller: AbortController | undefined
  let state: 'open' | 'expired' | 'passed' = 'open'
  const dispose = clock.setTimer(timeoutMs, () => {
    if (state !== 'open') return
    state = 'expired'
    controller?.abort(new DOMException('The message could not be accepted in time.', 'TimeoutError'))
    onExpired()
  })
  return {
    get isExpired() {
      return state === 'expired'
    },
    get signal() {
      controller ??= new AbortController()
      return controller.signal
    },
    pass() {
      if (state === 'expired') return false
      state = 'passed'
      dispose()
      return true
    },
    close() {
      if (state === 'open') state = 'passed'
      dispose()
    },
  }
}
