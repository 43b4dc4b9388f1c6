import { Kit, WebSocketChannel, type Peer } from '@parley/kit'
import { openClients } from './clients.ts'
import type { FanoutSide } from './side.ts'

/** `host.mjs` of the bare peer. */
export interface WsHost {
  openHost(
    onSocket?: (socket: Peer) => void,
  ): Promise<{ url: string; sockets: { send(data: string): void }[]; close(): Promise<void> }>
}

/** A person's line of the size that a chat has. */
export const line = 'I would like to know whether my order of last Tuesday has left the warehouse yet.'

/** A room of a kit with sockets on loopback; each event goes through the whole pipeline. */
export async function openParleySide({ openHost }: WsHost, count: number, stalled = 0): Promise<FanoutSide> {
  const kit = new Kit()
  const channel = new WebSocketChannel({ channelId: 'web' })
  kit.register(channel)
  const { id: roomId } = await kit.createRoom({ channels: ['web'] })
  const host = await openHost((socket) => void channel.connect(socket, { roomId, participantId: 'ada' }))
  const clients = await openClients('ws', [host.url, count, stalled])
  return {
    clients,
    receivers: count - stalled,
    send: () => kit.sendEvent(roomId, 'web', { content: { type: 'text', text: line } }),
    async [Symbol.asyncDispose]() {
      clients.close()
      await kit.close({ graceMs: 0 })
      await host.close()
    },
  }
}
