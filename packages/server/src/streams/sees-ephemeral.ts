import type { ChannelId, EphemeralEvent } from '@parley/spec'

/** Whether a passing event reaches a reader: the host (undefined) sees all, a channel of people what is meant for it. */
export function seesEphemeral({ visibility }: EphemeralEvent, reader: ChannelId | undefined): boolean {
  if (reader === undefined) return true
  if (typeof visibility === 'object') return visibility.only.includes(reader)
  return visibility === 'all' || visibility === 'transport'
}
