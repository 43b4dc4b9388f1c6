// A bare WebSocket server on loopback: gives each socket that connects to a function.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

export async function openHost(onSocket) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const sockets = []
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    onSocket?.(socket)
  })
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    sockets,
    async close() {
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}
