// The code of docs/voice.md. Run it: npm exec -- node --conditions=@parley/source docs/snippets/voice.ts
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '@parley/server'
import { createSystemClock } from '@parley/spec'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
} from '@parley/testing'

const folder = await mkdtemp(join(tmpdir(), 'parley-voice-'))
const model = scriptedModel(['Fine, thank you.'], { then: 'last' })

//#region channel
import { Agent, Kit } from '@parley/kit'
import {
  createFliteTts,
  createPocketSphinxStt,
  createRuleBackchannel,
  createRuleTurnDetector,
  createSileroVad,
  findPocketSphinx,
} from '@parley/local'
import { VoiceChannel } from '@parley/voice'

const flite = createFliteTts() // four English voices
const silero = createSileroVad() // who speaks when
const hearing = findPocketSphinx() === undefined ? {} : { stt: await createPocketSphinxStt() }

const voice = new VoiceChannel('voice', {
  ...hearing, // without a recognizer people type, or their browser recognizes
  tts: flite,
  vad: silero,
  turnDetector: createRuleTurnDetector(), // has the sentence ended?
  backchannelDetector: createRuleBackchannel(), // "mm-hm" does not interrupt
  defaultVoice: 'slt',
})

await using kit = new Kit()
kit.register(voice)
kit.register(new Agent('riley', { role: 'Front desk', voice: 'slt', greeting: 'Good day, this is Riley.', model }))
//#endregion channel

//#region server
const secrets = ['a secret of 32 characters or more']
const server = createServer({ kit, auth: { keys: async () => undefined, secrets }, calls: { channel: voice } })
const { url } = await server.listen({ port: 0 })
//#endregion server

const room = await kit.createRoom({ channels: ['riley', 'web'] })
await kit.ensureParticipant(room.id, { id: 'ada' })
const { token } = server.tokens.issue({ roomId: room.id, participantId: 'ada' })
const show = (_what: unknown): void => {}

//#region page
import { createClient } from '@parley/client'

async function callRiley(options: { microphone?: boolean; speaker?: boolean } = {}): Promise<ClientCall> {
  const client = createClient({ baseUrl: url, token }) // a room token is enough
  return client.calls.start({
    roomId: room.id,
    recording: true, // the person's answer, if your page has asked
    ...options,
    onCaption: ({ role, text, final }) => show(`${role}: ${text}${final ? '' : ' ...'}`),
    onState: ({ agent }) => show(agent), // listening, thinking, speaking
  })
}
//#endregion page
import type { ClientCall } from '@parley/client'

const inPage = await callRiley({ microphone: false, speaker: false })
assert.equal(inPage.agent?.id, 'riley')
inPage.hangup()
await inPage.ended

//#region twilio
import { createTwilioEndpoint } from '@parley/voice/endpoints'

const twilio = createTwilioEndpoint({
  authToken: 'your auth token',
  publicUrl: 'https://calls.example.com', // what Twilio reaches and signs
  clock: createSystemClock(),
})
const phones = createServer({
  kit,
  mounts: [twilio.mount()], // "what to do with this call?": POST /v1/twilio/voice
  sockets: [
    twilio.socketRoute({
      async onCall(media) {
        const { id } = await kit.createRoom({ channels: ['riley'] })
        await voice.connect(media, { roomId: id, participantId: 'caller' })
      },
    }),
  ],
})
//#endregion twilio
await phones.close()
await server.close({ drainMs: 100 })
await Promise.all([flite.close(), silero.close()])

// What follows is shown on a call in virtual time.
const clock = createVirtualClock()
const fakes = { stt: createFakeStt(), tts: createFakeTts(), vad: createScriptedVad() }

//#region recording
import { folderRecordings } from '@parley/local/files'

const recorded = new VoiceChannel('recorded', {
  ...fakes,
  recording: { mode: 'consent', sink: folderRecordings(folder) }, // a WAV a call: caller left, agent right
  interruption: { mode: 'adaptive', minSpeechMs: 400 },
  idle: { prompts: 2, hangupMs: 30_000 },
  filler: { lines: ['One moment, please.'] }, // while tools run
})
//#endregion recording

const bench = new Kit({ clock, ids: createSeededIds(1) })
bench.register(recorded)
bench.register(new Agent('pip', { role: 'Orders', model: scriptedModel(['It is on its way.'], { then: 'last' }) }))
const { id: roomId } = await bench.createRoom({ channels: ['pip'] })
const endpoint = createTestEndpoint({ clock })
const call = await recorded.connect(endpoint, { roomId, participantId: 'ada', recording: true })

//#region say
const disclosure = call.say([
  'Before we begin. ',
  { text: 'Our prices have changed.', mustHear: 'resay', spanId: 'prices' },
])
disclosure.then(({ status, heardText, spans }) => console.log(status, heardText, spans['prices'])) // done ... full
//#endregion say
await clock.advance(8_000)
assert.equal((await disclosure).spans['prices'], 'full')

//#region collect
const asked = call.collect({ digits: 4, sensitive: true, prompt: 'Please key in your PIN.' })
//#endregion collect
await clock.advance(4_000)
for (const key of '4821') endpoint.caller.dtmf(key)
await clock.advance(1_000)
assert.deepEqual(await asked, { type: 'digits', digits: '4821' })
assert.ok(!JSON.stringify(await bench.events(roomId)).includes('4821'))

//#region hooks
import { allow, block } from '@parley/kit'

bench.hook('beforeTts', ({ text }) => (/card number/i.test(text) ? block('x.card') : allow()))
bench.hook('onBargeIn', ({ callId, heardText }) => console.log(`${callId} cut in after "${heardText}"`))
call.on('userTurn', ({ text }) => console.log(`ada: ${text}`))
call.on('*', ({ type }) => show(type))
//#endregion hooks

void endpoint.caller.sayText('where is my parcel')
await clock.advance(8_000)

//#region ledger
const { utterances } = call.ledger.toJSON()
for (const { agentId, status, words } of utterances) {
  const heard = words.filter(({ played }) => played).map(({ text }) => text)
  console.log(agentId, status, heard.join(' '))
}
//#endregion ledger
assert.match(utterances.map(({ words }) => words.map(({ text }) => text).join(' ')).join(' '), /It is on its way/)

await call.hangup()
await bench.close()
await rm(folder, { recursive: true })
