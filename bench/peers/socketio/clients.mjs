// Connects Socket.IO clients and tells its parent when all of them got what was expected.
import { io } from 'socket.io-client'
import { countArrivals } from '../count-arrivals.mjs'

const [url, count] = process.argv.slice(2)
const arrivals = countArrivals()
for (let number = 0; number < Number(count); number++) {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false })
  socket.on('event', arrivals.arrived)
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
}
process.send('ready')
