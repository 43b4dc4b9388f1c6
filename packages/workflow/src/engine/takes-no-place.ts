import type { StepKind } from '@parley/spec'

/** Kinds that do no work of their own, or wait: they would keep others from working. */
export function takesNoPlace(kind: StepKind): boolean {
  return (
    kind === 'region' || kind === 'wait' || kind === 'if' || kind === 'switch' || kind === 'start' || kind === 'end'
  )
}
