import { durableBackendSuite } from '@parley/testing/conformance'

import { memoryBackend } from './memory-backend.ts'

durableBackendSuite('memory', { open: async ({ clock, ids }) => memoryBackend({ clock, ids }) })
