import type { Clock, Disposer } from '@parley/spec'

/** Which members of a fallback may be used: kept for all calls that share it. */
export interface MemberHealth {
  isUp(index: number): boolean
  /** The first member that may be used, behind those in `except`; `null` if all are down. */
  first(except?: ReadonlySet<number>): number | null
  failed(index: number): void
  succeeded(index: number): void
  /** Probes members that are down while at least one call is there. The disposer leaves. */
  attend(probe: (index: number) => Promise<boolean>): Disposer
}

/** Makes the health of members, all up; one probe at a time, every `probeEveryMs` as long as a member is down. */
export function createMemberHealth(count: number, clockOf: () => Clock, probeEveryMs: number): MemberHealth {
  const downSince = new Map<number, number>()
  const probes: ((index: number) => Promise<boolean>)[] = []
  let stopTimer: Disposer | null = null
  let isProbing = false

  function schedule(): void {
    if (stopTimer !== null || isProbing || downSince.size === 0 || probes.length === 0) return
    stopTimer = clockOf().setTimer(probeEveryMs, () => {
      stopTimer = null
      void probeAll()
    })
  }

  async function probeAll(): Promise<void> {
    isProbing = true
    for (const index of downSince.keys()) {
      const probe = probes.at(-1)
      if (probe === undefined) break
      if (await probe(index)) downSince.delete(index)
      else downSince.set(index, clockOf().monotonicMs())
    }
    isProbing = false
    schedule()
  }

  // Nobody probes between calls: who was down long enough may be tried by the next call.
  const isUp = (index: number): boolean => {
    const since = downSince.get(index)
    return since === undefined || (probes.length === 0 && clockOf().monotonicMs() - since >= probeEveryMs)
  }

  return {
    isUp,
    first(except = new Set()) {
      for (let index = 0; index < count; index++) if (!except.has(index) && isUp(index)) return index
      return null
    },
    failed(index) {
      downSince.set(index, clockOf().monotonicMs())
      schedule()
    },
    succeeded: (index) => void downSince.delete(index),
    attend(probe) {
      probes.push(probe)
      schedule()
      return () => {
        const at = probes.indexOf(probe)
        if (at >= 0) probes.splice(at, 1)
        if (probes.length > 0) return
        stopTimer?.()
        stopTimer = null
      }
    },
  }
}
