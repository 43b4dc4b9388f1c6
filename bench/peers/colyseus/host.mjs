// Colyseus on loopback: one room that everybody joins.
import { createServer } from 'node:net'
import { once } from 'node:events'
import { logger, Room, Server } from '@colyseus/core'
import { WebSocketTransport } from '@colyseus/ws-transport'

/** A port that was free a moment ago: the server wants to be told one. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

export async function openHost() {
  let room
  class Hall extends Room {
    maxClients = 5_000
    patchRate = null
    autoDispose = false
    onCreate() {
      room = this
    }
  }
  for (const level of ['info', 'debug']) logger[level] = () => {}
  const port = await freePort()
  const server = new Server({
    greet: false,
    gracefullyShutdown: false,
    transport: new WebSocketTransport({ perMessageDeflate: false }),
  })
  server.define('hall', Hall)
  await server.listen(port, '127.0.0.1')
  return {
    url: `http://127.0.0.1:${port}`,
    broadcast: (message) => room.broadcast('event', message),
    close: () => server.gracefullyShutdown(false),
  }
}
