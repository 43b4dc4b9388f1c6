// Connects Colyseus clients and tells its parent when all of them got what was expected.
import { Client } from '@colyseus/sdk'
import { countArrivals } from '../count-arrivals.mjs'

const [url, count] = process.argv.slice(2)
const arrivals = countArrivals()
const client = new Client(url)
for (let number = 0; number < Number(count); number++) {
  const room = await client.joinOrCreate('hall')
  room.onMessage('event', arrivals.arrived)
}
process.send('ready')
