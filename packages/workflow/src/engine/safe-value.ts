import type { Json } from '@parley/spec'
import type { RunScope } from './run-scope.ts'

/**
 * The value that a template names, without credentials: the keys on the way to it count, and the keys within it. Names of
 * steps and of templates are their author's and say nothing of the data.
 */
export function safeValue(
  { redact }: Pick<RunScope, 'redact'>,
  path: readonly string[],
  value: Json | undefined,
): Json | undefined {
  const [root] = path
  if (value === undefined || root === 'templates') return value
  const keys = path.slice(root === 'steps' ? 3 : 1)
  let safe = redact(keys.reduceRight<Json>((inner, key) => ({ [key]: inner }), value))
  for (const _key of keys) {
    // A key on the way was sensitive: nothing of what is below it is shown.
    if (typeof safe !== 'object' || safe === null || Array.isArray(safe)) return safe
    safe = Object.values(safe)[0] ?? null
  }
  return safe
}
