// A call, offline: Flite speaks the caller's words, PocketSphinx hears them, an agent answers aloud in another voice.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import {
  createFliteTts,
  createLocalModel,
  createPocketSphinxStt,
  createRuleTurnDetector,
  createSileroVad,
  findPocketSphinx,
} from '@parley/local'
import { createSystemClock } from '@parley/spec'
import {
  caller,
  createFakeStt,
  createSimulatedCaller,
  createTestEndpoint,
  createTestSpeechContext,
  listen,
  testEndpointDriver,
} from '@parley/testing'
import { VoiceChannel } from '@parley/voice'

const words = 'I was charged twice.'

// Without PocketSphinx a fake recognizer stands in: it knows what will be said.
const hasRecognizer = findPocketSphinx() !== undefined
if (!hasRecognizer) {
  console.log(
    'PocketSphinx is not installed; a fake hears. To hear for real: apt-get install pocketsphinx pocketsphinx-en-us',
  )
}
const recognizer = hasRecognizer
  ? await createPocketSphinxStt()
  : createFakeStt({ streaming: false, script: () => 'i was charged twice' })

const model = createLocalModel({
  rules: {
    parley_rules: 1,
    agent: 'riley',
    intents: { charged: { patterns: ['charged twice'], examples: [words] } },
    rules: [
      {
        when: { intent: 'charged' },
        do: [{ reply: 'I see two payments of seventy nine dollars. I credit one of them.' }],
      },
      { do: [{ reply: 'Please say that again.' }] },
    ],
  },
})
const flite = createFliteTts()
const silero = createSileroVad()
await silero.ready

const kit = new Kit()
kit.register(new Agent('riley', { role: 'Billing', voice: 'slt', model }))
const voice = new VoiceChannel('voice', {
  stt: recognizer,
  tts: flite,
  vad: silero,
  turnDetector: createRuleTurnDetector(),
  // A small vocabulary is heard quickly and rarely wrong: the model knows what it can understand.
  hint: () => model.expects({ line: '' }),
})
kit.register(voice)

const clock = createSystemClock()
const room = await kit.createRoom({ channels: ['riley'] })
const endpoint = createTestEndpoint({ clock }) // a phone, a browser: whatever carries sound is an endpoint
const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
const spoken = new Promise((resolve) => call.on('speechEnded', resolve))
const driver = testEndpointDriver(endpoint, clock)
const ada = createSimulatedCaller([caller.say(words)], { driver, textToSpeech: flite, voice: 'kal' })
const [said] = (await ada.run()).said
await spoken
endpoint.caller.hangup()
assert.equal(await call.ended, 'hangup')

const events = await kit.events(room.id, { types: ['message'] })
const lines = events.map(({ source, content }) => ({
  who: source.participantId ?? source.channelId ?? '',
  text: content.type === 'text' ? content.text : '',
}))
for (const { who, text } of lines) console.log(`${who}: ${text}`)
assert.equal(lines[0]?.who, 'ada')
assert.match(lines[0]?.text ?? '', /charged twice/i, 'what was said should have been heard')
assert.deepEqual(lines[1], { who: 'riley', text: 'I see two payments of seventy nine dollars. I credit one of them.' })

// The ledger knows of every word whether it was heard.
const [answer] = call.ledger.toJSON().utterances
assert.ok(answer?.words.every(({ played }) => played))

const firstSoundMs = endpoint.output.heard[0]?.atMs ?? Infinity
console.log(`The answer began ${Math.round(firstSoundMs - (said?.endMs ?? 0))} ms after the last word.`)

// And the caller's end, recognized again: the sound that arrived there is speech.
if (hasRecognizer) {
  const context = createTestSpeechContext({ clock })
  const heard = await listen(endpoint.output.heard, { speechToText: recognizer, context })
  console.log(`At the caller's end PocketSphinx hears: ${heard.map(({ text }) => text).join(' ')}`)
  assert.match(heard.map(({ text }) => text).join(' '), /payments|dollars|credit/)
}

await kit.close()
await Promise.all([flite.close(), silero.close()])
