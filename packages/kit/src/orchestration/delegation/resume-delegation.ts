import type { Room } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { readSettled } from './delegation-log.ts'
import type { DelegationRecord } from './delegation-record.ts'
import type { DelegationRuns } from './delegation-runs.ts'

/** Takes up a delegation that a stopped process left: it goes on where its turn does, else it ends interrupted. */
export async function resumeDelegation(
  core: KitCore,
  runs: DelegationRuns,
  room: Room,
  record: DelegationRecord,
): Promise<void> {
  const parent = await core.store.getRoom(record.parentRoomId)
  const place = runs.track(record)
  if (place === undefined) return
  const { run, mayStart } = place
  const isWanted =
    !record.isAwaited &&
    !record.needsSubmission &&
    parent !== null &&
    parent.status !== 'closed' &&
    parent.status !== 'archived'
  const asked = await core.store.tail(record.childRoomId, 1, { types: ['message'] })
  if (isWanted && asked.length === 0) return mayStart ? runs.apply(run, { type: 'start' }) : undefined
  const isRunning = core.turns.running(record.childRoomId).length > 0
  if (!isWanted || !isRunning) {
    const settled = isWanted ? await readSettled(core, record) : undefined
    if (settled?.end === undefined) return runs.apply(run, { type: 'lost' })
    return runs.apply(run, { type: 'settled', ...settled })
  }
  // Its turn is run again; the task goes on from there, within what is left of its time.
  run.state = { ...run.state, phase: 'running' }
  run.status = 'running'
  const leftMs = Date.parse(room.createdAt) + record.timeoutMs - core.clock.now()
  run.disposers.add(core.clock.setTimer(Math.max(0, leftMs), () => runs.apply(run, { type: 'timer' })))
  core.background(
    'delegation',
    async () => {
      await core.turns.idle(record.childRoomId)
      await runs.settle(run)
    },
    { roomId: record.childRoomId },
  )
}
