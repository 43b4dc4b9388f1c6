import { openPythonPeer } from '../python-peer.ts'

/** RoomKit in a process of its own. */
export interface RoomKitPeer {
  /** Runs a round and gives messages per second. */
  round(rooms: number, messagesPerRoom: number): Promise<number>
  close(): void
}

/** Starts RoomKit, or says why it cannot be had. */
export async function openRoomKit(
  progress: (text: string) => void,
): Promise<{ peer: RoomKitPeer } | { peer: undefined; why: string }> {
  const opened = await openPythonPeer(
    { folder: 'roomkit', name: 'RoomKit', module: 'roomkit', script: 'inbound.py' },
    progress,
  )
  const { peer } = opened
  if (peer === undefined) return opened
  return {
    peer: {
      round: async (rooms, messagesPerRoom) =>
        (await peer.ask<{ perSecond: number }>(`${rooms} ${messagesPerRoom}`)).perSecond,
      close: () => peer.close(),
    },
  }
}
