import {
  ParleyError,
  type Channel,
  type ChannelId,
  type Clock,
  type Delivery,
  type DeliveryContext,
  type DeliveryOutcome,
  type Logger,
  type RoomHandle,
} from '@parley/spec'

/** What one attempt came to. */
export type AttemptResult =
  | { ok: true; status: 'sent' | 'queued'; providerMessageId?: string }
  | {
      ok: false
      error: ParleyError
      retryAfterMs?: number
      /** Whether it says something about the health of the channel. */
      countsAgainstHealth: boolean
    }

/** What an attempt needs besides the delivery. */
export interface AttemptOptions {
  clock: Clock
  log: Logger
  /** Asked for when the channel wants the room. */
  room: () => RoomHandle
  timeoutMs: number
  /** Aborted when the kit closes. */
  closing: AbortSignal
}

/**
 * Calls a channel once, for at most `timeoutMs`. The channel is called before this returns; no timer is set when it
 * answers at once. Never rejects.
 */
export function attemptDelivery(channel: Channel, delivery: Delivery, options: AttemptOptions): Promise<AttemptResult> {
  const { clock, timeoutMs, closing } = options
  return new Promise((resolve) => {
    const context = new AttemptContext(options)
    let disposeTimer: (() => void) | undefined
    let isDone = false
    const onClose = (): void => {
      context.abort(closing.reason)
      finish(ofThrown(channel.channelId, delivery.deliveryId, closing.reason))
    }
    const finish = (result: AttemptResult): void => {
      if (isDone) return
      isDone = true
      disposeTimer?.()
      closing.removeEventListener('abort', onClose)
      resolve(result)
    }
    callChannel(channel, delivery, context).then(
      (outcome) => finish(ofOutcome(channel.channelId, delivery.deliveryId, outcome)),
      (thrown: unknown) => finish(ofThrown(channel.channelId, delivery.deliveryId, thrown)),
    )
    queueMicrotask(() => {
      if (isDone) return
      closing.addEventListener('abort', onClose, { once: true })
      disposeTimer = clock.setTimer(timeoutMs, () => {
        const error = new ParleyError({
          code: 'delivery_timeout',
          message: `Channel ${channel.channelId} did not take a delivery within ${timeoutMs} ms. Look at the channel, or raise limits.deliveryTimeoutMs.`,
          details: { channelId: channel.channelId, deliveryId: delivery.deliveryId, timeoutMs },
        })
        context.abort(error)
        finish({ ok: false, error, countsAgainstHealth: true })
      })
    })
  })
}

/** A channel that throws where it should reject is no different. */
function callChannel(channel: Channel, delivery: Delivery, context: DeliveryContext): Promise<DeliveryOutcome> {
  try {
    return channel.deliver === undefined
      ? Promise.resolve({ status: 'sent' })
      : Promise.resolve(channel.deliver(delivery, context))
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

/** The room and the signal are made when a channel asks for it. */
class AttemptContext implements DeliveryContext {
  readonly #room: () => RoomHandle
  readonly clock: Clock
  readonly log: Logger
  #controller: AbortController | undefined
  #reason: { value: unknown } | undefined

  constructor({ room, clock, log }: AttemptOptions) {
    this.#room = room
    this.clock = clock
    this.log = log
  }

  get room(): RoomHandle {
    return this.#room()
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason.value)
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#reason = { value: reason }
    this.#controller?.abort(reason)
  }
}

/** The provider has something against the words, not against us. */
const contentCodes: ReadonlySet<string> = new Set([
  'content_invalid',
  'content_too_large',
  'content_rejected',
  'transcoding_failed',
  'frame_too_large',
])

function ofOutcome(channelId: ChannelId, deliveryId: string, outcome: DeliveryOutcome): AttemptResult {
  if (outcome.status !== 'failed') {
    const { status, providerMessageId } = outcome
    return providerMessageId === undefined ? { ok: true, status } : { ok: true, status, providerMessageId }
  }
  const { code, retryable, retryAfterMs } = outcome
  const shown = /^[\w.:-]{1,64}$/.test(code) ? code : 'unknown'
  const error = new ParleyError({
    code: 'delivery_rejected',
    message: `The provider of channel ${channelId} refused a delivery (${shown}). What it answered is the cause of this error.`,
    retryable,
    details: { channelId, deliveryId, providerCode: shown },
    cause: outcome,
  })
  const failed = { ok: false as const, error, countsAgainstHealth: !contentCodes.has(code) }
  return retryAfterMs === undefined ? failed : { ...failed, retryAfterMs }
}

function ofThrown(channelId: ChannelId, deliveryId: string, thrown: unknown): AttemptResult {
  if (ParleyError.isInstance(thrown))
    return { ok: false, error: thrown, countsAgainstHealth: !contentCodes.has(thrown.code) }
  const isMistake = isProgrammingError(thrown)
  const error = new ParleyError({
    code: 'delivery_rejected',
    message: `Channel ${channelId} failed to deliver. Its error is the cause of this one.`,
    retryable: !isMistake,
    details: { channelId, deliveryId },
    cause: thrown,
  })
  return { ok: false, error, countsAgainstHealth: !isMistake }
}

/** A mistake in code is the same at the next try. Failures of the network come as a TypeError with a cause. */
function isProgrammingError(thrown: unknown): boolean {
  if (thrown instanceof ReferenceError || thrown instanceof SyntaxError || thrown instanceof RangeError) return true
  return thrown instanceof TypeError && thrown.cause === undefined
}
