import { ParleyError, type ChannelId } from '@parley/spec'
import type { ReceiverEntry } from './receiver-queue.ts'

/** The channel is gone from the registry. */
export function notRegistered(channelId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'channel_not_registered',
    message: `No channel ${channelId} is registered, so nothing can be delivered to it. Register it with kit.register().`,
    details: { channelId },
  })
}

/** The content has no form on this channel. */
export function cannotShow({ event, binding }: ReceiverEntry): ParleyError {
  return new ParleyError({
    code: 'transcoding_failed',
    message: `Content of type ${event.content.type} has no form that channel ${binding.channelId} can show. Send it as text, or add the type to the channel's capabilities.`,
    details: { channelId: binding.channelId, contentType: event.content.type },
  })
}

/** A `beforeDeliver` hook blocked. */
export function refusedByHook({ binding }: ReceiverEntry, { reason, by }: { reason: string; by: string }): ParleyError {
  return new ParleyError({
    code: 'delivery_rejected',
    message: `The hook ${by} refused a delivery to channel ${binding.channelId} (${reason}). Other channels are not concerned; change the hook if it should pass.`,
    details: { channelId: binding.channelId, reason, by },
  })
}

/** The channel is given a rest. */
export function breakerOpen(channelId: ChannelId, retryAfterMs: number): ParleyError {
  return new ParleyError({
    code: 'breaker_open',
    message: `Channel ${channelId} failed repeatedly and is given a rest. Try again in ${retryAfterMs} ms.`,
    details: { channelId, retryAfterMs },
  })
}

/** No token came in time. */
export function overRate(channelId: ChannelId, retryAfterMs: number): ParleyError {
  return new ParleyError({
    code: 'rate_limited',
    message: `Channel ${channelId} is at its rate limit. Try again in ${retryAfterMs} ms.`,
    details: { channelId, retryAfterMs },
  })
}

/** A full queue gave up something ephemeral. */
export function droppedEphemeral({ binding }: ReceiverEntry): ParleyError {
  return new ParleyError({
    code: 'limit_exceeded',
    message: `Channel ${binding.channelId} is behind, so an ephemeral event was dropped. The log has lost nothing; look why the channel is slow.`,
    details: { channelId: binding.channelId },
  })
}

/** Whatever else went wrong, without its words. */
export function unexpected(thrown: unknown): ParleyError {
  return ParleyError.isInstance(thrown)
    ? thrown
    : new ParleyError({
        code: 'internal_error',
        message: 'A delivery failed for a reason inside the kit. The error that is its cause tells more.',
        cause: thrown,
      })
}
