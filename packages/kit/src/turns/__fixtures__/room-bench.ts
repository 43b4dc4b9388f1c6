import type { Channel, ChannelCapabilities, Delivery, DeliveryOutcome, EphemeralEvent, ParleyError, RoomEvent, TurnContext, TurnOutput } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { Kit, type KitOptions } from '../../kit.ts'

/** An agent whose turns are a function of the test. */
export function agentOf(
  channelId: string,
  takeTurn: (context: TurnContext) => AsyncIterable<TurnOutput>,
  more: Partial<Channel> & { whileBusy?: string } = {},
): Channel {
  return { channelId, channelType: 'agent', category: 'intelligence', capabilities: { content: ['text'] }, takeTurn, ...more }
}

/** An agent that says one line per turn. */
export function sayingAgent(channelId: string, say: (context: TurnContext) => string): Channel {
  return agentOf(channelId, async function* (context) {
    yield { type: 'textDelta', text: say(context) }
    yield { type: 'end', reason: 'completed' }
  })
}

/** A transport that keeps what it was given. */
export interface Recorder extends Channel {
  readonly got: Delivery[]
  /** What texts came, in order. */
  texts(): string[]
}

export function recorder(channelId: string, options: { capabilities?: Partial<ChannelCapabilities>; deliver?: (delivery: Delivery) => Promise<DeliveryOutcome> } = {}): Recorder {
  const got: Delivery[] = []
  return {
    channelId,
    channelType: 'sms',
    category: 'transport',
    capabilities: { content: ['text'], ...options.capabilities },
    got,
    texts: () => got.map(({ content }) => textOf(content)),
    async deliver(delivery) {
      const outcome = (await options.deliver?.(delivery)) ?? { status: 'sent' as const }
      if (outcome.status === 'sent') got.push(delivery)
      return outcome
    },
  }
}

export function textOf(content: RoomEvent['content']): string {
  return content.type === 'text' ? content.text : content.type
}

/** A kit in virtual time with one room, everything that went wrong, and everything that passed by. */
export interface RoomBench extends AsyncDisposable {
  kit: Kit
  clock: VirtualClock
  roomId: string
  errors: { error: ParleyError; stage: string }[]
  ephemerals: EphemeralEvent[]
  /** The log as `source: text` of its messages. */
  lines(): Promise<string[]>
}

export async function openRoom(channels: Channel[], options: KitOptions = {}): Promise<RoomBench> {
  const clock = createVirtualClock()
  const kit = new Kit({ clock, ids: createSeededIds(7), ...options })
  const errors: RoomBench['errors'] = []
  kit.hook('onError', ({ error, stage }) => void errors.push({ error, stage }))
  for (const channel of channels) kit.register(channel)
  const room = await kit.createRoom({ channels: channels.map(({ channelId }) => channelId) })
  const ephemerals: EphemeralEvent[] = []
  kit.subscribe(room.id, (event) => void ephemerals.push(event))
  return {
    kit,
    clock,
    roomId: room.id,
    errors,
    ephemerals,
    async lines() {
      const events = await kit.events(room.id, { types: ['message'] })
      return events.map(({ source, content, status }) => `${status === 'blocked' ? 'blocked ' : ''}${source.kind === 'agent' ? source.channelId : (source.participantId ?? source.kind)}: ${textOf(content)}`)
    },
    [Symbol.asyncDispose]: () => kit.close(),
  }
}

/** A promise and what settles it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
