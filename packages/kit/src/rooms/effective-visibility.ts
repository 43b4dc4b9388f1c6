import type { Visibility } from '@parley/spec'

/**
 * The visibility an event is stored with: its own unless `all`, else that of the source's binding, else `all`.
 * Computed once, at commit.
 */
export function effectiveVisibility(own: Visibility | undefined, ofSource: Visibility | undefined): Visibility {
  if (own !== undefined && own !== 'all') return own
  return ofSource ?? 'all'
}
