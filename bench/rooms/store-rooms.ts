import type { ChannelBinding, ChannelCapabilities, ConversationStore } from '@parley/spec'
import { sampleRoom } from '../store/sample-room.ts'

const at = '2026-01-01T00:00:00.000Z'
const channels = ['web', 'agent-a', 'agent-b'] as const

/** Puts idle rooms with three bindings each into a store; their ids are `<name>-<number>`. */
export async function storeRooms(store: ConversationStore, count: number, name: string): Promise<void> {
  // Bindings of one channel share what it can do, as they do in a kit.
  const capabilities: ChannelCapabilities = { content: ['text'] }
  for (let number = 0; number < count; number++) {
    const room = sampleRoom(`${name}-${number}`)
    await store.createRoom(room)
    await store.bindings.put(channels.map((channelId) => bindingOf(room.id, channelId, capabilities)))
  }
}

function bindingOf(roomId: string, channelId: string, capabilities: ChannelCapabilities): ChannelBinding {
  const isAgent = channelId.startsWith('agent')
  return {
    roomId,
    channelId,
    channelType: isAgent ? 'agent' : 'websocket',
    category: isAgent ? 'intelligence' : 'transport',
    direction: 'both',
    access: 'readWrite',
    muted: false,
    outputMuted: false,
    visibility: 'all',
    capabilities,
    attachedAt: at,
    metadata: {},
  }
}
