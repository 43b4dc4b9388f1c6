import type { DurableBackend, IdSource } from '@parley/spec'
import { describe } from 'vitest'

import { createSeededIds } from '../seeded-ids.ts'
import { createVirtualClock } from '../virtual-clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import { durableCommitTests } from './durable/commit-tests.ts'
import { durableEventTests } from './durable/event-tests.ts'
import { durableFaultTests } from './durable/fault-tests.ts'
import { durableLeaseTests } from './durable/lease-tests.ts'
import { durableRunTests } from './durable/run-tests.ts'
import { createRunSamples } from './durable/samples.ts'
import type { RunSamples } from './durable/samples.ts'
import { durableWaitTests } from './durable/wait-tests.ts'

/** What a back end is opened with. */
export interface DurableBackendSetup {
  clock: VirtualClock
  ids: IdSource
}

/** What a test of the suite works with. */
export interface DurableBackendTest extends DurableBackendSetup {
  backend: DurableBackend
  make: RunSamples
}

/** A back end over a database that can be made to fail. */
export interface BreakableBackend {
  backend: DurableBackend
  /**
   * Makes the next statement fail: `before` it reaches the database, `inside` the transaction after it ran, or `after`
   * it was committed, when only the answer is lost.
   */
  breakNext(when: 'before' | 'inside' | 'after'): void
}

/** How the suite gets its back ends. */
export interface DurableBackendSuiteOptions {
  /** Opens an empty back end. */
  open(o: DurableBackendSetup): Promise<DurableBackend>
  /** Opens a second one on the same data as the one opened last, as another process would. */
  openAgain?(o: DurableBackendSetup): Promise<DurableBackend>
  /** Opens an empty one whose database can be made to fail. */
  openBreakable?(o: DurableBackendSetup): Promise<BreakableBackend>
}

/** Makes the environment of one test. */
export type DurableSetup = () => Promise<DurableBackendTest>

/**
 * The contract of `DurableBackend` in executable form. Call it in a test file of your back end.
 * @example durableBackendSuite('memory', { open: async ({ clock, ids }) => memoryBackend({ clock, ids }) })
 */
export function durableBackendSuite(name: string, options: DurableBackendSuiteOptions): void {
  let seed = 0
  const world = (): DurableBackendSetup & { make: RunSamples } => {
    seed += 1
    const clock = createVirtualClock()
    const ids = createSeededIds(seed)
    return { clock, ids, make: createRunSamples(clock, createSeededIds(10_000 + seed)) }
  }
  const setup: DurableSetup = async () => {
    const made = world()
    return { ...made, backend: await options.open(made) }
  }
  describe(`DurableBackend: ${name}`, () => {
    durableRunTests(setup)
    durableLeaseTests(setup)
    durableCommitTests(setup)
    durableWaitTests(setup)
    durableEventTests(setup, options)
    if (options.openBreakable !== undefined) durableFaultTests(world, options.openBreakable)
  })
}
