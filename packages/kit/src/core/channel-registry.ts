import { ParleyError, type Channel, type ChannelId } from '@parley/spec'
import type { ChannelRegistry } from './core.ts'

/** Channels by id; an id is given once. */
export function createChannelRegistry(): ChannelRegistry {
  const channels = new Map<ChannelId, Channel>()
  const offered = new Map<ChannelId, Channel>()
  return {
    get: (channelId) => channels.get(channelId) ?? offered.get(channelId),
    offer: (channel) => void offered.set(channel.channelId, channel),
    add(channel) {
      if (channels.has(channel.channelId)) {
        throw new ParleyError({
          code: 'channel_already_registered',
          message: `A channel ${channel.channelId} is registered already. Use kit.replace(channel) to put another in its place.`,
          details: { channelId: channel.channelId },
        })
      }
      channels.set(channel.channelId, channel)
    },
    replace(channel) {
      const former = channels.get(channel.channelId) ?? offered.get(channel.channelId)
      channels.set(channel.channelId, channel)
      return former
    },
    remove(channelId) {
      const former = channels.get(channelId) ?? offered.get(channelId)
      channels.delete(channelId)
      offered.delete(channelId)
      return former
    },
    list: () => [...new Map([...offered, ...channels]).values()],
  }
}
