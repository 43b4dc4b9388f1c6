import { ParleyError } from '@parley/spec'
import type { Room, RoomId, RoomStatus } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { stateRecords } from '../state/state-records.ts'
import { toSpec } from './definition.ts'
import type { Orchestrations } from './orchestrations.ts'

/** Which version to which, and what becomes of phases that are gone. */
export interface MigrateOptions {
  from: number
  to: number
  /** Former phase to new phase. */
  phases?: Record<string, string>
}

/** What a migration did. Rooms whose phase is gone and not mapped stay as they were. */
export interface MigrationReport {
  migrated: RoomId[]
  unknownPhases: { roomId: RoomId; phase: string }[]
}

const openStatuses: readonly RoomStatus[] = ['active', 'paused']

/**
 * Moves rooms from one version of a definition to another.
 * @throws {ParleyError} `orchestration_missing` when this process has no such definition and version
 */
export async function migrateOrchestration(
  core: KitCore,
  orchestrations: Orchestrations,
  id: string,
  { from, to, phases = {} }: MigrateOptions,
): Promise<MigrationReport> {
  const definition = orchestrations.get(id, to)
  if (definition === undefined) {
    throw new ParleyError({
      code: 'orchestration_missing',
      message: `There is no version ${to} of the orchestration ${id} in this process. Register it first.`,
      details: { id, version: to },
    })
  }
  const report: MigrationReport = { migrated: [], unknownPhases: [] }
  for await (const room of openRooms(core)) {
    if (room.orchestration?.id !== id || room.orchestration.version !== from) continue
    const unknown = await core.inRoom(room.id, async (locked) => {
      const before = locked.state()
      const isGone =
        before.mode === 'agent' && definition.phases !== undefined && !definition.phases.includes(before.phase)
      const mapped = phases[before.phase]
      const isUnknown = isGone && (mapped === undefined || definition.phases?.includes(mapped) !== true)
      if (isUnknown) return before.phase
      const after =
        isGone && mapped !== undefined
          ? before.enterPhase(mapped, { reason: 'orchestration migrated', at: core.now() })
          : undefined
      await locked.commit(after === undefined ? [] : stateRecords(core, locked.room, before, after), {
        room: { orchestration: toSpec(definition, to) },
        ...(after === undefined ? {} : { conversation: { expectedVersion: before.version, next: after.toJSON() } }),
      })
      return undefined
    })
    if (unknown === undefined) report.migrated.push(room.id)
    else report.unknownPhases.push({ roomId: room.id, phase: unknown })
  }
  return report
}

/** All rooms that are not closed, page by page. */
export async function* openRooms(
  core: KitCore,
  filter: { mode?: string; organizationId?: string } = {},
): AsyncGenerator<Room> {
  for (const status of openStatuses) {
    let after: string | undefined
    do {
      const page = await core.store.findRooms({
        ...filter,
        status,
        limit: 1_000,
        ...(after === undefined ? {} : { after }),
      })
      yield* page.items
      after = page.next
    } while (after !== undefined)
  }
}
