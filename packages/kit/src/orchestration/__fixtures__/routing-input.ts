import type { ChannelBinding, ChannelCategory, Room, RoomEvent } from '@parley/spec'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { RoutingContext } from '../router/decide.ts'

const at = '2026-01-01T00:00:00.000Z'

/** A room for tests. */
export function testRoom(changes: Partial<Room> = {}): Room {
  return {
    id: 'room',
    status: 'active',
    version: 0,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
    timers: {},
    agentResponsePolicy: 'chain',
    metadata: {},
    eventCount: 0,
    latestIndex: -1,
    deliveredIndex: -1,
    ...changes,
  }
}

/** A person's message, unless changed. */
export function testEvent(changes: Partial<RoomEvent> = {}): RoomEvent {
  return {
    id: `evt_${changes.index ?? 0}`,
    roomId: 'room',
    index: 0,
    type: 'message',
    status: 'committed',
    source: { kind: 'person', channelId: 'web', channelType: 'websocket', participantId: 'ada', medium: 'text' },
    content: { type: 'text', text: 'hello' },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: at,
    metadata: {},
    ...changes,
  }
}

/** An agent's message. */
export function agentEvent(agentId: string, changes: Partial<RoomEvent> = {}): RoomEvent {
  return testEvent({ source: { kind: 'agent', channelId: agentId, channelType: 'agent', medium: 'text' }, ...changes })
}

/** A binding that reads and writes. */
export function testBinding(channelId: string, category: ChannelCategory = 'intelligence', changes: Partial<ChannelBinding> = {}): ChannelBinding {
  return {
    roomId: 'room',
    channelId,
    channelType: category === 'intelligence' ? 'agent' : 'websocket',
    category,
    direction: 'both',
    access: 'readWrite',
    muted: false,
    outputMuted: false,
    visibility: 'all',
    capabilities: { content: ['text'] },
    attachedAt: at,
    metadata: {},
    ...changes,
  }
}

/** An agent that only is. */
export function testAgent(channelId: string, changes: Partial<OrchestratedAgent> = {}): OrchestratedAgent {
  return { channelId, channelType: 'agent', category: 'intelligence', capabilities: { content: ['text'] }, isConfigOnly: false, ...changes }
}

/** A room with these agents bound and registered. */
export function testContext(agentIds: readonly string[], changes: Partial<RoutingContext> = {}): RoutingContext {
  const agents = new Map(agentIds.map((agentId) => [agentId, testAgent(agentId)]))
  return {
    room: testRoom(),
    bindings: [testBinding('web', 'transport'), ...agentIds.map((agentId) => testBinding(agentId))],
    participants: [],
    recentEvents: [],
    channel: (channelId) => agents.get(channelId),
    ...changes,
  }
}
