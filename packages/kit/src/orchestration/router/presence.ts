import type { Channel, ChannelBinding, ChannelId, SkippedCandidate } from '@parley/spec'
import { canRead } from '../../rooms/can-read-write.ts'
import { isAgent } from '../orchestrated-agent.ts'

/** Finds a registered channel. */
export type ChannelLookup = (channelId: ChannelId) => Channel | undefined

/**
 * Why an agent cannot be asked in a room; undefined when it is present: bound, of category `intelligence`, registered,
 * able to read, with a model. Without a lookup every bound channel counts as registered.
 */
export function absence(
  agentId: ChannelId,
  bindings: readonly ChannelBinding[],
  lookup: ChannelLookup | undefined,
): SkippedCandidate['why'] | undefined {
  const binding = bindings.find(({ channelId }) => channelId === agentId)
  if (binding === undefined) return 'not_bound'
  if (binding.category !== 'intelligence') return 'not_an_agent'
  if (!canRead(binding)) return 'cannot_read'
  if (lookup === undefined) return undefined
  const channel = lookup(agentId)
  if (channel === undefined) return 'not_registered'
  return isAgent(channel) && channel.isConfigOnly === true ? 'no_model' : undefined
}
