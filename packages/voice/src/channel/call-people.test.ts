import { Agent } from '@parley/kit'
import { createTestEndpoint, scriptedModel, toneText } from '@parley/testing'
import { expect, test } from 'vitest'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

test('C-4 what the caller types is a turn of theirs, and a reply to another member is spoken only with speak all', async () => {
  for (const speak of ['caller', 'all'] as const) {
    await using bench = await openCall({ agents: [sayingAgent('riley', 'hello ada', 'hello kim')], channel: { speak } })
    const { kit, clock, endpoint, roomId } = bench
    endpoint.caller.type('hi there')
    await clock.advance(4_000)
    expect(bench.heard()).toEqual(['hello ada'])
    await kit.ensureParticipant(roomId, { id: 'kim', channelId: 'voice' })
    await kit.processInbound(
      { channelId: 'voice', senderId: 'kim', content: { type: 'text', text: 'and me' } },
      { roomId },
    )
    await clock.advance(4_000)
    expect(await bench.lines()).toEqual(['ada: hi there', 'riley: hello ada', 'kim: and me', 'riley: hello kim'])
    expect(bench.heard()).toEqual(speak === 'all' ? ['hello ada', 'hello kim'] : ['hello ada'])
  }
})

test('C-5 two people on a line are heard apart, and the agent answers who names it; one alone need not', async () => {
  const riley = new Agent('riley', { name: 'Riley', model: scriptedModel(['hello ada', 'hello bob', 'hello you']) })
  await using bench = await openCall({ agents: [riley] })
  const { voice, clock, endpoint, roomId } = bench
  void endpoint.caller.sayText('good morning')
  await clock.advance(5_000)
  const second = createTestEndpoint({ clock, id: 'bob' })
  const other = await voice.connect(second, { roomId, participantId: 'bob' })
  void endpoint.caller.sayText('what do you think bob')
  void second.caller.sayText('it is too much')
  await clock.advance(6_000)
  void second.caller.sayText('riley is that right')
  await clock.advance(6_000)
  const lines = await bench.lines()
  expect(lines.slice(0, 2)).toEqual(['ada: good morning', 'riley: hello ada'])
  expect(lines.slice(2, 4).toSorted()).toEqual(['ada: what do you think bob', 'bob: it is too much'])
  expect(lines.slice(4)).toEqual(['bob: riley is that right', 'riley: hello bob'])
  expect(second.heard().map(({ text }) => text.trim())).toEqual(['hello bob'])
  expect(bench.heard()).toEqual(['hello ada'])
  await other.hangup()
  void endpoint.caller.sayText('are you there')
  await clock.advance(6_000)
  expect((await bench.lines()).at(-1)).toBe('riley: hello you')
})

test('C-5 whom words are for may be judged by the application', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'yes')],
    channel: {
      addressee: ({ text, people }) => (people.length === 2 && text.startsWith('assistant') ? 'agent' : 'person'),
    },
  })
  const second = createTestEndpoint({ clock: bench.clock, id: 'bob' })
  await bench.voice.connect(second, { roomId: bench.roomId, participantId: 'bob' })
  void bench.endpoint.caller.sayText('riley please')
  await bench.clock.advance(5_000)
  void bench.endpoint.caller.sayText('assistant please')
  await bench.clock.advance(5_000)
  expect(await bench.lines()).toEqual(['ada: riley please', 'ada: assistant please', 'riley: yes'])
})

test('H-7 a part that nobody may cut is not cut, and what follows it can be', async () => {
  for (const [cutAtMs, heard] of [
    [1_600, 'This call is recorded.'],
    [3_500, 'This call is recorded.'],
  ] as const) {
    await using bench = await openCall({
      agents: [sayingAgent('riley', 'sure')],
      channel: { interruption: { warmupMs: 0, mode: 'immediate' } },
    })
    const { call, clock, endpoint } = bench
    const said = call.say([
      'Good morning to you. ',
      { text: 'This call is recorded. ', mustHear: 'uninterruptible', spanId: 'notice' },
      'One two three four five six seven eight nine ten eleven twelve.',
    ])
    await clock.advance(cutAtMs)
    void endpoint.caller.sayText('wait')
    await clock.advance(12_000)
    const { spans, heardText, status } = await said
    expect(spans).toEqual({ notice: 'full' })
    expect(heardText).toContain(heard)
    // Words that fell on the protected part were not taken; later ones cut.
    expect(status).toBe(cutAtMs < 2_000 ? 'done' : 'interrupted')
  }
})

test('echo: what we said and hear again is dropped with a receipt, other words are a turn', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'the refund is forty dollars and comes on friday', 'yes')],
    endpoint: { echo: 'none' },
    channel: { interruption: { warmupMs: 0 } },
  })
  const { endpoint, clock } = bench
  void endpoint.caller.sayText('what about my money')
  await clock.advance(2_500)
  void endpoint.caller.say(toneText('refund is forty dollars', { sampleRateHz: 16_000 }))
  await clock.advance(8_000)
  const dropped = await bench.receipts('dropped')
  expect(dropped.length).toBeGreaterThan(0)
  expect(dropped.every(({ reason }) => reason === 'echo')).toBe(true)
  expect(await bench.lines()).toEqual([
    'ada: what about my money',
    'riley: the refund is forty dollars and comes on friday',
  ])
  void endpoint.caller.sayText('thank you very much')
  await clock.advance(5_000)
  expect((await bench.lines()).slice(2)).toEqual(['ada: thank you very much', 'riley: yes'])
})
