import type { Disposer, HandoffParticipant, HandoffPlan, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { createJoinedByRoom } from '../joined-by-room.ts'

/** How long all participants together may prepare. */
const PREPARE_MS = 8_000

/** Things that must be ready before a switch: calls, workflows, hosts. */
export interface HandoffParticipants {
  join(roomId: RoomId, participant: HandoffParticipant): Disposer
  has(roomId: RoomId): boolean
  /** Prepares all of them at once; when one refuses, fails or is late, those that are ready are rolled back. */
  prepare(plan: HandoffPlan, signal: AbortSignal): Promise<{ ok: true } | { ok: false; reason: string }>
  commit(plan: HandoffPlan): Promise<void>
  rollback(plan: HandoffPlan): Promise<void>
}

/** Makes an empty set of participants. */
export function createParticipants(core: KitCore): HandoffParticipants {
  const { join, of } = createJoinedByRoom<HandoffParticipant>()
  const each = async (plan: HandoffPlan, run: (participant: HandoffParticipant) => Promise<void>): Promise<void> => {
    const outcomes = await Promise.allSettled(of(plan.roomId).map(run))
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') core.reportError(outcome.reason, { stage: 'handoff', roomId: plan.roomId })
    }
  }
  return {
    join,
    has: (roomId) => of(roomId).length > 0,
    async prepare(plan, signal) {
      const late = new AbortController()
      const cancel = core.clock.setTimer(PREPARE_MS, () => late.abort(new Error('The preparation took too long.')))
      const both = AbortSignal.any([signal, late.signal])
      try {
        const ready = of(plan.roomId).map((participant) => prepareOne(core, participant, plan, both))
        const refused = (await Promise.all(ready)).find((answer) => !answer.ok)
        return refused ?? { ok: true }
      } finally {
        cancel()
      }
    },
    commit: (plan) => each(plan, (participant) => participant.commit(plan)),
    rollback: (plan) => each(plan, (participant) => participant.rollback(plan)),
  }
}

async function prepareOne(
  core: KitCore,
  participant: HandoffParticipant,
  plan: HandoffPlan,
  signal: AbortSignal,
): Promise<{ ok: true } | { ok: false; reason: string }> {
  const aborted = new Promise<{ ok: false; reason: string }>((resolve) => {
    const onAbort = (): void => resolve({ ok: false, reason: 'it was not ready in time' })
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([participant.prepare(plan, { signal }), aborted])
  } catch (thrown) {
    core.reportError(thrown, { stage: 'handoff', roomId: plan.roomId })
    return { ok: false, reason: 'it could not be made ready' }
  }
}
