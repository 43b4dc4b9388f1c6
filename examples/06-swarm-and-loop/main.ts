// Two more ways to work together: agents that hand to each other as they see fit, and a writer with reviewers.
import assert from 'node:assert/strict'
import { Agent, Kit, Loop, Swarm } from '@parley/kit'
import { scriptedModel } from '@parley/testing'

await using kit = new Kit()

// A swarm: everybody may hand to everybody, or as `allow` says.
const handTo = (target: string) => ({
  toolCalls: [
    { name: 'handoff_conversation', arguments: { target, reason: 'it is theirs', summary: 'Sam plans a trip.' } },
  ],
})
const flightsModel = scriptedModel([handTo('hotels'), ''])
const flights = new Agent('flights', { role: 'Flights', model: flightsModel })
const hotels = new Agent('hotels', {
  role: 'Hotels',
  model: scriptedModel(['A room near the sea is free.'], { then: 'last' }),
})
const trains = new Agent('trains', {
  role: 'Trains',
  model: scriptedModel(['A train leaves at nine.'], { then: 'last' }),
})

const trip = await kit.createRoom({
  orchestration: new Swarm({ agents: [flights, hotels, trains], entry: 'flights', allow: { flights: ['hotels'] } }),
})
await kit.send(trip.id, { from: 'sam', text: 'I need a room' }, { wait: 'settled' })
await kit.settled(trip.id)
const state = await kit.state(trip.id)
assert.equal(state.activeAgentId, 'hotels')
assert.equal(state.phase, 'swarm')
const tool = flightsModel.requests[0]?.tools?.find(({ name }) => name === 'handoff_conversation')
assert.deepEqual(Object(tool?.parameters['properties'])['target']?.enum, ['hotels', 'human'])
console.log(`the swarm chose ${state.activeAgentId}`)

// A loop: drafts and reviews stay in child rooms; people get the final version alone.
const submit = (data: object) => ({
  toolCalls: [{ name: 'submit_result', arguments: { status: 'completed', summary: 'Reviewed.', data: { ...data } } }],
})
const writerModel = scriptedModel(['Come to the sea!!!', 'Come to the sea.'])
const writer = new Agent('writer', { role: 'Writer', model: writerModel })
const style = new Agent('style', {
  role: 'Style editor',
  model: scriptedModel([
    submit({ approved: false, feedback: 'One exclamation mark less. Three less.' }),
    submit({ approved: true }),
  ]),
})
const facts = new Agent('facts', {
  role: 'Fact checker',
  model: scriptedModel([submit({ approved: true }), submit({ approved: true })]),
})

const text = await kit.createRoom({
  orchestration: new Loop({ agent: writer, reviewers: [style, facts], maxIterations: 3 }),
})
await kit.send(text.id, { from: 'sam', text: 'A line for the brochure, please' }, { wait: 'settled' })
await kit.settled(text.id)

const said = (await kit.events(text.id, { types: ['message'] })).filter(({ source }) => source.kind === 'agent')
assert.equal(said.length, 1, 'drafts must not reach people')
assert.ok(said[0]?.content.type === 'text')
assert.equal(said[0].content.text, 'Come to the sea.')
assert.deepEqual(said[0].metadata, { approved: true, iterations: 2 })
assert.match(JSON.stringify(writerModel.requests[1]?.messages), /\[Style editor\] One exclamation mark less/)
console.log(`${said[0].content.text} (${Number(said[0].metadata['iterations'])} iterations)`)
