// A phone call over Twilio's wire, without an account: a double of Twilio dials the server, signs, and sends mu-law at 8 kHz.
import assert from 'node:assert/strict'
import { Agent, Kit } from '@parley/kit'
import { createServer } from '@parley/server'
import { createSystemClock } from '@parley/spec'
import {
  caller,
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSimulatedCaller,
  scriptedModel,
} from '@parley/testing'
import { createTwilioCallDouble, signTwilioRequest } from '@parley/testing/doubles'
import { VoiceChannel, type CallSession } from '@parley/voice'
import { createTwilioEndpoint } from '@parley/voice/endpoints'

const clock = createSystemClock()
const authToken = 'the auth token of the account'
const publicUrl = 'https://calls.example.com' // what Twilio reaches and signs; a proxy leads it here

const kit = new Kit()
// Real sockets in real time: a machine that is busy elsewhere makes pauses of its own, which are waited out.
const voice = new VoiceChannel('phone', {
  stt: createFakeStt({ endSilenceMs: 800 }),
  tts: createFakeTts(),
  vad: createScriptedVad(),
  endpointing: { minDelayMs: 1_000 },
})
kit.register(voice)
kit.register(
  new Agent('pip', {
    role: 'Front desk',
    greeting: 'pip here',
    model: scriptedModel(['at nine tomorrow'], { then: 'last' }),
  }),
)

let restUrl = 'https://api.twilio.com'
const twilio = createTwilioEndpoint({
  authToken,
  publicUrl,
  clock,
  // Requests to Twilio go to the double, too.
  fetch: (input, init) => fetch(new Request(input).url.replace('https://api.twilio.com', restUrl), init),
})
const begun = Promise.withResolvers<{ call: CallSession; roomId: string }>()
const server = createServer({
  kit,
  mounts: [twilio.mount()], // Twilio asks here what to do with a call
  sockets: [
    // and connects its media here: a room of its own for each call
    twilio.socketRoute({
      async onCall(media) {
        const room = await kit.createRoom({ channels: ['pip'] })
        const call = await voice.connect(media, { roomId: room.id, participantId: 'caller' })
        begun.resolve({ call, roomId: room.id })
      },
    }),
  ],
})
const { url } = await server.listen({ port: 0 })

// Twilio asks; the answer says where the media goes. A wrong signature gets nothing.
const fields = { CallSid: 'CA1', From: '+15550100' }
const ask = async (secret: string): Promise<Response> =>
  fetch(`${url}/v1/twilio/voice`, {
    method: 'POST',
    headers: { 'x-twilio-signature': await signTwilioRequest(secret, `${publicUrl}/v1/twilio/voice`, fields) },
    body: new URLSearchParams(fields),
  })
assert.match(await (await ask(authToken)).text(), /<Stream url="wss:\/\/calls\.example\.com\/v1\/twilio\/media">/)
assert.equal((await ask('somebody else')).status, 403)

const phone = await createTwilioCallDouble({
  url: `${url.replace('http', 'ws')}/v1/twilio/media`,
  signedUrl: twilio.streamUrl,
  authToken,
  clock,
})
restUrl = phone.apiBase
const { call, roomId } = await begun.promise
await createSimulatedCaller(
  [
    caller.expectHeard('pip here', { withinMs: 30_000 }),
    caller.say('when do you open'),
    caller.expectHeard('at nine tomorrow', { withinMs: 30_000 }),
  ],
  { driver: phone },
).run()
await call.hangup()

const events = await kit.events(roomId, { types: ['message'] })
const texts = events.map(({ content }) => (content.type === 'text' ? content.text : ''))
console.log(texts.join(' | '))
assert.deepEqual(texts, ['pip here', 'when do you open', 'at nine tomorrow'])
assert.deepEqual(phone.violations, [], 'what we sent is what Twilio takes')
assert.equal(phone.restRequests.at(-1)?.fields['Status'], 'completed', 'the call should have been ended at Twilio')

await phone.close()
await server.close({ drainMs: 100 })
await kit.close()
