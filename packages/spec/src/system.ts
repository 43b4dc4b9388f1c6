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
    uuid: createUuid7,
    token(bytes = 32) {
      return toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)))
    },
    random: () => Math.random(),
  }
}

/** A UUIDv7: 48 bits of milliseconds, then random bits. @see RFC 9562, section 5.7 */
function createUuid7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  let rest = Date.now()
  for (let position = 5; position >= 0; position--) {
    bytes[position] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
