import type { Channel } from '@parley/spec'
import type { Kit } from '../kit.ts'

/** A channel that works with the kit beyond what it delivers: calls, for one. */
export interface KitBound extends Channel {
  /** Called when the channel is registered. A channel serves one kit. @throws {ParleyError} `channel_mismatch` for a second one */
  bindKit(kit: Kit): void
}

/** Whether a channel wants to know its kit. */
export function isKitBound(channel: Channel): channel is KitBound {
  return 'bindKit' in channel && typeof channel.bindKit === 'function'
}
