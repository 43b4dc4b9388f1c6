import { describe, expect, test } from 'vitest'
import { Agent, ConversationPipeline, Kit } from '@parley/kit'
import {
  createFakeStt,
  createFakeTts,
  scriptedModel,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  type TestEndpoint,
  type VirtualClock,
} from '@parley/testing'
import type { CallSession } from '../call/call-types.ts'
import { VoiceChannel } from './voice-channel.ts'
import type { VoiceChannelOptions } from './voice-channel-options.ts'

interface Bench extends AsyncDisposable {
  kit: Kit
  clock: VirtualClock
  endpoint: TestEndpoint
  call: CallSession
  roomId: string
  errors: unknown[]
  lines(): Promise<string[]>
}

async function openCall(
  agents: Agent[],
  options: VoiceChannelOptions = {},
  setUp: (kit: Kit, roomId: string) => Promise<void> = async () => {},
): Promise<Bench> {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(3) })
  const errors: unknown[] = []
  kit.hook('onError', ({ error }) => void errors.push(error))
  const voice = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts(),
    vad: createScriptedVad(),
    ...options,
  })
  kit.register(voice)
  for (const agent of agents) kit.register(agent)
  const room = await kit.createRoom({ channels: agents.map(({ channelId }) => channelId) })
  await setUp(kit, room.id)
  const endpoint = createTestEndpoint({ clock })
  const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
  return {
    kit,
    clock,
    endpoint,
    call,
    roomId: room.id,
    errors,
    async lines() {
      const events = await kit.events(room.id, { types: ['message'] })
      return events.map(({ source, content }) => {
        const who = source.kind === 'agent' ? source.channelId : source.participantId
        return content.type === 'text'
          ? `${who}: ${content.text}${content.interrupted === true ? ' |' : ''}`
          : `${who}: ${content.type}`
      })
    },
    [Symbol.asyncDispose]: () => kit.close(),
  }
}

function sayingAgent(id: string, ...texts: string[]): Agent {
  return new Agent(id, { model: scriptedModel(texts), name: id })
}

describe('a call', () => {
  test('C-1 what a person says becomes their event, and the answer is heard', async () => {
    await using bench = await openCall([sayingAgent('riley', 'two payments of mine')])
    const { endpoint, clock } = bench
    const said = endpoint.caller.sayText('i was charged twice')
    await clock.advance(10_000)
    await said
    expect(bench.errors).toEqual([])
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: two payments of mine'])
    expect(endpoint.heard().map(({ text }) => text.trim())).toEqual(['two payments of mine'])
  })

  test('C-3 H-2 an interrupted answer is in the log as it was heard, before the turn that cut it', async () => {
    const long = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.'
    await using bench = await openCall([sayingAgent('riley', long, 'sure')], { interruption: { warmupMs: 0 } })
    const { endpoint, clock } = bench
    void endpoint.caller.sayText('tell me all')
    await clock.advance(5_000)
    void endpoint.caller.sayText('stop please now')
    await clock.advance(10_000)
    expect(bench.errors).toEqual([])
    const lines = await bench.lines()
    expect(lines).toHaveLength(4)
    expect(lines[0]).toBe('ada: tell me all')
    expect(lines[1]).toMatch(/^riley: one two .* \|$/)
    expect(long.startsWith((lines[1] ?? '').slice('riley: '.length, -2))).toBe(true)
    expect(lines[2]).toBe('ada: stop please now')
    expect(lines[3]).toBe('riley: sure')
  })

  test('G-1 the greeting is spoken when media is ready and committed as it was heard', async () => {
    const riley = new Agent('riley', {
      name: 'Riley',
      greeting: 'harbor internet this is riley',
      model: scriptedModel(['hello ada']),
    })
    await using bench = await openCall([riley])
    await bench.clock.advance(6_000)
    expect(bench.errors).toEqual([])
    expect(bench.endpoint.heard().map(({ text }) => text.trim())).toEqual(['harbor internet this is riley'])
    expect(await bench.lines()).toEqual(['riley: harbor internet this is riley'])
  })

  test('HO-5 a handoff changes the voice, the receiver opens at once and the answer is heard', async () => {
    const triage = new Agent('triage', {
      name: 'Riley',
      voice: 'alice',
      model: scriptedModel([
        {
          text: 'one moment',
          toolCalls: [
            {
              name: 'handoff_conversation',
              arguments: { target: 'billing', reason: 'charge', summary: 'charged twice' },
            },
          ],
        },
      ]),
    })
    const billing = new Agent('billing', { name: 'Morgan', voice: 'bob', model: scriptedModel(['i see two payments']) })
    await using bench = await openCall([triage, billing], {}, async (kit, roomId) => {
      const pipeline = new ConversationPipeline({
        stages: [
          { phase: 'intake', agentId: 'triage', next: 'billing' },
          { phase: 'billing', agentId: 'billing', next: null },
        ],
      })
      pipeline.install(kit, [triage, billing], { roomId })
    })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(15_000)
    expect(bench.errors).toEqual([])
    expect(await bench.lines()).toEqual([
      'ada: i was charged twice',
      'triage: one moment',
      'billing: i see two payments',
    ])
    expect(bench.endpoint.heard().map(({ voice, text }) => [voice, text.trim()])).toEqual([
      ['alice', 'one moment'],
      ['bob', 'i see two payments'],
    ])
  })
})

test('H-7 a greeting may be spoken as speech with a sentence that must be heard', async () => {
  const asked: unknown[] = []
  await using bench = await openCall(
    [new Agent('anna', { name: 'Anna', model: scriptedModel([]), greeting: 'Hello there.' })],
    {
      greeting: ({ agentId, text, isRecorded }) => {
        asked.push({ agentId, text, isRecorded })
        return [`${text} `, { text: 'This call is recorded.', mustHear: 'resay' }]
      },
    },
  )
  // Somebody who reads along comes while it is spoken: nobody is greeted twice.
  await bench.clock.advance(500)
  await bench.kit.ensureParticipant(bench.roomId, { id: 'reader' })
  await bench.clock.advance(10_000)
  expect(asked).toEqual([{ agentId: 'anna', text: 'Hello there.', isRecorded: false }])
  expect(await bench.lines()).toEqual(['anna: Hello there. This call is recorded.'])
  expect(
    bench.endpoint
      .heard()
      .map(({ text }) => text.trim())
      .join(' '),
  ).toBe('Hello there. This call is recorded.')
})
