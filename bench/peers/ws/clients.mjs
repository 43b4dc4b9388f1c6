// Connects sockets to a bare server and tells its parent when all of them got what was expected.
import { WebSocket } from 'ws'
import { countArrivals } from '../count-arrivals.mjs'

const [url, count, stalled] = process.argv.slice(2)
const arrivals = countArrivals()
const eventStart = Buffer.from('{"type":"event"')
for (let number = 0; number < Number(count); number++) {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  if (number >= Number(stalled)) {
    socket.on('message', (data) => {
      // Presence and the like come beside the events that are waited for.
      if (data.subarray(0, eventStart.length).equals(eventStart)) arrivals.arrived()
    })
  }
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  if (number < Number(stalled)) socket.pause()
}
process.send('ready')
