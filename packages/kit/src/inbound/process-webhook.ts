import { ParleyError, toParleyError, type ChannelId, type InboundResult, type WebhookRequest } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { registeredChannel } from './prepare-send.ts'
import { processInbound } from './process-inbound.ts'

/**
 * Takes a provider's callback: nothing of it is read before its signature was found good.
 * @throws {ParleyError} `webhook_unverified` without a verifier, `webhook_signature`
 */
export async function processWebhook(
  parts: KitParts,
  channelId: ChannelId,
  request: WebhookRequest,
): Promise<InboundResult[]> {
  const channel = registeredChannel(parts, channelId)
  if (channel.verifyWebhook === undefined || channel.parseWebhook === undefined) {
    throw new ParleyError({
      code: 'webhook_unverified',
      message: `Channel ${channelId} cannot check webhooks. Give it verifyWebhook and parseWebhook.`,
      details: { channelId },
    })
  }
  const { verified, cause } = await verify(channel.verifyWebhook.bind(channel), request)
  if (!verified) {
    throw new ParleyError({
      code: 'webhook_signature',
      message: `The webhook for channel ${channelId} has a wrong signature. Check the signing secret on both sides.`,
      details: { channelId },
      ...(cause === undefined ? {} : { cause }),
    })
  }
  const messages = await channel.parseWebhook(request).catch((thrown: unknown) => {
    throw toParleyError(thrown, {
      code: 'content_invalid',
      message: `Channel ${channelId} could not read a webhook. Its own error is the cause.`,
      details: { path: 'body', expected: 'a webhook the channel can read' },
    })
  })
  const results: InboundResult[] = []
  for (const message of messages) results.push(await processInbound(parts, message))
  return results
}

/** A verifier that fails lets nothing pass. */
async function verify(
  verifier: (request: WebhookRequest) => Promise<boolean>,
  request: WebhookRequest,
): Promise<{ verified: boolean; cause?: unknown }> {
  try {
    return { verified: (await verifier(request)) === true }
  } catch (cause) {
    return { verified: false, cause }
  }
}
