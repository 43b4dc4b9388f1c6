import type { Clock } from '@parley/spec'

/** Options of `createCircuitBreaker`. */
export interface CircuitBreakerOptions {
  clock: Pick<Clock, 'monotonicMs'>
  /** Failures in a row that open it. @default 5 */
  failures?: number
  /** How long it stays open before one probe passes. @default 60 000 */
  openMs?: number
  /** Told when it opens and when it closes again. */
  onChange?: (state: 'opened' | 'closed') => void
}

/** Gives something that fails repeatedly a rest. It keeps no timer: time is looked at when somebody asks. */
export interface CircuitBreaker {
  /** Whether a try may be made now; after the rest one probe passes, and nothing else until it has ended. */
  tryPass(): { isAllowed: true } | { isAllowed: false; retryAfterMs: number }
  succeeded(): void
  failed(): void
  /** The try ended in a way that says nothing about health. */
  abstained(): void
  readonly isOpen: boolean
}

/** Makes a closed breaker. */
export function createCircuitBreaker({
  clock,
  failures = 5,
  openMs = 60_000,
  onChange,
}: CircuitBreakerOptions): CircuitBreaker {
  let inARow = 0
  let openedAtMs: number | undefined
  let isProbing = false

  const open = (): void => {
    const wasOpen = openedAtMs !== undefined
    openedAtMs = clock.monotonicMs()
    if (!wasOpen) onChange?.('opened')
  }

  return {
    tryPass() {
      if (openedAtMs === undefined) return allowed
      const restMs = openedAtMs + openMs - clock.monotonicMs()
      if (restMs > 0) return { isAllowed: false, retryAfterMs: Math.ceil(restMs) }
      if (isProbing) return { isAllowed: false, retryAfterMs: openMs }
      isProbing = true
      return allowed
    },
    succeeded() {
      const wasOpen = openedAtMs !== undefined
      inARow = 0
      openedAtMs = undefined
      isProbing = false
      if (wasOpen) onChange?.('closed')
    },
    failed() {
      inARow += 1
      if (isProbing || inARow >= failures) open()
      isProbing = false
    },
    abstained() {
      isProbing = false
    },
    get isOpen() {
      return openedAtMs !== undefined
    },
  }
}

const allowed = Object.freeze({ isAllowed: true as const })
