// The code of docs/stores.md: a room that outlives its process, on the embedded database.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, Pipeline } from '@parley/kit'
import { scriptedModel } from '@parley/testing'
import { z } from 'zod'

const folder = await mkdtemp(join(tmpdir(), 'parley-'))
const databaseUrl = `file:${join(folder, 'data')}`

function team(): Pipeline {
  const asked = {
    toolCalls: [
      {
        name: 'handoff_conversation',
        arguments: { target: 'billing', reason: 'bill', summary: 'Twice.', payload: { topic: 'charge' } },
      },
    ],
  }
  const reception = new Agent('reception', { model: scriptedModel([asked]) })
  const billing = new Agent('billing', { model: scriptedModel(['Billing here.'], { then: 'last' }) })
  return new Pipeline({
    id: 'front-desk',
    agents: [reception, billing],
    stages: [
      { phase: 'intake', agentId: 'reception', next: 'billing' },
      { phase: 'billing', agentId: 'billing', contract: { schema: z.object({ topic: z.string() }) } },
    ],
  })
}

//#region open
import { Kit } from '@parley/kit'
import { createPostgresStore, openDatabase } from '@parley/postgres'

async function open(): Promise<AsyncDisposable & { kit: Kit }> {
  const database = await openDatabase(databaseUrl) // file:./data, memory:// or postgres://user@host/name
  const frontDesk = team() // a Pipeline with an id of its own
  const kit = new Kit({ store: createPostgresStore({ database }), orchestration: frontDesk })
  await kit.ready() // what a stopped process left undone is taken up
  return {
    kit,
    async [Symbol.asyncDispose]() {
      await kit.close()
      await database.close() // the database stays yours to close
    },
  }
}
//#endregion open

//#region restart
let roomId: string
{
  await using first = await open()
  const room = await first.kit.createRoom()
  roomId = room.id
  await first.kit.send(roomId, { from: 'ada', text: 'I was charged twice' }, { wait: 'settled' })
}
{
  await using second = await open() // another process, later
  await second.kit.send(roomId, { from: 'ada', text: 'Are you still there?' }, { wait: 'settled' })
  const { activeAgentId, phase } = await second.kit.state(roomId)
  console.log(activeAgentId, phase) // billing billing: it goes on where it was
}
//#endregion restart

{
  await using third = await open()
  const events = await third.kit.events(roomId, { types: ['message'] })
  const said = events.map(
    ({ source, content }) => `${source.channelId}: ${content.type === 'text' ? content.text : ''}`,
  )
  assert.deepEqual(said.slice(-2), ['direct: Are you still there?', 'billing: Billing here.'])
}
await rm(folder, { recursive: true, force: true })
