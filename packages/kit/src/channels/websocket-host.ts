import type { ChannelBinding, RoomEvent } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { canSee } from '../rooms/can-see.ts'
import type { WebSocketHost } from './websocket-channel.ts'

/** What a kit gives a WebSocket channel that is registered with it. */
export function createWebSocketHost(parts: KitParts): WebSocketHost {
  return {
    clock: parts.clock,
    async look(roomId, channelId) {
      const [room, binding] = await Promise.all([
        parts.store.getRoom(roomId),
        parts.store.bindings.get(roomId, channelId),
      ])
      return room === null || binding === null ? null : { binding, head: room.latestIndex }
    },
    async history(roomId, { asReader, after, limit }) {
      const [looked, room, binding] = await Promise.all([
        parts.store.events(roomId, { after, limit }),
        parts.store.getRoom(roomId),
        parts.store.bindings.get(roomId, asReader),
      ])
      const upTo = looked.at(-1)?.index ?? after
      const visible = looked.filter((event) => canSee(event, binding ?? { channelId: asReader }))
      const events = binding === null ? visible : await asDelivered(parts, visible, binding)
      return { events, upTo, head: Math.max(room?.latestIndex ?? -1, upTo) }
    },
    subscribe: (roomId, listener) => parts.ephemeral.subscribe(roomId, listener),
    connected(roomId, participantId) {
      parts.framework.emit({ type: 'channelConnected', roomId, data: { participantId } })
      parts.ephemeral.publish(roomId, { type: 'presence', from: participantId, data: { status: 'online' } })
      parts.orchestration.connected(roomId)
    },
    disconnected(roomId, participantId) {
      parts.framework.emit({ type: 'channelDisconnected', roomId, data: { participantId } })
      parts.ephemeral.ended(roomId, participantId)
    },
    stillConnected: (roomId, participantId) => parts.ephemeral.renew(roomId, participantId),
    present: (roomId) => parts.ephemeral.present(roomId),
    reportError: (thrown, roomId) => parts.reportError(thrown, { stage: 'socket', roomId }),
  }
}

/** What is replayed has passed the same hooks as what is delivered. */
async function asDelivered({ hooks }: KitParts, events: RoomEvent[], binding: ChannelBinding): Promise<RoomEvent[]> {
  const { roomId, channelId, channelType } = binding
  if (!hooks.has('beforeDeliver', { roomId, channelId, channelType })) return events
  const shown: RoomEvent[] = []
  for (const event of events) {
    const scope = { roomId, channelId, channelType, sourceKind: event.source.kind, eventType: event.type }
    const { blocked, payload } = await hooks.runSync('beforeDeliver', { content: event.content, event, binding }, scope)
    if (blocked === undefined)
      shown.push(payload.content === event.content ? event : { ...event, content: payload.content })
  }
  return shown
}
