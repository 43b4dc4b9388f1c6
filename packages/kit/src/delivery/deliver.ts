import {
  checkOptions,
  ParleyError,
  type ChannelId,
  type Content,
  type EventInput,
  type RoomId,
  type SendResult,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { sendFromChannel, sendFromSystem } from '../inbound/prepare-send.ts'

/** How something is said unasked. */
export interface DeliverOptions {
  /** An agent of the room, or `system`. @default 'system' */
  as?: ChannelId
  /** Reaches this channel alone. @default all transports */
  channelId?: ChannelId
  /** @default 'immediate' */
  strategy?: 'immediate' | 'whenIdle' | 'queued'
  /** Quiet needed before `whenIdle` delivers. @default 1 000 */
  idleMs?: number
  /** `whenIdle` delivers at the latest after this. @default 15 000 */
  maxWaitMs?: number
  addressedTo?: ChannelId[]
  idempotencyKey?: string
  signal?: AbortSignal
}

const keys = ['as', 'channelId', 'strategy', 'idleMs', 'maxWaitMs', 'addressedTo', 'idempotencyKey', 'signal']

/** An event of an agent or the system through the pipeline; it invents no message of a person. */
export async function deliverProactively(
  parts: KitParts,
  roomId: RoomId,
  content: Content | string,
  options: DeliverOptions = {},
): Promise<SendResult> {
  checkOptions('deliver', options, keys)
  const {
    as = 'system',
    channelId,
    strategy = 'immediate',
    idleMs = 1_000,
    maxWaitMs = 15_000,
    addressedTo,
    idempotencyKey,
    signal,
  } = options
  if (!['immediate', 'whenIdle', 'queued'].includes(strategy)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'strategy must be immediate, whenIdle or queued.',
      details: { path: 'strategy', expected: ['immediate', 'whenIdle', 'queued'] },
    })
  }
  const input: EventInput = {
    content: typeof content === 'string' ? { type: 'text', text: content } : content,
    addressedTo: addressedTo ?? [],
    ...(channelId === undefined ? {} : { visibility: { only: [channelId] } }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
  const send = (): Promise<SendResult> =>
    as === 'system'
      ? sendFromSystem(parts, roomId, input, { signal })
      : sendFromChannel(parts, roomId, as, input, { signal })
  if (strategy === 'immediate') return send()
  if (strategy === 'queued') return parts.outbox.add(roomId, send)
  await quiet(parts, roomId, idleMs, maxWaitMs)
  return send()
}

/** Waits until nothing has happened in the room for `idleMs`, at most `maxWaitMs`. */
async function quiet(parts: KitParts, roomId: RoomId, idleMs: number, maxWaitMs: number): Promise<void> {
  const untilMs = parts.clock.monotonicMs() + maxWaitMs
  for (;;) {
    const leftMs = untilMs - parts.clock.monotonicMs()
    if (leftMs <= 0) return
    const room = await parts.store.getRoom(roomId)
    const quietForMs = room === null ? idleMs : parts.clock.now() - Date.parse(room.lastActivityAt)
    const isBusy = parts.turns.running(roomId).length > 0
    if (!isBusy && quietForMs >= idleMs) return
    await parts.clock.sleep(Math.min(leftMs, isBusy ? idleMs : Math.max(1, idleMs - quietForMs)), {
      signal: parts.closing,
    })
  }
}
