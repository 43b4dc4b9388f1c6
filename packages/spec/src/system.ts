import type { Disposer } from './json.ts'
import { encodeUlidTime, UlidTail } from './ulid.ts'
import type { Clock, IdSource } from './world.ts'

/** What the system clock may be given. */
export interface SystemClockOptions {
  /** Gets what a timer's callback throws. @default reported by the runtime as an uncaught error */
  onError?: (error: unknown) => void
}

/** The machine's clock. */
export function createSystemClock({ onError = reportUncaught }: SystemClockOptions = {}): Clock {
  const setTimer = (delayMs: number, run: () => void): Disposer => {
    const guarded = (): void => {
      try {
        run()
      } catch (error) {
        onError(error)
      }
    }
    const timer = setTimeout(guarded, Math.max(0, delayMs))
    return () => clearTimeout(timer)
  }
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer,
    sleep: (delayMs, { signal } = {}) => sleepOn(setTimer, delayMs, signal),
  }
}

function reportUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

/** A sleep made of a timer: used by every clock. An abort rejects with the signal's reason. */
export function sleepOn(
  setTimer: (delayMs: number, run: () => void) => Disposer,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      dispose()
      reject(signal?.reason)
    }
    const dispose = setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The machine's randomness: ids are ULIDs, ordered by time of creation within this source. */
export function createSystemIds(): IdSource {
  const tail = new UlidTail()
  let lastMs = -1
  let time = ''
  return {
    next(prefix) {
      const now = Date.now()
      if (now > lastMs) {
        lastMs = now
        time = encodeUlidTime(now)
        tail.randomize(Math.random)
      } else {
        tail.increment()
      }
      return `${prefix}_${time}${tail.toString()}`
    },
    uuid: createUuid7Source(),
    token(bytes = 32) {
      return toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)))
    },
    random: () => Math.random(),
  }
}

/**
 * UUIDv7s in order of creation: 48 bits of milliseconds, a counter within them, then random bits.
 * @see RFC 9562, sections 5.7 and 6.2 (method 1)
 */
function createUuid7Source(): () => string {
  let lastMs = -1
  let counter = 0
  return () => {
    const nowMs = Date.now()
    counter = nowMs > lastMs ? Math.floor(Math.random() * 0x800) : counter + 1
    lastMs = Math.max(nowMs, lastMs)
    if (counter > 0xfff) {
      // The counter is used up within one millisecond: borrow from the next.
      lastMs += 1
      counter = 0
    }
    return toUuid7(lastMs, counter, crypto.getRandomValues(new Uint8Array(8)))
  }
}

function toUuid7(ms: number, counter: number, random: Uint8Array): string {
  const time = ms.toString(16).padStart(12, '0')
  const variant = (((random[0] ?? 0) & 0x3f) | 0x80).toString(16)
  const rest = Array.from(random.subarray(1), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const version = `7${counter.toString(16).padStart(3, '0')}`
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}${rest.slice(0, 2)}-${rest.slice(2)}`
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
