import { contentSchema, type DeliveryContext } from '@parley/spec'
import { expect, test } from 'vitest'
import { sampleBinding, sampleEvent } from '../__fixtures__/room-samples.ts'
import { transcode } from '../delivery/transcode.ts'
import { createDirectChannel, DIRECT_CHANNEL_ID } from './direct-channel.ts'

test('the direct channel takes every kind of message and is done at once', async () => {
  const channel = createDirectChannel()
  const event = sampleEvent()
  const delivery = { deliveryId: 'd', event, content: event.content, binding: sampleBinding(), attempt: 1 }
  // It looks at nothing of its context.
  expect(await channel.deliver?.(delivery, {} as DeliveryContext)).toEqual({ status: 'sent' })
  expect([channel.channelId, channel.category]).toEqual([DIRECT_CHANNEL_ID, 'transport'])
  const reaction = contentSchema.parse({ type: 'reaction', targetEventId: 'e', emoji: '👍' })
  expect(transcode(reaction, channel.capabilities)).toBe(reaction)
})
