// An answer as data: checked by a schema, repaired once, typed for code, put into words for people.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import { scriptedModel } from '@parley/testing'
import { z } from 'zod'

const Ticket = z.object({
  topic: z.enum(['billing', 'technical']),
  urgency: z.int().min(1).max(5),
  summary: z.string(),
})

// Outside a room: `prompt` gives the parsed value. The first answer breaks the schema and is sent back with the fault.
const model = scriptedModel([
  JSON.stringify({ topic: 'billing', urgency: 9, summary: 'Charged twice.' }),
  JSON.stringify({ topic: 'billing', urgency: 4, summary: 'Charged twice.' }),
])
const sorter = new Agent('sorter', { role: 'Sorts tickets', model })
const ticket = await sorter.prompt('I was charged twice and my rent bounced!', { output: Ticket })
assert.ok(ticket !== null && typeof ticket !== 'string')
assert.deepEqual(ticket, { topic: 'billing', urgency: 4, summary: 'Charged twice.' })
assert.match(JSON.stringify(model.requests[1]?.messages.at(-1)), /urgency/)

// What cannot be repaired is an error with a code, never half a value.
const stubborn = new Agent('stubborn', { model: scriptedModel(['no JSON'], { then: 'last' }) })
await assert.rejects(stubborn.prompt('Sort this.', { output: Ticket }), { code: 'agent_output_invalid' })

// In a room: people read what `render` makes of it, the receipt keeps the value.
const desk = new Agent('desk', {
  model: scriptedModel([JSON.stringify({ topic: 'technical', urgency: 2, summary: 'The line drops.' })]),
  output: Ticket,
  render: ({ topic, urgency }: z.infer<typeof Ticket>) => `Noted for ${topic}, urgency ${urgency}.`,
})
await using kit = new Kit()
kit.register(desk)
const room = await kit.createRoom({ channels: ['desk'] })
await kit.send(room.id, { from: 'ada', text: 'My line drops every evening' }, { wait: 'settled' })

const [answer] = await kit.events(room.id, { types: ['message'], newestFirst: true, limit: 1 })
assert.ok(answer?.content.type === 'text')
assert.equal(answer.content.text, 'Noted for technical, urgency 2.')
const [turn] = await kit.receipts(room.id, { kind: 'turn' })
assert.deepEqual(Object(turn?.data)['output'], { topic: 'technical', urgency: 2, summary: 'The line drops.' })
console.log(`${ticket.topic} at urgency ${ticket.urgency}; in the room: ${answer.content.text}`)
