import { ParleyError } from '@parley/spec'
import type { BindingOptions, ChannelBinding, ChannelId, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'

/**
 * Bindings for a child room: the parent's, as they are.
 * @throws {ParleyError} `channel_not_bound`
 */
export async function sharedBindings(
  core: KitCore,
  parentId: RoomId,
  channelIds: readonly ChannelId[],
): Promise<({ channelId: ChannelId } & BindingOptions)[]> {
  if (channelIds.length === 0) return []
  const bindings = (await core.store.loadContext(parentId, { tail: 0 }))?.bindings ?? []
  return [...new Set(channelIds)].map((channelId) => {
    const binding = bindings.find((candidate) => candidate.channelId === channelId)
    if (binding === undefined) {
      throw new ParleyError({
        code: 'channel_not_bound',
        message: `Channel ${channelId} is not attached to room ${parentId}, so it cannot be shared with a task of it. Attach it first, or leave it out of shareChannels.`,
        details: { roomId: parentId, channelId },
      })
    }
    return {
      channelId,
      ...narrowness(binding),
      ...(binding.participantId === undefined ? {} : { participantId: binding.participantId }),
      metadata: binding.metadata,
    }
  })
}

/** What was narrowed in the parent is narrowed in the child too. */
export async function followBinding(core: KitCore, childId: RoomId, parent: ChannelBinding): Promise<void> {
  await core.inRoom(childId, async (locked) => {
    const binding = locked.bindings.find(({ channelId }) => channelId === parent.channelId)
    if (binding === undefined) return
    await locked.commit([], { room: { bindings: [{ ...binding, ...narrowness(parent) }] } })
  })
}

/** What has left the parent leaves the child. */
export async function dropBinding(core: KitCore, childId: RoomId, channelId: ChannelId): Promise<void> {
  await core.inRoom(childId, async (locked) => {
    if (locked.bindings.some((binding) => binding.channelId === channelId))
      await locked.commit([], { room: { detach: [channelId] } })
  })
}

function narrowness({
  direction,
  access,
  visibility,
  muted,
  outputMuted,
}: ChannelBinding): Pick<ChannelBinding, 'direction' | 'access' | 'visibility' | 'muted' | 'outputMuted'> {
  return { direction, access, visibility, muted, outputMuted }
}
