import { Agent, Kit, type KitOptions } from '@parley/kit'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
  type TestEndpoint,
  type TestEndpointOptions,
  type VirtualClock,
} from '@parley/testing'
import type { ChannelId, Json } from '@parley/spec'
import type { CallSession, ConnectCallOptions } from '../../call/call-types.ts'
import { VoiceChannel } from '../voice-channel.ts'
import type { VoiceChannelOptions } from '../voice-channel-options.ts'

/** One call of Ada with the agents of a room, in virtual time. */
export interface CallBench extends AsyncDisposable {
  kit: Kit
  clock: VirtualClock
  voice: VoiceChannel
  endpoint: TestEndpoint
  call: CallSession
  roomId: string
  errors: unknown[]
  /** Messages of the log: who, what, and `|` where it was cut. */
  lines(): Promise<string[]>
  /** What was heard by the person. */
  heard(): string[]
  /** Data of the stored receipts `voice.<what>`. */
  receipts(what: string): Promise<{ [key: string]: Json }[]>
}

/** Options of `openCall`. */
export interface CallBenchOptions {
  agents?: Agent[]
  channel?: VoiceChannelOptions
  endpoint?: Partial<TestEndpointOptions>
  connect?: Partial<ConnectCallOptions>
  kit?: Partial<KitOptions>
  setUp?(kit: Kit, roomId: string, voice: VoiceChannel): Promise<void> | void
}

/** Opens a call. */
export async function openCall({
  agents = [sayingAgent('riley', 'all right')],
  channel = {},
  endpoint: endpointOptions = {},
  connect = {},
  kit: kitOptions = {},
  setUp,
}: CallBenchOptions = {}): Promise<CallBench> {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(3), ...kitOptions })
  const errors: unknown[] = []
  kit.hook('onError', ({ error }) => void errors.push(error))
  const voice = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts({ sampleRateHz: 16_000 }),
    vad: createScriptedVad(),
    ...channel,
  })
  kit.register(voice)
  for (const agent of agents) kit.register(agent)
  const room = await kit.createRoom({ channels: agents.map(({ channelId }) => channelId) })
  await setUp?.(kit, room.id, voice)
  const endpoint = createTestEndpoint({ clock, ...endpointOptions })
  const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada', ...connect })
  return {
    kit,
    clock,
    voice,
    endpoint,
    call,
    roomId: room.id,
    errors,
    async lines() {
      const events = await kit.events(room.id, { types: ['message'] })
      return events.map(({ source, content }) => {
        const who = source.kind === 'agent' ? source.channelId : source.participantId
        if (content.type !== 'text') return `${who}: ${content.type}`
        return `${who}: ${content.text}${content.interrupted === true ? ' |' : ''}`
      })
    },
    heard: () => endpoint.heard().map(({ text }) => text.trim()),
    async receipts(what) {
      await clock.advance(0)
      const stored = await kit.receipts(room.id, { limit: 500 })
      return stored
        .filter(({ kind }) => kind === `voice.${what}`)
        .flatMap(({ data }) => (typeof data === 'object' && data !== null && !Array.isArray(data) ? [data] : []))
    },
    [Symbol.asyncDispose]: () => kit.close(),
  }
}

/** An agent that says these texts, one for each turn. */
export function sayingAgent(id: ChannelId, ...texts: Parameters<typeof scriptedModel>[0]): Agent {
  return new Agent(id, { model: scriptedModel(texts), name: id })
}
