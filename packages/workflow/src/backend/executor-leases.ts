import type { Clock, Instant, Lease } from '@parley/spec'

/** Who may write to a run. */
export interface HeldLease {
  /** Rises with every claim and every release. */
  epoch: number
  executorId: string | undefined
  expiresAtMs: number
}

/** Decides who holds a run. */
export interface ExecutorLeases {
  /** Undefined while another live executor holds it. */
  claim(held: HeldLease, runId: string, executorId: string): Lease | undefined
  /** Puts the end of a lease off, because its holder wrote. */
  extend(held: HeldLease, nowMs: number): void
  release(held: HeldLease, lease: Lease): void
  isHeld(held: HeldLease): boolean
  heartbeat(executorId: string): Instant
}

/** A lease of a run that nobody has claimed. */
export function createHeldLease(): HeldLease {
  return { epoch: 0, executorId: undefined, expiresAtMs: 0 }
}

/** Leases that live for `leaseMs` after the last write of their run or the last sign of their executor. */
export function createExecutorLeases(clock: Clock, leaseMs: number): ExecutorLeases {
  const aliveUntilMs = new Map<string, number>()
  const isHeld = ({ executorId, expiresAtMs }: HeldLease): boolean =>
    executorId !== undefined && Math.max(expiresAtMs, aliveUntilMs.get(executorId) ?? 0) > clock.now()
  return {
    isHeld,
    claim(held, runId, executorId) {
      if (held.executorId !== executorId && isHeld(held)) return undefined
      held.epoch += 1
      held.executorId = executorId
      held.expiresAtMs = clock.now() + leaseMs
      return { runId, executorId, epoch: held.epoch, expiresAt: new Date(held.expiresAtMs).toISOString() }
    },
    extend(held, nowMs) {
      held.expiresAtMs = nowMs + leaseMs
    },
    release(held, { epoch }) {
      if (held.epoch !== epoch) return
      held.epoch += 1
      held.executorId = undefined
    },
    heartbeat(executorId) {
      const nowMs = clock.now()
      for (const [known, untilMs] of aliveUntilMs) if (untilMs <= nowMs) aliveUntilMs.delete(known)
      aliveUntilMs.set(executorId, nowMs + leaseMs)
      return new Date(nowMs + leaseMs).toISOString()
    },
  }
}
