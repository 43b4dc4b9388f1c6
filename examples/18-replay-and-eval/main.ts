// A stored call is played again without sound: step by step as it was, and with other settings to see what they would change.
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
  scriptedModel,
} from '@parley/testing'
import { readCallLog, replayCall, VoiceChannel } from '@parley/voice'

const clock = createVirtualClock()
const kit = new Kit({ clock, ids: createSeededIds(1) })
kit.register(new Agent('pip', { role: 'Orders', model: scriptedModel(['Which one?', 'It comes on Monday.']) }))
const voice = new VoiceChannel('voice', {
  stt: createFakeStt(),
  tts: createFakeTts(),
  vad: createScriptedVad(),
  interruption: { warmupMs: 0 },
  endpointing: { minDelayMs: 300 }, // quick, and wrong about people who think between words
})
kit.register(voice)
const room = await kit.createRoom({ channels: ['pip'] })
const endpoint = createTestEndpoint({ clock })
const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
await createSimulatedCaller(
  [
    caller.say('where is my parcel'),
    caller.wait(700), // thinks
    caller.say('the blue one'),
    caller.afterAgent('end'),
    caller.hangup(),
  ],
  { endpoint, clock },
).run()
await clock.advance(2_000)

// What was decided, and by which settings, is kept with the room: any process that has its store can read it.
const log = await readCallLog(kit, room.id, call.id)
assert.ok(log !== null, 'the log should be stored when the call ends')
const { settings } = log

const exact = replayCall(log)
assert.ok(exact.kind === 'exact')
assert.equal(exact.difference, null, 'the same settings should give the same effects, byte for byte')
console.log(`${exact.steps} steps, each as it was.`)

// What if it had waited longer?
const patient = { ...settings, endpointing: { ...settings.endpointing, minDelayMs: 1_000, plainMinDelayMs: 1_000 } }
const forecast = replayCall(log, { settings: patient })
assert.ok(forecast.kind === 'forecast')
for (const { index, recorded, replayed } of forecast.turns) {
  const tell = (turn: typeof recorded): string =>
    turn === null ? 'no turn' : `"${turn.text}" after ${turn.delayMs} ms`
  console.log(`turn ${index + 1}: ${tell(recorded)}; patient: ${tell(replayed)}`)
}
assert.equal(forecast.turns[0]?.recorded?.text, 'where is my parcel')
assert.equal(forecast.turns[0]?.replayed?.text, 'where is my parcel the blue one', 'both halves would be one turn')
await kit.close()
