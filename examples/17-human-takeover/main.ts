// A colleague takes a call over by voice: the agent falls silent in mid-sentence, and goes on when the call is given back.
import assert from 'node:assert/strict'
import { Agent, ConversationPipeline, Kit } from '@parley/kit'
import {
  caller,
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createSimulatedCaller,
  createTestEndpoint,
  createVirtualClock,
  expectLog,
  listen,
  scriptedModel,
} from '@parley/testing'
import { VoiceChannel } from '@parley/voice'

const model = scriptedModel([
  'Let me read you all of our terms and conditions, beginning with the first of ninety pages.',
  'Morgan told me. Anything else?',
])
const riley = new Agent('riley', { role: 'Front desk', model })

const clock = createVirtualClock()
const kit = new Kit({ clock, ids: createSeededIds(1) })
const voice = new VoiceChannel('voice', { stt: createFakeStt(), tts: createFakeTts(), vad: createScriptedVad() })
kit.register(voice)
kit.register(riley)
const room = await kit.createRoom({ channels: ['riley'] })
new ConversationPipeline({ stages: [{ phase: 'intake', agentId: 'riley' }] }).install(kit, [riley], { roomId: room.id })
await kit.ensureParticipant(room.id, { id: 'morgan', displayName: 'Morgan', role: 'agent' })

const endpoint = createTestEndpoint({ clock })
const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
const follow = async (...steps: Parameters<typeof createSimulatedCaller>[0]): Promise<void> => {
  await createSimulatedCaller(steps, { endpoint, clock }).run()
}

await follow(caller.say('what may i do with my line'), caller.interruptAt('conditions'))

// Morgan joins with a microphone of their own. In a page that is POST /v1/rooms/:id/calls with { mode: 'takeover' }.
const desk = createTestEndpoint({ clock, id: 'desk' })
const joining = call.join(desk, { participantId: 'morgan', mode: 'takeover', rights: ['desk:answer'] })
await clock.advance(200)
const leg = await joining
assert.equal(call.state.agent, 'listening', 'the agent should have stopped')

// Both hear each other. What they say is in the log, and no agent is asked.
void desk.caller.sayText('this is morgan')
await clock.advance(4_000)
assert.match(
  listen(endpoint.output.sent)
    .map(({ text }) => text)
    .join(' '),
  /this is morgan/,
)
await follow(caller.say('may i have two lines'), caller.wait(1_000))
assert.deepEqual(
  desk.heard().map(({ text }) => text.trim()),
  ['may i have two lines'],
)

const back = leg.giveBack({ note: 'The answer was yes.' })
await follow(caller.expectHeard('Morgan told me. Anything else?'), caller.afterAgent('end'), caller.hangup())
await back
await clock.advance(2_000)

const events = await kit.events(room.id, { types: ['message', 'handoff'] })
for (const { source, content } of events) {
  if (content.type === 'text') console.log(`${source.participantId ?? source.channelId}: ${content.text}`)
}
expectLog(events, [
  { from: 'person', text: 'what may i do with my line' },
  { from: 'agent', text: /^Let me read you all of our terms and conditions/, interrupted: true },
  { from: 'person', text: 'this is morgan' },
  { from: 'person', text: 'may i have two lines' },
  { from: 'agent', text: 'Morgan told me. Anything else?' },
])
assert.equal(model.requests.length, 2, 'the model is asked before the takeover and after it')
await kit.close()
