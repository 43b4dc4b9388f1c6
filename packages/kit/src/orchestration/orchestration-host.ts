import { ParleyError } from '@parley/spec'
import type { OrchestrationInternals } from './orchestration-internals.ts'
import type { Orchestrations } from './definitions/orchestrations.ts'

/** What installing needs: the kit, by its registry of definitions. */
export interface OrchestrationHost {
  readonly orchestrations: Orchestrations
}

const internals = new WeakMap<Orchestrations, OrchestrationInternals>()

/** Binds a kit's registry to the parts that work for it; called once per kit. */
export function provideInternals(orchestrations: Orchestrations, given: OrchestrationInternals): void {
  internals.set(orchestrations, given)
}

/** The parts behind a kit. @throws {ParleyError} `invalid_options` when it is not a kit */
export function internalsOf(host: OrchestrationHost): OrchestrationInternals {
  const found = internals.get(host.orchestrations)
  if (found !== undefined) return found
  throw new ParleyError({
    code: 'invalid_options',
    message: 'Orchestration is installed in a Kit. Pass the kit itself.',
    details: { path: 'kit', expected: 'Kit' },
  })
}
