import type { ConversationStore } from '@parley/spec'
import { describe } from 'vitest'

import { createVirtualClock } from '../virtual-clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import { storeCommitTests } from './store-commit-tests.ts'
import { storeFamilyTests } from './store-family-tests.ts'
import { storeFaultTests } from './store-fault-tests.ts'
import { storeLogTests } from './store-log-tests.ts'
import { storeRoomTests } from './store-room-tests.ts'
import { createStoreSamples } from './store-samples.ts'
import type { StoreSamples } from './store-samples.ts'

/** What a test of the suite works with. */
export interface StoreTest {
  store: ConversationStore
  clock: VirtualClock
  make: StoreSamples
}

/** A store over a database that can be made to fail. */
export interface BreakableStore {
  store: ConversationStore
  /**
   * Makes the next statement fail: `before` it reaches the database, `inside` the transaction after it ran, or `after`
   * it was committed, when only the answer is lost.
   */
  breakNext(when: 'before' | 'inside' | 'after'): void
}

/** How the suite gets its stores. */
export interface ConversationStoreSuiteOptions {
  /** Opens an empty store. */
  open(o: { clock: VirtualClock }): Promise<ConversationStore>
  /** Opens a second store on the same data as the one opened last, as another process would. */
  openAgain?(o: { clock: VirtualClock }): Promise<ConversationStore>
  /** Opens an empty store whose database can be made to fail. */
  openBreakable?(o: { clock: VirtualClock }): Promise<BreakableStore>
  /** Events of the long log. @default 100 000 */
  longLog?: number
}

/** Makes the environment of one test. */
export type StoreSetup = () => Promise<StoreTest>

/**
 * The contract of `ConversationStore` in executable form. Call it in a test file of your store.
 * @example conversationStoreSuite('memory', { open: async ({ clock }) => createMemoryStore({ clock }) })
 */
export function conversationStoreSuite(name: string, options: ConversationStoreSuiteOptions): void {
  let seed = 0
  const setup: StoreSetup = async () => {
    const clock = createVirtualClock()
    seed += 1
    return { store: await options.open({ clock }), clock, make: createStoreSamples(clock, seed) }
  }
  describe(`ConversationStore: ${name}`, () => {
    storeCommitTests(setup, options)
    storeLogTests(setup, options)
    storeRoomTests(setup)
    storeFamilyTests(setup)
    if (options.openBreakable !== undefined) storeFaultTests(options.openBreakable)
  })
}
