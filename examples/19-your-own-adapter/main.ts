// A voice of your own: written against the port, tried by the port's suite, and then used in a call like any other.
import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Agent, Kit } from '@parley/kit'
import {
  createFakeStt,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  expectLedger,
  scriptedModel,
} from '@parley/testing'
import { VoiceChannel } from '@parley/voice'
import { startVitest } from 'vitest/node'
import { createMorseVoice } from './morse-voice.ts'

// 1. The suite. In your project it is a test file among others.
const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const vitest = await startVitest('test', [join(here, 'morse-voice.test.ts')], {
  root,
  watch: false,
  reporters: [],
  project: ['19-your-own-adapter'],
})
const files = vitest.state.getTestModules()
const tests = files.flatMap((file) => [...file.children.allTests()])
await vitest.close()
const failed = tests.filter((test) => test.result().state === 'failed')
for (const test of failed) console.error(test.fullName, test.result().errors?.[0]?.message)
assert.equal(failed.length, 0)
assert.ok(tests.length >= 10, 'the suite should have been run')
console.log(`The suite of TextToSpeech: ${tests.length} tests, none failed.`)

// 2. The call.
const clock = createVirtualClock()
const kit = new Kit({ clock, ids: createSeededIds(1) })
kit.register(new Agent('ship', { role: 'Radio', voice: 'high', model: scriptedModel(['all well']) }))
const voice = new VoiceChannel('voice', { stt: createFakeStt(), tts: createMorseVoice(), vad: createScriptedVad() })
kit.register(voice)
const room = await kit.createRoom({ channels: ['ship'] })
const endpoint = createTestEndpoint({ clock })
const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'shore' })
endpoint.caller.type('how are you')
await clock.advance(15_000)

expectLedger(call.ledger, [{ agentId: 'ship', status: 'done', heard: 'all well' }])
const soundMs = endpoint.output.heard.reduce(
  (sum, { samples, sampleRateHz }) => sum + (samples.length * 1_000) / sampleRateHz,
  0,
)
console.log(`"all well" was heard: ${Math.round(soundMs)} ms of Morse.`)
await kit.close()
