import { expect, test } from 'vitest'
import { lineOf, isNode, readSourceFiles, walkSyntax, type SourceFile } from '../source-files.ts'

const theOnePlace = 'commit-to-log.ts'

/** Where a file calls `commit` of a store: `store.commit(...)`, `this.#store.commit(...)`, `options.store?.commit(...)`. */
function commitCalls(file: SourceFile): string[] {
  const found: string[] = []
  walkSyntax(file, (node) => {
    const callee = node['callee']
    if (node.type !== 'CallExpression' || !isNode(callee) || callee.type !== 'MemberExpression') return
    if (nameOf(callee['property']) === 'commit' && /store$/i.test(nameOf(callee['object']) ?? '')) {
      found.push(`${file.path}:${lineOf(file, node.start)}`)
    }
  })
  return found
}

/** The last name of `a`, `a.b` or `this.#b`. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'MemberExpression') return nameOf(node['property'])
  return typeof node['name'] === 'string' ? node['name'] : undefined
}

// Parsing all sources takes seconds, and more beside other suites.
test('IN-1 events enter a room in one place', { timeout: 60_000 }, () => {
  const files = readSourceFiles(['packages/kit/src']).filter(({ path }) => !path.endsWith('.test.ts'))
  const calls = files.flatMap(commitCalls)
  expect(calls.filter((call) => !call.includes(`/${theOnePlace}:`))).toEqual([])
  expect(calls).toHaveLength(1)
})

test.each(['store.commit(a)', 'this.#store.commit(a)', 'await options.store?.commit(a)', 'eventStore.commit(a)'])(
  '%s is found',
  (text) => {
    const file = {
      path: 'packages/kit/src/a.ts',
      text: `class A { #store; async f(store, options, eventStore) { ${text} } }`,
    }
    expect(commitCalls(file)).toEqual(['packages/kit/src/a.ts:1'])
  },
)
