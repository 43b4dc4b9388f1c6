import type { Channel, Content, Delivery, InboundMessage, Json, ParleyError, RoomEvent, RoomId, TurnContext, TurnOutput } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { onTestFinished } from 'vitest'
import { frameworkEventTypes, type FrameworkEvent } from '../core/framework-events.ts'
import { Kit, type KitOptions } from '../kit.ts'

/** A transport that keeps what it was given. */
export interface RecordingTransport extends Channel {
  readonly deliveries: Delivery[]
  /** What was said by message events, in the order of deliveries. */
  said(roomId?: RoomId): string[]
}

/** Makes a transport for tests: it takes text and records every delivery. */
export function recordingTransport(channelId: string, also: Partial<Channel> = {}): RecordingTransport {
  const deliveries: Delivery[] = []
  return {
    channelId,
    channelType: 'websocket',
    category: 'transport',
    capabilities: { content: ['text'] },
    deliveries,
    said: (roomId) => deliveries.filter(({ event }) => roomId === undefined || event.roomId === roomId).map(({ content }) => textOf(content)),
    deliver(delivery) {
      deliveries.push(delivery)
      return Promise.resolve({ status: 'sent' })
    },
    ...also,
  }
}

/** What an agent for tests does in a turn. */
export type Script = (context: TurnContext) => AsyncIterable<TurnOutput>

/** Makes an agent for tests. Without a script it repeats what it was told. */
export function scriptedAgent(channelId: string, script: Script = echo, also: Partial<Channel> = {}): Channel {
  return {
    channelId,
    channelType: 'agent',
    category: 'intelligence',
    capabilities: { content: ['text'] },
    takeTurn: (context) => script(context),
    ...also,
  }
}

async function* echo({ event, agentId }: TurnContext): AsyncIterable<TurnOutput> {
  yield { type: 'textDelta', text: `${agentId} heard ${textOf(event.content)}` }
}

/** An agent's turn that says one line, after a while if wanted. */
export function says(text: string, afterMs = 0): Script {
  return async function* ({ clock, signal }): AsyncIterable<TurnOutput> {
    if (afterMs > 0) await clock.sleep(afterMs, { signal })
    yield { type: 'textDelta', text }
  }
}

export function textOf(content: Content): string {
  return 'text' in content && typeof content.text === 'string' ? content.text : content.type
}

/** What events say, one text each. */
export function textsOf(events: readonly RoomEvent[]): string[] {
  return events.map(({ content }) => textOf(content))
}

/** A line of somebody by a channel. */
export function line(channelId: string, senderId: string, text: string, also: Partial<InboundMessage> = {}): InboundMessage {
  return { channelId, senderId, content: { type: 'text', text }, ...also }
}

/** A kit on a bench. */
export interface KitBench {
  kit: Kit
  clock: VirtualClock
  /** What `onError` got. */
  errors: { error: ParleyError; stage: string }[]
  /** Events of the framework. */
  heard: FrameworkEvent[]
  warnings(): Json[]
}

/** Opens a kit in virtual time; it is closed when the test ends. */
export function openKit(options: KitOptions = {}, channels: readonly Channel[] = []): KitBench {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(1), ...options })
  const errors: KitBench['errors'] = []
  const heard: FrameworkEvent[] = []
  kit.observe('onError', ({ error, stage }) => void errors.push({ error, stage }))
  for (const type of frameworkEventTypes) kit.on(type, (event) => heard.push(event))
  for (const channel of channels) kit.register(channel)
  onTestFinished(async () => {
    await Promise.all([kit.close(), clock.advance(60_000)])
  })
  return { kit, clock, errors, heard, warnings: () => heard.filter(({ type }) => type === 'warning').map(({ data }) => data) }
}
