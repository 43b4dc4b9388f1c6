// A caller cuts in. The agent stops; the log holds what was heard, and the next prompt knows no more than that.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import {
  caller,
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createSimulatedCaller,
  createTestEndpoint,
  createVirtualClock,
  expectLedger,
  scriptedModel,
} from '@parley/testing'
import { VoiceChannel } from '@parley/voice'

const hours = 'We open at nine on weekdays. On Saturday we open at ten. On Sunday the shop is closed all day.'
const model = scriptedModel([hours, 'Then see you on Saturday.'])

// Fakes and a virtual clock: speech is tones, a minute of call is over in a moment, every run is the same.
const clock = createVirtualClock()
const kit = new Kit({ clock, ids: createSeededIds(1) })
kit.register(new Agent('pip', { role: 'Front desk', model }))
const voice = new VoiceChannel('voice', {
  stt: createFakeStt(),
  tts: createFakeTts(),
  vad: createScriptedVad(),
  interruption: { warmupMs: 0 }, // by default nobody cuts the first three seconds of a call
})
kit.register(voice)
const room = await kit.createRoom({ channels: ['pip'] })
const endpoint = createTestEndpoint({ clock })
const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })

const reasons: string[] = []
call.on('interrupted', ({ reason, heardText }) => reasons.push(`${reason} after "${heardText}"`))
call.on('falseInterruption', ({ resumed }) => reasons.push(`a noise, resumed: ${resumed}`))

const ada = createSimulatedCaller(
  [
    caller.say('when are you open'),
    caller.interruptAt('weekdays'),
    caller.cough({ ms: 700 }), // long enough to pause the agent; no words follow, so it goes on
    caller.interruptAt('at ten'),
    caller.say('saturday is fine thanks'),
    caller.expectHeard('Then see you on Saturday.'),
    caller.afterAgent('end'),
    caller.hangup(),
  ],
  { endpoint, clock },
)
await ada.run()
await clock.advance(2_000)

const events = await kit.events(room.id, { types: ['message'] })
const lines = events.map(({ source, content }) => ({
  who: source.participantId ?? source.channelId,
  text: content.type === 'text' ? content.text : '',
  interrupted: content.type === 'text' && content.interrupted === true,
}))
for (const { who, text, interrupted } of lines) console.log(`${who}: ${text}${interrupted ? ' |' : ''}`)
console.log(reasons.join('; '))

// What was cut stands before the words that cut it, as far as it was heard.
assert.deepEqual(
  lines.map(({ who }) => who),
  ['ada', 'pip', 'ada', 'pip'],
)
const cut = lines[1]
assert.ok(cut?.interrupted)
assert.ok(cut.text.includes('Saturday') && hours.startsWith(cut.text) && !cut.text.includes('Sunday'))

// The model never sees the words that nobody heard.
const prompt = JSON.stringify(model.requests[1]?.messages)
assert.ok(prompt.includes(`${cut.text} [interrupted]`) && !prompt.includes('Sunday'))

// Word by word: generated, sent, played, confirmed by the far end.
expectLedger(call.ledger, [
  { agentId: 'pip', status: 'interrupted', heard: /Saturday/, generated: /Sunday/ },
  { agentId: 'pip', status: 'done', heard: 'Then see you on Saturday.' },
])
await kit.close()
