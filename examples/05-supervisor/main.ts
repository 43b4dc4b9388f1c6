// A supervisor talks with the person; its workers work in rooms of their own, within the turn's time and budget.
import assert from 'node:assert/strict'
import { Agent, Kit, Supervisor } from '@parley/kit'
import { createVirtualClock, scriptedModel } from '@parley/testing'

// Time stands still until the example moves it, so a worker that hangs costs nobody a minute.
const clock = createVirtualClock()
const delegate = {
  toolCalls: [{ name: 'delegate_workers', arguments: { task: 'What do you know about Ada Lovelace?' } }],
}

const bossModel = scriptedModel([delegate, 'Born 1815, wrote the first program. The archive did not answer.'])
const boss = new Agent('boss', { role: 'Editor', model: bossModel })
const birth = new Agent('birth', { name: 'Registry', model: scriptedModel(['Born in 1815.']) })
const works = new Agent('works', { name: 'Library', model: scriptedModel(['Wrote the first program.']) })
const archive = new Agent('archive', { name: 'Archive', model: scriptedModel([() => new Promise<string>(() => {})]) })

await using kit = new Kit({ clock })
const room = await kit.createRoom({
  orchestration: new Supervisor({
    supervisor: boss,
    workers: [birth, works, archive],
    strategy: 'parallel',
    taskTimeoutMs: 10_000,
  }),
})
assert.deepEqual(
  (await kit.bindings(room.id)).map(({ channelId }) => channelId),
  ['boss'],
)

await kit.send(room.id, { from: 'sam', text: 'Who was Ada Lovelace?' })
await clock.advance(15_000)
await kit.settled(room.id)

// The model read two results, and by name the one that is missing.
const results = JSON.stringify(bossModel.requests[1]?.messages.at(-1))
assert.match(results, /Born in 1815\./)
assert.match(results, /Wrote the first program\./)
assert.match(results, /Archive.*timeout/)

// Each piece of work has a room of its own, closed by now, and a line in the log.
const children = (await kit.store.findRooms({ parentRoomId: room.id })).items
assert.equal(children.length, 3)
assert.ok(children.every(({ status }) => status === 'closed'))
const ended = await kit.events(room.id, { types: ['delegationEnded'] })
assert.equal(ended.length, 3)
assert.equal(kit.status.recent({ roomId: room.id, n: 50 }).filter(({ status }) => status === 'failed').length, 2)

const [answer] = await kit.events(room.id, { types: ['message'], newestFirst: true, limit: 1 })
assert.ok(answer?.content.type === 'text')
console.log(`${answer.source.channelId}: ${answer.content.text}`)

const closing = kit.close()
await clock.advance(10_000)
await closing
