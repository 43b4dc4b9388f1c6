import {
  ConversationState,
  type ChannelId,
  type Clock,
  type Disposer,
  type ParticipantId,
  type RoomId,
} from '@parley/spec'
import type { RoomsService } from '../rooms-service.ts'

const tellAfterMs = 5_000
const giveUpAfterMs = 20_000

/** Looks after rooms whose person of the desk lost the connection. */
export interface DeskWatch {
  left(roomId: RoomId, participantId: ParticipantId): void
  back(roomId: RoomId, participantId: ParticipantId): void
  close(): void
}

/** What the watch needs. */
export interface DeskWatchOptions {
  rooms: Pick<RoomsService, 'getRoom' | 'publish' | 'handBack' | 'updateState'>
  clock: Clock
  channelId: ChannelId
  onError(error: unknown, roomId: RoomId): void
}

/**
 * Makes the watch: whoever holds a room and loses the last socket keeps it for 20 s. People are told after 5 s; then the
 * agent from before goes on with a note, and the person may claim the room again.
 */
export function createDeskWatch({ rooms, clock, channelId, onError }: DeskWatchOptions): DeskWatch {
  const away = new Map<string, { isTold: boolean; cancel: Disposer }>()
  const keyOf = (roomId: RoomId, participantId: ParticipantId): string => JSON.stringify([roomId, participantId])

  const heldBy = async (roomId: RoomId, participantId: ParticipantId): Promise<ConversationState | undefined> => {
    const { conversation } = await rooms.getRoom(roomId)
    const state = ConversationState.parse(conversation)
    return state.mode === 'human' && state.human?.claimedBy === participantId ? state : undefined
  }
  const tell = (roomId: RoomId, from: ParticipantId, type: 'x.desk.away' | 'x.desk.back'): void =>
    rooms.publish(roomId, { type, from, channelId })

  const afterTelling = async (roomId: RoomId, participantId: ParticipantId): Promise<void> => {
    const entry = away.get(keyOf(roomId, participantId))
    if (entry === undefined || (await heldBy(roomId, participantId)) === undefined) return
    entry.isTold = true
    tell(roomId, participantId, 'x.desk.away')
  }
  const giveUp = async (roomId: RoomId, participantId: ParticipantId): Promise<void> => {
    away.delete(keyOf(roomId, participantId))
    const state = await heldBy(roomId, participantId)
    if (state === undefined) return
    const target = state.previousAgentId
    const note = 'The colleague lost the connection in the middle of the conversation and may come back.'
    const by = { kind: 'system', id: 'server' } as const
    const result = target === null ? undefined : await rooms.handBack(roomId, { target, note }, { by })
    // Without an agent that may go on, the room waits for the next colleague.
    if (result?.accepted !== true) await rooms.updateState(roomId, waitingAgain)
  }

  return {
    left(roomId, participantId) {
      const report = (error: unknown): void => onError(error, roomId)
      const cancels = [
        clock.setTimer(tellAfterMs, () => void afterTelling(roomId, participantId).catch(report)),
        clock.setTimer(giveUpAfterMs, () => void giveUp(roomId, participantId).catch(report)),
      ]
      away.set(keyOf(roomId, participantId), { isTold: false, cancel: () => cancels.forEach((cancel) => cancel()) })
    },
    back(roomId, participantId) {
      const key = keyOf(roomId, participantId)
      const entry = away.get(key)
      if (entry === undefined) return
      away.delete(key)
      entry.cancel()
      if (entry.isTold) tell(roomId, participantId, 'x.desk.back')
    },
    close() {
      for (const { cancel } of away.values()) cancel()
      away.clear()
    },
  }
}

function waitingAgain(state: ConversationState): ConversationState {
  if (state.human?.status !== 'active') return state
  const { claimedBy: _holder, claimedAt: _since, ...asked } = state.human
  return state.with({ human: { ...asked, status: 'waiting' } })
}
