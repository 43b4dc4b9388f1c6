// The code of docs/testing.md.
import { Agent, createMemoryStore, Kit } from '@parley/kit'
import { createOpenAiChatModel } from '@parley/openai'
import {
  caller,
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createSimulatedCaller,
  createTestEndpoint,
  createTestSpeechContext,
  createVirtualClock,
  expectLedger,
  expectLog,
  scriptedModel,
} from '@parley/testing'
import { conversationStoreSuite, ttsSuite } from '@parley/testing/conformance'
import { createOpenAiDouble } from '@parley/testing/doubles'
import { VoiceChannel } from '@parley/voice'
import { expect, test } from 'vitest'

//#region script
test('the clerk looks the invoice up and says what is owed', async () => {
  const model = scriptedModel([
    { text: 'One moment.', toolCalls: [{ name: 'lookup', arguments: { id: 7 } }] }, // the first answer
    ({ messages }) => `You owe $12.00. (${messages.length} messages read)`, // a function of the request
  ])
  const clock = createVirtualClock()
  await using kit = new Kit({ clock, ids: createSeededIds(1) })
  kit.register(new Agent('clerk', { model, tools: [lookup] }))
  const room = await kit.createRoom({ channels: ['clerk'] })

  await kit.send(room.id, { from: 'ada', text: 'What do I owe?' }, { wait: 'settled' })

  const events = await kit.events(room.id, { types: ['message'] })
  expect(events.map(({ content }) => (content.type === 'text' ? content.text : ''))).toEqual([
    'What do I owe?',
    'One moment.',
    'You owe $12.00. (3 messages read)',
  ])
  expect(model.requests).toHaveLength(2)
  expect(model.remaining).toBe(0)
})
//#endregion script

//#region time
test('a silent room pauses after half an hour, in no time', async () => {
  const clock = createVirtualClock() // stands still at 2026-01-01T00:00:00Z
  await using kit = new Kit({ clock, ids: createSeededIds(1) })
  const room = await kit.createRoom({ timers: { inactiveAfterMs: 30 * 60_000 } })
  await clock.advance(29 * 60_000)
  expect((await kit.getRoom(room.id)).status).toBe('active')
  await clock.advance(2 * 60_000)
  expect((await kit.getRoom(room.id)).status).toBe('paused')
})
//#endregion time

//#region double
test('the line breaks in the middle of an answer, and nobody hears it twice', async () => {
  await using vendor = await createOpenAiDouble({ script: ['Your line is fine.'] })
  vendor.fault({ kind: 'drop', afterEvents: 4 })
  const model = createOpenAiChatModel({ model: 'gpt-5-mini', apiKey: vendor.apiKey, baseURL: vendor.baseUrl })
  await using kit = new Kit()
  kit.register(new Agent('sam', { model, onFailure: 'Something broke; please ask again.' }))
  const room = await kit.createRoom({ channels: ['sam'] })

  const sent = await kit.send(room.id, { from: 'ada', text: 'Is my line down?' })
  const cascade = sent.outcome === 'committed' ? await sent.settled() : undefined

  expect(cascade?.errors.map(({ code }) => code)).toEqual(['model_stream_broken'])
  expect(vendor.violations).toEqual([]) // what we sent is what the vendor would have taken
})
//#endregion double

//#region call
test('a caller who cuts in is answered, and the rest of the sentence counts as unsaid', async () => {
  const clock = createVirtualClock()
  await using kit = new Kit({ clock, ids: createSeededIds(1) })
  const voice = new VoiceChannel('voice', {
    stt: createFakeStt(), // reads the tones that fakes speak in; or says what its script says
    tts: createFakeTts(),
    vad: createScriptedVad(),
    interruption: { warmupMs: 0 },
  })
  kit.register(voice)
  const model = scriptedModel(['We open at nine on weekdays and at ten on Saturday.', 'See you then.'])
  kit.register(new Agent('pip', { model, greeting: 'Hello, this is Pip.' }))
  const { id: roomId } = await kit.createRoom({ channels: ['pip'] })
  const endpoint = createTestEndpoint({ clock }) // a line without a wire
  const call = await voice.connect(endpoint, { roomId, participantId: 'ada' })

  const script = [
    caller.afterAgent('end'), // the greeting
    caller.say('when are you open'),
    caller.interruptAt('weekdays'),
    caller.say('that is enough'),
    caller.expectHeard('See you then.', { withinMs: 8_000 }),
    caller.hangup(),
  ]
  await createSimulatedCaller(script, { endpoint, clock }).run()
  await call.ended

  expectLog(await kit.events(roomId, { types: ['message'] }), [
    { from: 'agent', text: 'Hello, this is Pip.' },
    { from: 'person', text: 'when are you open' },
    { from: 'agent', text: /^We open at nine/, interrupted: true },
    { from: 'person', text: 'that is enough' },
  ])
  expectLedger(call.ledger, [
    { kind: 'greeting', status: 'done' },
    { heard: /weekdays/, generated: /Saturday/ },
    { generated: 'See you then.' },
  ])
})
//#endregion call

//#region speech-suite
ttsSuite('my voice', () => {
  const clock = createVirtualClock()
  return {
    tts: createFakeTts(), // put your voice here
    voice: 'alice',
    context: (options) => createTestSpeechContext({ clock, ...options }),
    pass: (ms) => clock.advance(ms), // a real clock: clock.sleep(ms)
  }
})
//#endregion speech-suite

import { defineTool } from '@parley/spec'
import { z } from 'zod'

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks an invoice up',
  effect: 'pure',
  input: z.object({ id: z.number() }),
  run: ({ id }) => ({ id, cents: 1_200 }),
})

//#region suite
conversationStoreSuite('my store', {
  open: async ({ clock }) => createMemoryStore({ clock }), // put your store here
  longLog: 1_000,
})
//#endregion suite
