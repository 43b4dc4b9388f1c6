import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// One project per package and app, so `vitest run --project kit` runs one of them; `tests` holds what spans packages.
const folders = ['packages', 'apps', 'examples'].flatMap((parent) =>
  existsSync(parent) ? readdirSync(parent).map((name) => ({ name, folder: `${parent}/${name}` })) : [],
)

// The order of tests and the values of property tests are random on purpose, and both come from one seed.
// To repeat a run: PARLEY_TEST_SEED=<printed seed> npm test
const seed = Number(process.env['PARLEY_TEST_SEED'] ?? Date.now() % 1_000_000)

export default defineConfig({
  ssr: { resolve: { conditions: ['@parley/source', ...defaultServerConditions] } },
  test: {
    // Virtual time costs none, but a machine with two cores that is busy elsewhere may take its time.
    testTimeout: 20_000,
    sequence: { shuffle: { files: true, tests: true }, seed },
    env: { PARLEY_TEST_SEED: String(seed) },
    setupFiles: [fileURLToPath(new URL('tests/seed-values.ts', import.meta.url))],
    projects: [...folders, { name: 'tests', folder: 'tests' }].map(({ name, folder }) => ({
      extends: true,
      test: {
        name,
        include: [`${folder}/**/*.test.{ts,tsx}`],
        exclude: ['**/node_modules/**', '**/dist/**', 'tests/e2e/**'],
      },
    })),
  },
})
