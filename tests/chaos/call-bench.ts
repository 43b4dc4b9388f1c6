import { Agent, Kit, type AgentOptions } from '@parley/kit'
import type { Receipt } from '@parley/spec'
import {
  createFakeStt,
  createFakeTts,
  createScriptedVad,
  createSeededIds,
  createTestEndpoint,
  createVirtualClock,
  scriptedModel,
  type ScriptedTurn,
  type TestEndpoint,
  type TestEndpointOptions,
  type VirtualClock,
} from '@parley/testing'
import { VoiceChannel, type CallEvent, type CallSession, type VoiceChannelOptions } from '@parley/voice'
import { expect, onTestFinished } from 'vitest'
import { textOf } from './chaos-bench.ts'

/** A call in virtual time over doubles, and what came of it. */
export interface CallBench {
  kit: Kit
  clock: VirtualClock
  voice: VoiceChannel
  endpoint: TestEndpoint
  call: CallSession
  roomId: string
  /** What the call told its owner. */
  events: CallEvent[]
  /** Codes of errors that the kit's hook was given. */
  errors: string[]
  /** The log: `who: what`, `|` where it was cut. */
  lines(): Promise<string[]>
  receipts(what: string): Promise<Receipt[]>
  /** What was heard at the person's end, spaces evened. */
  heard(): string
}

/** What a call is opened with. */
export interface CallBenchOptions {
  agents?: readonly Agent[]
  voice?: VoiceChannelOptions
  endpoint?: Partial<TestEndpointOptions>
  setUp?: (kit: Kit, roomId: string) => Promise<void> | void
}

/** An agent with a model that says what the script says. */
export function talker(id: string, script: readonly ScriptedTurn[], also: Partial<AgentOptions> = {}): Agent {
  return new Agent(id, { model: scriptedModel(script, { then: 'last' }), name: id, ...also })
}

/** Opens a call; kit and call are closed when the test ends. */
export async function openCall({
  agents,
  voice: parts,
  endpoint: line,
  setUp,
}: CallBenchOptions = {}): Promise<CallBench> {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(1) })
  const errors: string[] = []
  kit.observe('onError', ({ error }) => void errors.push(error.code))
  const voice = new VoiceChannel('voice', {
    stt: createFakeStt(),
    tts: createFakeTts(),
    vad: createScriptedVad(),
    ...parts,
    interruption: { warmupMs: 0, ...parts?.interruption },
  })
  kit.register(voice)
  const spoken = agents ?? [talker('riley', ['of course'])]
  for (const agent of spoken) kit.register(agent)
  const room = await kit.createRoom({ channels: spoken.map(({ channelId }) => channelId) })
  await setUp?.(kit, room.id)
  const endpoint = createTestEndpoint({ clock, ...line })
  const call = await voice.connect(endpoint, { roomId: room.id, participantId: 'ada' })
  const events: CallEvent[] = []
  call.on('*', (event) => void events.push(event))
  onTestFinished(async () => {
    await Promise.all([kit.close().catch(() => {}), clock.advance(60_000)])
  })
  return {
    kit,
    clock,
    voice,
    endpoint,
    call,
    roomId: room.id,
    events,
    errors,
    async lines() {
      const log = await kit.events(room.id, { types: ['message'] })
      return log.map(({ source, content }) => {
        const who = source.kind === 'agent' ? source.channelId : source.participantId
        return `${who}: ${textOf(content)}${content.type === 'text' && content.interrupted === true ? ' |' : ''}`
      })
    },
    receipts: async (what) => (await kit.receipts(room.id)).filter(({ kind }) => kind === `voice.${what}`),
    heard: () =>
      endpoint
        .heard()
        .map(({ text }) => text.trim())
        .join(' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
  }
}

/** Says a text into the call and lets time pass. */
export async function say({ endpoint, clock }: CallBench, text: string, thenMs = 8_000): Promise<void> {
  const said = endpoint.caller.sayText(text)
  await clock.advance(thenMs)
  await said
}

/** The call has come back to listening, and what is said next is committed, answered and heard. */
export async function expectAnswering(bench: CallBench, answer = 'of course'): Promise<void> {
  expect(bench.call.state).toMatchObject({ agent: 'listening', isEnded: false })
  const before = bench.heard().length
  const logged = (await bench.lines()).length
  await say(bench, 'are you there', 12_000)
  expect((await bench.lines()).slice(logged)).toEqual(['ada: are you there', `riley: ${answer}`])
  expect(bench.heard().slice(before).trim()).toBe(answer)
  expect(bench.call.state).toMatchObject({ agent: 'listening' })
}
