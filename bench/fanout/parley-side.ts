import { Kit, WebSocketChannel, type Peer } from '@parley/kit'
import { openClients } from './clients.ts'
import type { FanoutSide } from './side.ts'

/** A socket of `ws`, as far as it is used here. */
export interface WsSocket {
  send(data: string | Uint8Array, options?: { binary: boolean }): void
  readonly bufferedAmount: number
  close(code?: number, reason?: string): void
}

/** `host.mjs` of the bare peer. */
export interface WsHost {
  openHost(onSocket?: (socket: WsSocket) => void): Promise<{ url: string; sockets: WsSocket[]; close(): Promise<void> }>
}

/** A person's line of the size that a chat has. */
export const line = 'I would like to know whether my order of last Tuesday has left the warehouse yet.'

/** A room of a kit with sockets on loopback; each event goes through the whole pipeline. */
export async function openParleySide({ openHost }: WsHost, count: number, stalled = 0): Promise<FanoutSide> {
  const kit = new Kit()
  const channel = new WebSocketChannel({ channelId: 'web' })
  kit.register(channel)
  const { id: roomId } = await kit.createRoom({ channels: ['web'] })
  const host = await openHost((socket) => void channel.connect(new WsPeer(socket), { roomId, participantId: 'ada' }))
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

/** A socket of `ws` as the channel wants it. */
class WsPeer implements Peer {
  readonly #socket: WsSocket

  constructor(socket: WsSocket) {
    this.#socket = socket
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data)
  }

  sendText(utf8: Uint8Array): void {
    this.#socket.send(utf8, asText)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }
}

const asText = { binary: false }
