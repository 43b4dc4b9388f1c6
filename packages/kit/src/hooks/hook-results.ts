import type { BlockReason } from '@parley/spec'
import type { HookMap, SyncTrigger } from './hook-map.ts'

/** What a sync hook may answer: go on, stop, or go on with another subject (the payload's first field). */
export type SyncHookResult<T extends SyncTrigger> =
  | { action: 'allow' }
  | { action: 'block'; reason: BlockReason; message?: string }
  | { action: 'modify'; subject: HookSubject<T> }
  | undefined
  | void

export type HookSubject<T extends SyncTrigger> = HookMap[T]['payload'][HookMap[T]['subject'] &
  keyof HookMap[T]['payload']]

const allowed = Object.freeze({ action: 'allow' as const })

/** Lets the payload pass as it is. */
export function allow(): { action: 'allow' } {
  return allowed
}

/** Stops; the reason is one of the built-in ones or the hook's own, `x.<name>`. */
export function block(
  reason: BlockReason,
  { message }: { message?: string } = {},
): { action: 'block'; reason: BlockReason; message?: string } {
  return message === undefined ? { action: 'block', reason } : { action: 'block', reason, message }
}

/** Goes on with another subject. */
export function modify<Subject>(subject: Subject): { action: 'modify'; subject: Subject } {
  return { action: 'modify', subject }
}
