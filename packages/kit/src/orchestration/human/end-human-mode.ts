import type { RoomId } from '@parley/spec'
import type { OrchestrationInternals } from '../orchestration-internals.ts'

/**
 * The end of a room ends asking for people and their claim: who comes back to it finds its agents. The log of a closed
 * room does not grow, so this is a change of its state alone.
 */
export async function endHumanMode({ core, armTimeout }: OrchestrationInternals, roomId: RoomId): Promise<void> {
  armTimeout(roomId, undefined)
  await core.inRoom(roomId, async (locked) => {
    const { conversation, status } = locked.room
    if (conversation === undefined || (status !== 'closed' && status !== 'archived')) return
    const state = locked.state()
    if (state.human === undefined && state.mode === 'agent') return
    const next = state.with({
      mode: 'agent',
      human: undefined,
      activeAgentId: state.activeAgentId ?? state.previousAgentId,
    })
    await locked.commit([], { conversation: { expectedVersion: state.version, next: next.toJSON() } })
  })
}
