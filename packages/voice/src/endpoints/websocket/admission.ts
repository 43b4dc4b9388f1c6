import type { Clock } from '@parley/spec'

/** Options of `createCallAdmission`. */
export interface CallAdmissionOptions {
  clock: Clock
  /** Calls of one identity at a time. @default 5 */
  callsPerIdentity?: number
  /** Connections of one address per minute. @default 20 */
  connectsPerMinute?: number
}

/** Who may begin a call, decided before the upgrade (`voice.md` W-8). */
export interface CallAdmission {
  /** Counts a connection of an address; the time to wait when there were too many, in milliseconds. */
  connect(address: string): { allowed: true } | { allowed: false; retryAfterMs: number }
  /** Whether an identity may have one call more. */
  hasRoom(identity: string): boolean
  /** Takes a place for a call; gives what frees it, or undefined when the identity has as many as it may. */
  enter(identity: string): (() => void) | undefined
}

const minuteMs = 60_000
const maxAddresses = 100_000

/** Makes the limits of one process. */
export function createCallAdmission({
  clock,
  callsPerIdentity = 5,
  connectsPerMinute = 20,
}: CallAdmissionOptions): CallAdmission {
  const calls = new Map<string, number>()
  const connects = new Map<string, number[]>()

  const forgetOld = (nowMs: number): void => {
    for (const [address, times] of connects) if ((times.at(-1) ?? 0) <= nowMs - minuteMs) connects.delete(address)
  }

  return {
    connect(address) {
      const nowMs = clock.monotonicMs()
      if (connects.size >= maxAddresses) forgetOld(nowMs)
      const times = (connects.get(address) ?? []).filter((atMs) => atMs > nowMs - minuteMs)
      const oldest = times[0]
      if (oldest !== undefined && times.length >= connectsPerMinute) {
        return { allowed: false, retryAfterMs: oldest + minuteMs - nowMs }
      }
      connects.set(address, [...times, nowMs])
      return { allowed: true }
    },
    hasRoom: (identity) => (calls.get(identity) ?? 0) < callsPerIdentity,
    enter(identity) {
      const open = calls.get(identity) ?? 0
      if (open >= callsPerIdentity) return undefined
      calls.set(identity, open + 1)
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        const left = (calls.get(identity) ?? 1) - 1
        if (left > 0) calls.set(identity, left)
        else calls.delete(identity)
      }
    },
  }
}
