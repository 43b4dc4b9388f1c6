// Numbers by keypad, in a call: an order number that anybody may read, and a PIN that reaches the tool and nothing else.
import assert from 'node:assert/strict'
import { Agent, defineTool, Kit } from '@parley/kit'
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
import { VoiceChannel } from '@parley/voice'
import { z } from 'zod'

let keyedIn: unknown
const checkPin = defineTool({
  name: 'check_pin',
  description: 'Lets the caller key in the PIN and checks it. The PIN itself is never told.',
  effect: 'effectful',
  input: z.object({}),
  output: z.object({ verified: z.boolean() }),
  async run(_input, { requestInput }) {
    const answer = await requestInput({
      prompt: 'Please key in your PIN.',
      schema: z.string().regex(/^\d{4}$/, 'four digits'),
      sensitive: true,
    })
    keyedIn = answer.status === 'answered' ? answer.value : undefined
    return { verified: keyedIn === '4821' }
  },
})
const model = scriptedModel([
  { text: 'Order 2044 it is.', toolCalls: [{ name: 'check_pin', arguments: {} }] },
  'You are verified.',
])

const clock = createVirtualClock()
const kit = new Kit({ clock, ids: createSeededIds(1) })
kit.register(new Agent('pip', { role: 'Orders', greeting: 'Key in your order number.', model, tools: [checkPin] }))
const voice = new VoiceChannel('voice', { stt: createFakeStt(), tts: createFakeTts(), vad: createScriptedVad() })
kit.register(voice)
const room = await kit.createRoom({ channels: ['pip'] })
const endpoint = createTestEndpoint({ clock })
await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })

const ada = createSimulatedCaller(
  [
    caller.expectHeard('Key in your order number.'),
    caller.dtmf('2044#'),
    caller.expectHeard('Please key in your PIN.'),
    caller.dtmf('4821#'), // four would do; the # that people press all the same cuts nobody
    caller.expectHeard('You are verified.'),
    caller.afterAgent('end'),
    caller.hangup(),
  ],
  { endpoint, clock },
)
await ada.run()
await clock.advance(2_000)

const events = await kit.events(room.id)
const lines = events.flatMap(({ source, content }) => {
  const who = source.participantId ?? source.channelId
  if (content.type === 'dtmf') return [`${who} keyed in ${content.digits}`]
  return content.type === 'text' ? [`${who}: ${content.text}`] : []
})
for (const line of lines) console.log(line)
assert.ok(lines.includes('ada keyed in 2044'), 'the order number is a turn of the caller')

// The tool has the PIN. The log, the model, the screen and the receipts do not.
assert.equal(keyedIn, '4821')
const receipts = await kit.receipts(room.id)
for (const [name, kept] of Object.entries({ events, receipts, prompts: model.requests, screen: endpoint.views })) {
  assert.ok(!JSON.stringify(kept).includes('4821'), `the PIN is in the ${name}`)
}
assert.match(JSON.stringify(model.requests[0]?.messages), /Keypad: 2044/)
await kit.close()
