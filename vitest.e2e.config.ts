import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Tests that start the real server and drive a real browser: slower, one at a time, apart from `npm test`.
export default defineConfig({
  ssr: { resolve: { conditions: ['@parley/source', ...defaultServerConditions] } },
  test: {
    include: ['tests/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    // A machine with other work needs its time to load engines and build pages.
    hookTimeout: 120_000,
  },
})
