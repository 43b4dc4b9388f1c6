import type {
  ChannelId,
  EphemeralEvent,
  EphemeralInput,
  Disposer,
  EventInput,
  InboundMessage,
  InboundResult,
  RoomId,
  SendResult,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { deliverProactively, type DeliverOptions } from '../delivery/deliver.ts'
import { sendFromChannel, sendFromPerson, sendFromSystem, type SendInput } from '../inbound/prepare-send.ts'
import { processInbound, type ProcessInboundOptions } from '../inbound/process-inbound.ts'

/** How long a call waits: until its event is committed, or until everything it caused is done. */
export interface SendWait {
  /** @default 'commit' */
  wait?: 'commit' | 'settled'
  signal?: AbortSignal
  organizationId?: string
}

/** Ways into a kit's rooms: everything that is said, stored or not. */
export interface MessagesApi {
  /** Takes a message in by its channel: the whole pipeline. Blocked is a value, never a throw. */
  processInbound(message: InboundMessage, options?: ProcessInboundOptions & SendWait): Promise<InboundResult>
  /** Sends an event of a bound channel. @throws {ParleyError} `room_closed`, `room_not_found`, `channel_not_bound` */
  sendEvent(roomId: RoomId, channelId: ChannelId, input: EventInput, options?: SendWait): Promise<SendResult>
  /** Sends a person's event, by their own channel or the built-in direct one. */
  send(roomId: RoomId, input: SendInput, options?: SendWait): Promise<SendResult>
  /** Sends an event of the host's own code: source `system`; it asks an agent only if addressed to one. */
  sendSystem(roomId: RoomId, input: EventInput, options?: SendWait): Promise<SendResult>
  /** Says something unasked: as an agent or the system, at once or when it is quiet. */
  deliver(roomId: RoomId, content: EventInput['content'] | string, options?: DeliverOptions): Promise<SendResult>
  /** Sends something that is never stored: typing, presence, your own `x.*`. */
  publish(roomId: RoomId, event: EphemeralInput): void
  subscribe(roomId: RoomId, listener: (event: EphemeralEvent) => void, options?: { types?: string[] }): Disposer
}

/** What a kit does with messages. */
export function createMessagesApi(parts: KitParts): MessagesApi {
  return {
    processInbound: async (message, { wait, ...options } = {}) =>
      settle(await processInbound(parts, message, options), wait),
    sendEvent: async (roomId, channelId, input, { wait, ...options } = {}) =>
      settle(await sendFromChannel(parts, roomId, channelId, input, options), wait),
    send: async (roomId, input, { wait, ...options } = {}) =>
      settle(await sendFromPerson(parts, roomId, input, options), wait),
    sendSystem: async (roomId, input, { wait, ...options } = {}) =>
      settle(await sendFromSystem(parts, roomId, input, options), wait),
    deliver: async (roomId, content, options) => deliverProactively(parts, roomId, content, options),
    publish: (roomId, event) => parts.ephemeral.publish(roomId, event),
    subscribe: (roomId, listener, options) => parts.ephemeral.subscribe(roomId, listener, options),
  }
}

async function settle<T extends InboundResult>(result: T, wait: SendWait['wait']): Promise<T> {
  if (wait === 'settled' && result.outcome === 'committed') await result.settled()
  return result
}
