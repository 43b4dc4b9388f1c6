import { Kit, type KitOptions } from '@parley/kit'
import type { Channel, Content, Delivery, ParleyError, RoomEvent, TurnContext, TurnOutput } from '@parley/spec'
import { createSeededIds, createVirtualClock, type VirtualClock } from '@parley/testing'
import { onTestFinished } from 'vitest'

/** A transport that keeps what it was given. */
export interface RecordingTransport extends Channel {
  readonly deliveries: Delivery[]
  said(): string[]
}

/** Makes a transport that takes text and records every delivery. */
export function recordingTransport(channelId: string, also: Partial<Channel> = {}): RecordingTransport {
  const deliveries: Delivery[] = []
  return {
    channelId,
    channelType: 'websocket',
    category: 'transport',
    capabilities: { content: ['text'] },
    deliveries,
    said: () => deliveries.map(({ content }) => textOf(content)),
    deliver(delivery) {
      deliveries.push(delivery)
      return Promise.resolve({ status: 'sent' })
    },
    ...also,
  }
}

/** An agent without a model: its turns are what the script yields. */
export function scriptedAgent(channelId: string, script: (context: TurnContext) => AsyncIterable<TurnOutput>): Channel {
  return {
    channelId,
    channelType: 'agent',
    category: 'intelligence',
    capabilities: { content: ['text'] },
    takeTurn: (context) => script(context),
  }
}

/** A turn that says one line. */
export function says(text: string): (context: TurnContext) => AsyncIterable<TurnOutput> {
  return async function* () {
    yield { type: 'textDelta', text }
  }
}

/** The text of a content, or its type. */
export function textOf(content: Content): string {
  return 'text' in content && typeof content.text === 'string' ? content.text : content.type
}

/** What events say. */
export function textsOf(events: readonly RoomEvent[]): string[] {
  return events.map(({ content }) => textOf(content))
}

/** A kit in virtual time, its errors, and promises that were rejected unheard. */
export interface ChaosBench {
  kit: Kit
  clock: VirtualClock
  errors: { error: ParleyError; stage: string }[]
}

/** Opens a kit in virtual time; it is closed when the test ends. */
export function openKit(
  { clock = createVirtualClock(), ...options }: Omit<KitOptions, 'clock'> & { clock?: VirtualClock } = {},
  channels: readonly Channel[] = [],
): ChaosBench {
  const kit = new Kit({ clock, ids: createSeededIds(1), ...options })
  const errors: ChaosBench['errors'] = []
  kit.observe('onError', ({ error, stage }) => void errors.push({ error, stage }))
  for (const channel of channels) kit.register(channel)
  onTestFinished(async () => {
    await Promise.all([kit.close().catch(() => {}), clock.advance(60_000)])
  })
  return { kit, clock, errors }
}

/** How a promise ended, once time has passed far enough; `hangs` if it did not. */
export async function endOf<T>(
  clock: VirtualClock,
  work: Promise<T>,
  ms = 120_000,
): Promise<{ value: T } | { thrown: unknown } | 'hangs'> {
  let ended: { value: T } | { thrown: unknown } | undefined
  void work.then(
    (value) => (ended = { value }),
    (thrown: unknown) => (ended = { thrown }),
  )
  await clock.advance(0)
  if (ended === undefined) await clock.advance(ms)
  return ended ?? 'hangs'
}
