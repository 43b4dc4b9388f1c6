import type { PreparedRegion } from './prepare.ts'

/** Branches that run side by side do not see what the others write before they are joined. */
export function isBranch({ region: around }: { region: 'dag' | 'flow' }, region: PreparedRegion): boolean {
  return region.kind === 'flow' && around === 'dag'
}
