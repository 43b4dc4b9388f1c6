import type { ChannelId, DeliveryStatus, InboundResult, WebhookRequest } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { registeredChannel } from '../inbound/prepare-send.ts'
import { processWebhook } from '../inbound/process-webhook.ts'
import type { InboundSource, SourceHealth, SourceOptions, SourceRunner } from '../sources/source-runner.ts'

/** Where a kit's messages come from: sources that it runs, and providers that call. */
export interface SourcesApi {
  attachSource(source: InboundSource, options?: SourceOptions): void
  detachSource(id: string): Promise<void>
  sourceHealth(id: string): SourceHealth
  /** @throws {ParleyError} `webhook_unverified`, `webhook_signature` */
  processWebhook(channelId: ChannelId, request: WebhookRequest): Promise<InboundResult[]>
  /** A provider's later word on a delivery. */
  processDeliveryStatus(channelId: ChannelId, status: DeliveryStatus): Promise<void>
}

/** What a kit does with sources. */
export function createSourcesApi(parts: KitParts, sources: SourceRunner): SourcesApi {
  return {
    attachSource: (source, options) => sources.attach(source, options),
    detachSource: async (id) => sources.detach(id),
    sourceHealth: (id) => sources.health(id),
    processWebhook: async (channelId, request) => processWebhook(parts, channelId, request),
    async processDeliveryStatus(channelId, status) {
      registeredChannel(parts, channelId)
      parts.hooks.fire('onDeliveryStatus', { channelId, status }, { roomId: status.roomId, channelId })
    },
  }
}
