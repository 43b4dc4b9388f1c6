import { expect, test } from 'vitest'
import { readSourceFiles } from '../source-files.ts'
import { findBreaches, importsOf } from './import-graph.ts'

const breachesOf = (path: string, text: string): string[] => findBreaches([{ path, text }])

// Parsing all sources takes seconds, and more beside other suites.
test('no source breaks the layer table', { timeout: 60_000 }, () => {
  const files = readSourceFiles(['packages', 'apps', 'examples', 'tests', 'bench'])
  expect(files.length).toBeGreaterThan(20)
  expect(findBreaches(files)).toEqual([])
})

test('every way to name a module is seen', () => {
  const text = [
    `import type { A } from 'a'`,
    `export { b } from 'b'`,
    `export * from 'c'`,
    `const d = await import('d')`,
    `type E = import('e').E`,
    `import f = require('f')`,
    `const text = "import 'g'" // import 'h'`,
  ].join('\n')
  const found = importsOf({ path: 'packages/kit/src/a.ts', text })
  expect(found.map(({ specifier, line }) => `${specifier}:${line}`)).toEqual(['a:1', 'b:2', 'c:3', 'd:4', 'e:5', 'f:6'])
})

test.each([
  ['an upper layer', 'packages/kit/src/a.ts', `import { x } from '@parley/voice'`],
  ['a type of an upper layer', 'packages/spec/src/a.ts', `import type { X } from '@parley/kit'`],
  ['a package of the same layer', 'packages/kit/src/a.ts', `export { x } from '@parley/workflow'`],
  ['a lower layer that the table does not grant', 'packages/postgres/src/a.ts', `import { x } from '@parley/kit'`],
  ['testing outside tests', 'packages/kit/src/a.ts', `import { x } from '@parley/testing'`],
  ['an upper layer in a test', 'packages/kit/src/a.test.ts', `import { x } from '@parley/server'`],
  ['a node: module in kit', 'packages/kit/src/a.ts', `import { readFile } from 'node:fs/promises'`],
  ['a node: module in voice', 'packages/voice/src/a.ts', `const fs = await import('node:fs')`],
  ['a sibling by path', 'packages/kit/src/a.ts', `import { x } from '../../spec/src/ids.ts'`],
  ['itself by name', 'packages/kit/src/a.ts', `import { x } from '@parley/kit'`],
  ['a path without its ending', 'packages/kit/src/a.ts', `import { x } from './b'`],
  ['a library in the core', 'packages/kit/src/a.ts', `import pRetry from 'p-retry'`],
  ['an adapter in cli, statically', 'packages/cli/src/a.ts', `import { x } from '@parley/openai'`],
  ['anything, as a package that nobody entered', 'packages/surprise/src/a.ts', `import { z } from 'zod'`],
])('importing %s is a breach', (_what, path, text) => {
  expect(breachesOf(path, text)).toHaveLength(1)
})

test.each([
  ['packages/kit/src/a.ts', `import { x } from '@parley/spec'; import { z } from 'zod'; import { y } from './b.ts'`],
  ['packages/kit/src/a.test.ts', `import { x } from '@parley/testing'; import { readFileSync } from 'node:fs'`],
  [
    'packages/postgres/src/a.test.ts',
    `import { Kit } from '@parley/kit'; import { need } from '../../../tests/requirement.ts'`,
  ],
  ['packages/voice/src/endpoints/a.ts', `import { createServer } from 'node:http'`],
  ['packages/cli/src/a.ts', `const adapter = await import('@parley/openai')`],
  ['packages/server/src/a.ts', `import { x } from '@parley/postgres'; import { y } from '@parley/kit'`],
  ['apps/call-center/src/a.ts', `import { x } from '@parley/server'; import './a.css'`],
])('%s may import what the table grants', (path, text) => {
  expect(breachesOf(path, text)).toEqual([])
})
