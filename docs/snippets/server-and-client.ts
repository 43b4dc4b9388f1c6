// The code of docs/server-and-client.md.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import { scriptedModel } from '@parley/testing'

//#region server
import { createApiKey, createServer, lookupIn } from '@parley/server'
import { createSystemIds } from '@parley/spec'

// Once, by a script of yours: show the key, keep the record.
const { key, record } = createApiKey({ id: 'backoffice', rights: ['rooms:read', 'rooms:write'] }, createSystemIds())

await using kit = new Kit()
kit.register(new Agent('clerk', { model: scriptedModel(['How can I help?'], { then: 'last' }), greeting: 'Good day.' }))

const server = createServer({ kit, auth: { keys: lookupIn([record]), secrets: ['a secret of 32 characters or more'] } })
const { url } = await server.listen({ port: 0 }) // any free port, on this machine alone
//#endregion server

//#region client
import { createClient } from '@parley/client'

const client = createClient({ baseUrl: url, token: key }) // your back end: an API key
const room = await client.rooms.create({ channels: ['clerk', 'web'] })
const { token } = await client.rooms.join(room.id, { participantId: 'ada', displayName: 'Ada' }) // for her browser

const connection = createClient({ baseUrl: url }).joinRoom(room.id, { token, after: -1 })
const said: string[] = []
connection.on('event', ({ event }) => {
  if (event.type === 'message' && event.content.type === 'text') said.push(event.content.text)
})
connection.on('delta', ({ delta }) => process.stdout.write(delta.text)) // text while it is written
const sent = connection.send('Hello') // shown at once as pending, settled by the log
const { index } = await sent.settled
//#endregion client

await new Promise<void>((resolve) => {
  const look = (): void => {
    if (said.length === 3) resolve()
  }
  connection.on('event', look)
  look()
})
console.log(index)
assert.deepEqual(said, ['Good day.', 'Hello', 'How can I help?'])
connection.close()

//#region close
await server.close({ drainMs: 5_000 }) // callers hear that the line closes, sockets are told to come back later
//#endregion close
