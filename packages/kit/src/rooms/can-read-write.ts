import type { ChannelBinding } from '@parley/spec'

type Access = Pick<ChannelBinding, 'direction' | 'access' | 'muted'>

/** Whether events of the room reach the channel. Being muted takes nothing away from reading. */
export function canRead({ direction, access }: Pick<Access, 'direction' | 'access'>): boolean {
  return direction !== 'inbound' && (access === 'readWrite' || access === 'readOnly')
}

/** Whether what the channel says is committed. */
export function canWrite({ direction, access, muted }: Access): boolean {
  return direction !== 'outbound' && (access === 'readWrite' || access === 'writeOnly') && !muted
}
