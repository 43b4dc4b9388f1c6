import { conversationStoreSuite } from '@parley/testing/conformance'

import { createMemoryStore } from './memory-store.ts'

conversationStoreSuite('memory', { open: async ({ clock }) => createMemoryStore({ clock }) })
