import type { ChannelBinding, Room, RoomEvent } from '@parley/spec'

/** An event for tests: a line of Ada by the channel `web`. */
export function sampleEvent(given: Partial<RoomEvent> = {}): RoomEvent {
  return {
    id: 'evt_1',
    roomId: 'room',
    index: 0,
    type: 'message',
    status: 'committed',
    source: { kind: 'person', channelId: 'web', channelType: 'websocket', participantId: 'ada', medium: 'text' },
    content: { type: 'text', text: 'hello' },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
    ...given,
  }
}

/** A binding for tests: a transport that takes text and may do everything. */
export function sampleBinding(given: Partial<ChannelBinding> = {}): ChannelBinding {
  return {
    roomId: 'room',
    channelId: 'sms',
    channelType: given.category === 'intelligence' ? 'agent' : 'sms',
    category: 'transport',
    direction: 'both',
    access: 'readWrite',
    muted: false,
    outputMuted: false,
    visibility: 'all',
    capabilities: { content: ['text'] },
    attachedAt: '2026-01-01T00:00:00.000Z',
    metadata: {},
    ...given,
  }
}

/** A room for tests, active and empty. */
export function sampleRoom(given: Partial<Room> = {}): Room {
  return {
    id: 'room',
    status: 'active',
    version: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    lastActivityAt: '2026-01-01T00:00:00.000Z',
    timers: {},
    agentResponsePolicy: 'chain',
    metadata: {},
    eventCount: 0,
    latestIndex: -1,
    deliveredIndex: -1,
    ...given,
  }
}
