import { isSensitiveKey, ownPath, ParleyError, redactText, sha256Hex, type Json } from '@parley/spec'
import { sourcesOf } from './attempt.ts'
import { lookUp, outputOf } from './frame.ts'
import type { StepTask } from './settle-step.ts'

/** Items of one foreach at the most. */
const MAX_ITEMS = 100_000

/** The list that a foreach is over. @throws {ParleyError} `state_scope`, `foreach_missing`, `foreach_not_list`, `limit_exceeded` */
export function itemsOf({ scope, prepared, frame }: StepTask, source: string): Json[] {
  const sources = sourcesOf(scope, frame)
  const gate = prepared.scope
  const path = source.split('.')
  const [name = ''] = path
  const bare = (): Json | undefined => {
    gate.checkRead(name)
    const found = scope.state.has(name) ? scope.state.get(name) : outputOf(frame, name)
    return ownPath(found, path.slice(1)) as Json | undefined // what a run keeps is JSON
  }
  const isRooted = path.length > 1 && ['steps', 'input', 'state', 'context'].includes(name)
  const value = isRooted ? lookUp(sources, gate, path) : bare()
  const step = prepared.step.id
  if (value === undefined || value === null) {
    throw new ParleyError({
      code: 'foreach_missing',
      message: `foreach of step "${step}" names "${source}", which does not exist. Name a state key, an input key, a step or a path such as steps.X.output.list.`,
      details: { step, path: source },
    })
  }
  if (!Array.isArray(value)) {
    throw new ParleyError({
      code: 'foreach_not_list',
      message: `foreach of step "${step}" needs a list, but "${source}" is ${typeof value === 'object' ? 'an object' : `a ${typeof value}`}.`,
      details: { step, path: source, expected: 'list' },
    })
  }
  if (value.length > MAX_ITEMS) {
    throw new ParleyError({
      code: 'limit_exceeded',
      message: `foreach of step "${step}" has ${value.length} items; at most ${MAX_ITEMS} are allowed. Split the list.`,
      details: { limit: 'foreachItems', max: MAX_ITEMS, actual: value.length },
    })
  }
  return value
}

/** What tells items apart in the keys of the journal. @throws {ParleyError} `invalid_options` */
export function keysOf(items: readonly Json[], itemKey: string | undefined): string[] {
  if (itemKey === undefined) return items.map((_, index) => String(index))
  const keys = items.map((item) => {
    const key = ownPath(item, itemKey.split('.'))
    return typeof key === 'string' || typeof key === 'number' ? String(key) : ''
  })
  if (keys.every((key) => key !== '') && new Set(keys).size === keys.length)
    return keys.map((key) => safeKey(key, itemKey))
  throw new ParleyError({
    code: 'invalid_options',
    message: `itemKey "${itemKey}" has to be a different text or number in each item. Choose another field, or leave itemKey out.`,
    details: { path: 'itemKey' },
  })
}

/** Keys of the journal are in events and receipts: of one that is a credential there is its digest. */
function safeKey(key: string, itemKey: string): string {
  const isSensitive = isSensitiveKey(itemKey.split('.').at(-1) ?? itemKey)
  return isSensitive || redactText(key) !== key ? sha256Hex(key).slice(0, 32) : key
}
