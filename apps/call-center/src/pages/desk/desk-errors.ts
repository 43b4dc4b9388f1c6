import { ParleyError } from '@parley/spec'
import { deskPersonName } from '../shared/names.ts'
import { fieldsOf } from '../shared/read-event.ts'

/** What went wrong, in the server's words. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'Something went wrong. Try again.'
}

/** Who took a room first, if that is what went wrong. */
export function takenBy(thrown: unknown): string | undefined {
  if (!ParleyError.isInstance(thrown) || thrown.code !== 'human_taken') return undefined
  const { takenBy: id } = fieldsOf(thrown.details)
  return typeof id === 'string' ? id : undefined
}

/** Who decided a request first, if that is what went wrong. */
export function decidedBy(thrown: unknown): string | undefined {
  if (!ParleyError.isInstance(thrown) || thrown.code !== 'already_decided') return undefined
  const { id, kind } = fieldsOf(fieldsOf(thrown.details)['by'])
  return typeof id === 'string' && kind === 'person' ? deskPersonName(id) : 'somebody else'
}

/** Faults of single fields, by field. */
export function violationsOf(thrown: unknown): Record<string, string> {
  if (!ParleyError.isInstance(thrown)) return {}
  const { violations } = fieldsOf(thrown.details)
  if (!Array.isArray(violations)) return {}
  const found: Record<string, string> = {}
  for (const violation of violations) {
    const { path, message } = fieldsOf(violation)
    if (typeof path === 'string' && typeof message === 'string') found[path] = message
  }
  return found
}
