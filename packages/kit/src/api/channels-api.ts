import type {
  BindingOptions,
  Channel,
  ChannelAccess,
  ChannelBinding,
  ChannelId,
  Json,
  RoomId,
  Visibility,
} from '@parley/spec'
import { WebSocketChannel } from '../channels/websocket-channel.ts'
import { createWebSocketHost } from '../channels/websocket-host.ts'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import {
  attachChannel,
  changeBinding,
  checkAccess,
  checkVisibility,
  detachChannel,
  patchBinding,
  refreshBinding,
} from '../rooms/bindings.ts'

/** Channels and agents of a kit, and how rooms are bound to them. */
export interface ChannelsApi {
  /** Makes a channel or agent known. @throws {ParleyError} `channel_already_registered` */
  register(channel: Channel): void
  /** Puts another object of the same id in a channel's place, between turns. */
  replace(channel: Channel): Channel | undefined
  /** Takes a channel back, open; its bindings stay. */
  unregister(channelId: ChannelId): Channel | undefined
  channels(): Channel[]
  /** @throws {ParleyError} `channel_not_registered`, `room_not_found`, `attach_refused`, `invalid_options` */
  attach(roomId: RoomId, channelId: ChannelId, options?: BindingOptions, o?: InRoomOptions): Promise<ChannelBinding>
  /** @throws {ParleyError} `channel_not_bound` */
  detach(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<void>
  bindings(roomId: RoomId): Promise<ChannelBinding[]>
  mute(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding>
  unmute(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding>
  /** Nothing is delivered to the channel; it still reads. */
  muteOutput(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding>
  unmuteOutput(roomId: RoomId, channelId: ChannelId, o?: InRoomOptions): Promise<ChannelBinding>
  setAccess(roomId: RoomId, channelId: ChannelId, access: ChannelAccess, o?: InRoomOptions): Promise<ChannelBinding>
  setVisibility(
    roomId: RoomId,
    channelId: ChannelId,
    visibility: Visibility,
    o?: InRoomOptions,
  ): Promise<ChannelBinding>
  /** Merges and unsets metadata of a binding. */
  patchBinding(
    roomId: RoomId,
    channelId: ChannelId,
    change: { set?: Record<string, Json>; unset?: string[] },
    o?: InRoomOptions,
  ): Promise<ChannelBinding>
}

/** What a kit does with channels; `introduce` makes a channel that wants it known to the kit. */
export function createChannelsApi(parts: KitParts, introduce: (channel: Channel) => void): ChannelsApi {
  const wire = (channel: Channel): void => {
    introduce(channel)
    if (channel instanceof WebSocketChannel) channel.bind(createWebSocketHost(parts))
  }
  return {
    register(channel) {
      parts.registry.add(channel)
      wire(channel)
    },
    replace(channel) {
      const former = parts.registry.replace(channel)
      wire(channel)
      parts.background('replace', () => noteReplaced(parts, channel))
      return former
    },
    unregister: (channelId) => parts.registry.remove(channelId),
    channels: () => parts.registry.list(),
    attach: async (roomId, channelId, options, o) => attachChannel(parts, roomId, channelId, options, o),
    detach: async (roomId, channelId, o) => detachChannel(parts, roomId, channelId, o),
    bindings: async (roomId) => (await parts.store.loadContext(roomId, { tail: 0 }))?.bindings ?? [],
    mute: async (roomId, channelId, o) => changeBinding(parts, roomId, channelId, { muted: true }, o),
    unmute: async (roomId, channelId, o) => changeBinding(parts, roomId, channelId, { muted: false }, o),
    muteOutput: async (roomId, channelId, o) => changeBinding(parts, roomId, channelId, { outputMuted: true }, o),
    unmuteOutput: async (roomId, channelId, o) => changeBinding(parts, roomId, channelId, { outputMuted: false }, o),
    async setAccess(roomId, channelId, access, o) {
      checkAccess(access)
      return changeBinding(parts, roomId, channelId, { access }, o)
    },
    setVisibility: async (roomId, channelId, visibility, o) =>
      changeBinding(parts, roomId, channelId, { visibility: checkVisibility(visibility) }, o),
    patchBinding: async (roomId, channelId, change, o) => patchBinding(parts, roomId, channelId, change, o),
  }
}

/** Rooms of a replaced channel log that it was. */
async function noteReplaced(parts: KitParts, { channelId, capabilities }: Channel): Promise<void> {
  for (const room of await parts.store.roomsByChannel({ channelId, statuses: ['active', 'paused'] })) {
    await refreshBinding(parts, room.id, channelId, capabilities)
  }
}
