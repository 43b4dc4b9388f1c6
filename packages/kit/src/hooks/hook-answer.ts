import type { BlockReason } from '@parley/spec'
import { isBlockReason } from './check-subject.ts'

/** What a sync hook has decided. */
export type Decision =
  | { action: 'allow' }
  | { action: 'block'; reason: BlockReason; message?: string }
  | { action: 'modify'; subject: unknown }

/** Reads what a hook answered; undefined when it is no answer. */
export function readAnswer(answer: unknown): Decision | undefined {
  if (answer === undefined) return { action: 'allow' }
  if (typeof answer !== 'object' || answer === null || !('action' in answer)) return undefined
  if (answer.action === 'allow') return { action: 'allow' }
  if (answer.action === 'modify' && 'subject' in answer) return { action: 'modify', subject: answer.subject }
  if (answer.action !== 'block' || !('reason' in answer) || !isBlockReason(answer.reason)) return undefined
  // `isBlockReason` has seen it.
  const reason = answer.reason as BlockReason
  return 'message' in answer && typeof answer.message === 'string'
    ? { action: 'block', reason, message: answer.message }
    : { action: 'block', reason }
}

/** Whether a hook has not answered yet. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
