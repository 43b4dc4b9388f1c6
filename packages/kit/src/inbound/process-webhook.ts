import { ParleyError, type ChannelId, type InboundResult, type WebhookRequest } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { registeredChannel } from './prepare-send.ts'
import { processInbound } from './process-inbound.ts'

/**
 * Takes a provider's callback: nothing of it is read before its signature was found good.
 * @throws {ParleyError} `webhook_unverified` without a verifier, `webhook_signature`
 */
export async function processWebhook(parts: KitParts, channelId: ChannelId, request: WebhookRequest): Promise<InboundResult[]> {
  const channel = registeredChannel(parts, channelId)
  if (channel.verifyWebhook === undefined || channel.parseWebhook === undefined) {
    throw new ParleyError({
      code: 'webhook_unverified',
      message: `Channel ${channelId} cannot check webhooks. Give it verifyWebhook and parseWebhook.`,
      details: { channelId },
    })
  }
  const isGenuine = await channel.verifyWebhook(request)
  if (!isGenuine) {
    throw new ParleyError({
      code: 'webhook_signature',
      message: `The webhook for channel ${channelId} has a wrong signature. Check the signing secret on both sides.`,
      details: { channelId },
    })
  }
  const messages = await channel.parseWebhook(request)
  const results: InboundResult[] = []
  for (const message of messages) results.push(await processInbound(parts, message))
  return results
}
