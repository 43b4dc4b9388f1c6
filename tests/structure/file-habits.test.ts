import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { readSourceFiles, walkSyntax, type SourceFile } from '../source-files.ts'

const vagueNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'types', 'misc'])

/** What of the house's habits for files a file breaks. */
function habitsBroken(file: SourceFile): string[] {
  const name = basename(file.path).replace(/\..*$/, '')
  const broken: string[] = []
  if (vagueNames.has(name)) broken.push('is named after nothing in particular')
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) broken.push('is not in kebab-case')
  walkSyntax(file, ({ type }) => {
    if (type === 'ExportAllDeclaration') broken.push('exports everything of another file without naming it')
  })
  return broken.map((reason) => `${file.path} ${reason}`)
}

// Parsing all sources takes seconds, and more beside other suites.
test('every source file has a telling name and named exports', { timeout: 60_000 }, () => {
  expect(readSourceFiles(['packages', 'apps', 'examples', 'tests', 'bench']).flatMap(habitsBroken)).toEqual([])
})

test.each([
  ['packages/kit/src/utils.ts', ''],
  ['packages/kit/src/RoomStore.ts', ''],
  ['packages/kit/src/index.ts', `export * from './room.ts'`],
])('%s is found', (path, text) => {
  expect(habitsBroken({ path, text })).toHaveLength(1)
})

test('a fine file has nothing to be found', () => {
  expect(habitsBroken({ path: 'packages/kit/src/room-store.test.ts', text: `export { a } from './a.ts'` })).toEqual([])
})
