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

async function openCall(agents: Agent[], options: VoiceChannelOptions = {}): Promise<Bench> {
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
        return content.type === 'text' ? `${who}: ${content.text}${content.interrupted === true ? ' |' : ''}` : `${who}: ${content.type}`
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
})
