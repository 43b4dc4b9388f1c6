// A colleague takes a call over: the agent falls silent in the middle of its sentence, and goes on when the call is handed back.
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
const taken = kit.takeover(room.id, 'morgan', { reason: 'too many words' })
await clock.advance(200)
assert.equal(call.state.agent, 'listening', 'the agent should have stopped')
assert.ok((await taken).accepted)

// While a person has the call, what the caller says is in the log and no agent is asked.
await follow(caller.say('is anybody there'), caller.expectSilence(3_000))
await kit.send(room.id, { from: 'morgan', text: 'This is Morgan. Yes, you may.', metadata: { say: true } })
await follow(caller.expectHeard('This is Morgan. Yes, you may.'))

const back = kit.handBack(
  room.id,
  { target: 'riley', note: 'The answer was yes.' },
  { by: { kind: 'person', id: 'morgan' } },
)
await follow(caller.expectHeard('Morgan told me. Anything else?'), caller.afterAgent('end'), caller.hangup())
assert.ok((await back).accepted)
await clock.advance(2_000)

const events = await kit.events(room.id, { types: ['message', 'handoff'] })
for (const { source, content } of events) {
  if (content.type === 'text') console.log(`${source.participantId ?? source.channelId}: ${content.text}`)
}
expectLog(events, [
  { from: 'person', text: 'what may i do with my line' },
  { from: 'agent', text: /^Let me read you all of our terms and conditions/, interrupted: true },
  { from: 'person', text: 'is anybody there' },
  { from: 'person', text: 'This is Morgan. Yes, you may.' },
  { from: 'agent', text: 'Morgan told me. Anything else?' },
])
assert.equal(model.requests.length, 2, 'the model is asked before the takeover and after it')
await kit.close()
