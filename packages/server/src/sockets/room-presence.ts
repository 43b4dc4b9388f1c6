import type { ChannelId, Clock, Disposer, EphemeralInput, ParticipantId, RoomId } from '@parley/spec'
import type { DeskWatch } from './desk-watch.ts'

/** Shorter than the 45 s after which presence expires. */
const renewMs = 25_000

/** Who sits at a socket of a room: told to the others, renewed while they stay, ended with their last socket. */
export interface RoomPresence {
  /** Takes a seat until `left`. Coming and going is told unless somebody else does (`isTold` false); staying always. */
  enter(roomId: RoomId, participantId: ParticipantId, left: AbortSignal, options: { isTold: boolean }): void
  typing(roomId: RoomId, participantId: ParticipantId, isTyping: boolean): void
  set(roomId: RoomId, participantId: ParticipantId, status: PresenceStatus): void
}

export type PresenceStatus = 'online' | 'away' | 'offline'

interface Seats {
  count: number
  status: PresenceStatus
  isTyping: boolean
  stop: Disposer
}

/** Makes the presence of a server's sockets. */
export function createRoomPresence({
  publish,
  clock,
  channelId,
  desk,
}: {
  publish(roomId: RoomId, event: EphemeralInput): void
  clock: Clock
  channelId: ChannelId
  /** Told when somebody takes the first seat and when they lose the last. */
  desk: Pick<DeskWatch, 'left' | 'back'>
}): RoomPresence {
  const seats = new Map<string, Seats>()
  const keyOf = (roomId: RoomId, participantId: ParticipantId): string => JSON.stringify([roomId, participantId])

  const tell = (roomId: RoomId, from: ParticipantId, status: PresenceStatus): void =>
    publish(roomId, { type: 'presence', from, channelId, data: { status } })
  const tellTyping = (roomId: RoomId, from: ParticipantId, isTyping: boolean): void =>
    publish(roomId, { type: isTyping ? 'typingStarted' : 'typingStopped', from, channelId })

  return {
    enter(roomId, participantId, left, { isTold }) {
      const key = keyOf(roomId, participantId)
      const taken = seats.get(key) ?? { count: 0, status: 'online', isTyping: false, stop: () => {} }
      seats.set(key, taken)
      taken.count++
      if (taken.count === 1) {
        desk.back(roomId, participantId)
        if (isTold) tell(roomId, participantId, taken.status)
        const renew = (): void => {
          tell(roomId, participantId, taken.status)
          taken.stop = clock.setTimer(renewMs, renew)
        }
        taken.stop = clock.setTimer(renewMs, renew)
      }
      left.addEventListener(
        'abort',
        () => {
          taken.count--
          if (taken.count > 0) return
          taken.stop()
          seats.delete(key)
          desk.left(roomId, participantId)
          if (!isTold) return
          if (taken.isTyping) tellTyping(roomId, participantId, false)
          tell(roomId, participantId, 'offline')
        },
        { once: true },
      )
    },
    typing(roomId, participantId, isTyping) {
      const taken = seats.get(keyOf(roomId, participantId))
      if (taken !== undefined) taken.isTyping = isTyping
      tellTyping(roomId, participantId, isTyping)
    },
    set(roomId, participantId, status) {
      const taken = seats.get(keyOf(roomId, participantId))
      if (taken !== undefined) taken.status = status
      tell(roomId, participantId, status)
    },
  }
}
