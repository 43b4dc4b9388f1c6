// Socket.IO on loopback: everybody who connects joins one room.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { Server } from 'socket.io'

export async function openHost() {
  const http = createServer()
  const server = new Server(http, { transports: ['websocket'], perMessageDeflate: false })
  server.on('connection', (socket) => void socket.join('room'))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    broadcast: (message) => server.to('room').emit('event', message),
    async close() {
      server.disconnectSockets(true)
      await server.close()
    },
  }
}
