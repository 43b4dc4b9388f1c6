// The code of docs/rooms.md.
import assert from 'node:assert/strict'
import { Agent, allow, block, Kit, maskCardNumbers, ParleyError } from '@parley/kit'
import { scriptedModel } from '@parley/testing'

await using kit = new Kit()
const answers = scriptedModel(['Noted.'], { then: 'last' })
kit.register(new Agent('clerk', { model: answers, role: 'Clerk' }))

//#region create
const room = await kit.createRoom({
  id: 'case-17', // yours, or one is made
  organizationId: 'harbor',
  metadata: { topic: 'billing' },
  timers: { inactiveAfterMs: 30 * 60_000, closedAfterMs: 24 * 3_600_000 }, // pauses, then closes, by itself
  channels: ['clerk'],
})
await kit.ensureParticipant(room.id, { id: 'ada', displayName: 'Ada Moreno' })
//#endregion create

//#region send
const sent = await kit.send(room.id, { from: 'ada', text: 'I was charged twice', idempotencyKey: 'ada-1' })
if (sent.outcome === 'committed') {
  console.log(sent.event.index, sent.duplicate) // 1 false: it is in the log, after the line that Ada joined
  const { replies, deliveries, errors } = await sent.settled() // and now everything it caused is done
  console.log(replies.length, deliveries.length, errors.length)
} else {
  console.log(sent.reason, sent.retryAfterMs) // expected refusals are values
}
//#endregion send

assert.equal(sent.outcome, 'committed')

//#region repeat
const again = await kit.send(room.id, { from: 'ada', text: 'I was charged twice', idempotencyKey: 'ada-1' })
console.log(again.outcome === 'committed' && again.duplicate) // true: nothing was added
//#endregion repeat

assert.ok(again.outcome === 'committed' && again.duplicate)

//#region read
const page = await kit.events(room.id, { after: -1, limit: 100, types: ['message'] })
const seenByClerk = await kit.events(room.id, { asReader: 'clerk' })
const routed = await kit.receipts(room.id, { kind: 'turn' })
await kit.markRead(room.id, 'ada', page.at(-1)?.index ?? -1)
//#endregion read

assert.deepEqual(
  page.map(({ content }) => (content.type === 'text' ? content.text : '')),
  ['I was charged twice', 'Noted.'],
)
assert.ok(seenByClerk.length >= 2 && routed.length === 1)

//#region visibility
const note = await kit.send(room.id, {
  from: 'ada',
  text: 'For the clerk alone',
  visibility: { only: ['clerk'] },
  responseVisibility: 'internal', // the answer reaches no channel; host code and the desk can read it
})
await kit.send(room.id, { from: 'ada', text: 'No agent need answer this', addressedTo: [] })
//#endregion visibility

assert.ok(note.outcome === 'committed')
const { replies } = await note.settled()
assert.equal(replies[0]?.visibility, 'internal')
const asked = answers.requests.length

//#region hooks
const off = kit.hook('beforeBroadcast', maskCardNumbers(), { redacts: true })

kit.hook(
  'beforeBroadcast',
  ({ event }) => {
    const isShouting = event.content.type === 'text' && event.content.text === event.content.text.toUpperCase()
    return isShouting ? block('x.shouting', { message: 'Please write in small letters.' }) : allow()
  },
  { name: 'calm', priority: 10, sourceKinds: ['person'], timeoutMs: 500 },
)

kit.hook('afterBroadcast', ({ event, deliveries }) => {
  console.log(
    event.index,
    deliveries.map(({ channelId, status }) => `${channelId} ${status}`),
  ) // may be slow, decides nothing
})
kit.hook('onError', ({ error, stage }) => console.error(stage, error.code))
//#endregion hooks

const masked = await kit.send(room.id, { from: 'ada', text: 'My card is 4111 1111 1111 1111', addressedTo: [] })
assert.ok(masked.outcome === 'committed' && masked.event.content.type === 'text')
assert.equal(masked.event.content.text, 'My card is [card]')
const shouted = await kit.send(room.id, { from: 'ada', text: 'HELLO' })
assert.ok(shouted.outcome === 'blocked')
assert.equal(shouted.reason, 'x.shouting')
assert.equal(shouted.event?.status, 'blocked')
assert.equal(answers.requests.length, asked)
off()

//#region wait
const { timedOut } = await kit.settled(room.id, { timeoutMs: 60_000 }) // nothing of the room is under way
//#endregion wait
assert.equal(timedOut, false)

//#region errors
await kit.closeRoom(room.id, { reason: 'solved' })
try {
  await kit.send(room.id, { from: 'ada', text: 'One more thing' })
} catch (error) {
  if (!ParleyError.isInstance(error)) throw error
  console.log(error.code, error.retryable, error.details) // room_closed false { roomId: 'case-17' }
  if (error.code === 'room_closed') await kit.reopen(room.id)
}
//#endregion errors
assert.equal((await kit.getRoom(room.id)).status, 'active')
