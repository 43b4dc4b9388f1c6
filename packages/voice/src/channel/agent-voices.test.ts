import { describe, expect, test } from 'vitest'
import { Agent, ConversationPipeline, Kit } from '@parley/kit'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
} from '@parley/testing'
import { chooseVoice, type VoicedAgent } from '../call/voice-bank.ts'
import { VoiceChannel } from './voice-channel.ts'
import type { VoiceChannelOptions } from './voice-channel-options.ts'

const riley: VoicedAgent = { channelId: 'riley', voice: { flite: 'slt', openai: 'coral' }, voices: { fr: 'carol' } }

async function callWith(
  agents: Agent[],
  options: VoiceChannelOptions = {},
  more: { voice?: string; language?: string } = {},
) {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(5) })
  const voice = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts(),
    vad: createScriptedVad(),
    ...options,
  })
  kit.register(voice)
  for (const agent of agents) kit.register(agent)
  const room = await kit.createRoom({ channels: agents.map(({ channelId }) => channelId) })
  const endpoint = createTestEndpoint({ clock })
  const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada', ...more })
  return { clock, kit, endpoint, call, room, voicesHeard: () => endpoint.heard().map((heard) => heard.voice) }
}

const speaker = (id: string, voice?: string, voices?: Record<string, string>): Agent =>
  new Agent(id, {
    name: id,
    greeting: 'hello there friend',
    model: scriptedModel(['all is well'], { then: 'last' }),
    ...(voice === undefined ? {} : { voice }),
    ...(voices === undefined ? {} : { voices }),
  })

describe('voices of agents', () => {
  test('G-4 the call, the agent by language, the agent by engine, the channel by agent, the channel', () => {
    const choice = { engine: 'flite', voiceMap: { riley: 'heidi' }, defaultVoice: 'dave' }
    expect(chooseVoice(riley, { ...choice, override: 'bob', language: 'fr' })).toBe('bob')
    expect(chooseVoice(riley, { ...choice, language: 'fr-CA' })).toBe('carol')
    expect(chooseVoice(riley, { ...choice, language: 'en' })).toBe('slt')
    expect(chooseVoice(riley, { ...choice, engine: 'elevenlabs' })).toBe('heidi')
    expect(chooseVoice({ channelId: 'sam' }, choice)).toBe('dave')
    expect(chooseVoice(undefined, { engine: 'flite' })).toBeUndefined()
  })

  test('G-4 AG-5 the voice is chosen for each utterance, from agent and channel, without wiring of a pipeline', async () => {
    await using bench = await callWith([speaker('riley', 'bob')]).then((made) => ({
      ...made,
      [Symbol.asyncDispose]: () => made.kit.close(),
    }))
    await bench.clock.advance(4_000)
    expect(bench.voicesHeard()).toEqual(['bob'])
    const mapped = await callWith([speaker('sam')], { voiceMap: { sam: 'erin' } })
    await mapped.clock.advance(4_000)
    expect(mapped.voicesHeard()).toEqual(['erin'])
    await mapped.kit.close()
    const overridden = await callWith([speaker('riley', 'bob')], {}, { voice: 'grace' })
    await overridden.clock.advance(4_000)
    expect(overridden.voicesHeard()).toEqual(['grace'])
    await overridden.kit.close()
  })

  test('AG-5 no strategy copies a voice into the channel: two rooms on one channel keep their agents’ voices', async () => {
    const clock = createVirtualClock()
    await using kit = new Kit({ clock, ids: createSeededIds(6) })
    const voice = new VoiceChannel('voice', { stt: createFakeStt(), tts: createFakeTts(), vad: createScriptedVad() })
    kit.register(voice)
    const agents = [speaker('riley', 'alice'), speaker('morgan', 'frank')]
    for (const agent of agents) kit.register(agent)
    const rooms = await Promise.all(['riley', 'morgan'].map((id) => kit.createRoom({ channels: [id] })))
    const [first, second] = rooms
    if (first === undefined || second === undefined) throw new Error('no rooms')
    const pipeline = new ConversationPipeline({ stages: [{ phase: 'intake', agentId: 'riley', next: null }] })
    pipeline.install(kit, [agents[0] as Agent], { roomId: first.id })
    const endpoints = rooms.map(() => createTestEndpoint({ clock }))
    for (const [index, room] of rooms.entries())
      await voice.connect(endpoints[index] as (typeof endpoints)[number], {
        roomId: room.id,
        participantId: `p${index}`,
      })
    await clock.advance(4_000)
    expect(endpoints.map((endpoint) => endpoint.heard().map((heard) => heard.voice))).toEqual([['alice'], ['frank']])
  })

  test('G-4 a voice that the engine does not list is voice_unknown when the call is set up, with the list', async () => {
    await expect(callWith([speaker('riley', 'nobody')])).rejects.toMatchObject({
      code: 'voice_unknown',
      details: { voice: 'nobody', agentId: 'riley', known: expect.arrayContaining(['alice', 'bob']) },
    })
  })
})
