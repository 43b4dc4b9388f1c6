import type { Channel, ChannelId, RoomId } from '@parley/spec'

/**
 * The channel that people of the web are in a room by. It carries nothing itself: a delivery only says that the log
 * grew, and every socket and stream reads on from where it is, so order, gaps and repeats are settled in one place.
 */
export function createWebChannel(channelId: ChannelId, onDelivery: (roomId: RoomId) => void): Channel {
  return {
    channelId,
    channelType: 'websocket',
    category: 'transport',
    capabilities: {
      content: ['text', 'rich', 'media', 'audio', 'video', 'location', 'composite', 'template', 'edit', 'delete', 'reaction', 'dtmf', 'system'],
      eventTypes: [
        'system',
        'participantJoined',
        'participantLeft',
        'participantIdentified',
        'participantUpdated',
        'roomPaused',
        'roomResumed',
        'roomClosed',
        'roomReopened',
        'handoff',
        'modeChanged',
        'requestOpened',
        'requestClosed',
        'callStarted',
        'callEnded',
        'recordingStarted',
        'recordingStopped',
      ],
      threads: true,
      reactions: true,
      edits: true,
      deletes: true,
      typing: true,
      readReceipts: true,
      richText: true,
      buttons: true,
      templates: true,
      live: 'deltas',
    },
    async deliver({ event }) {
      onDelivery(event.roomId)
      return { status: 'sent' }
    },
  }
}
