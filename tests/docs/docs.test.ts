import { expect, test } from 'vitest'
import { errorPages } from './error-pages.ts'
import { brokenLinks } from './links.ts'
import { checkSnippets, regionOf } from './snippets.ts'

const source = `import { a } from 'a'
function f() {
  //#region inner
  const x = 1
    deeper(x)
  //#endregion
}
//#region outer
one()
//#region nested
two()
//#endregion nested
//#endregion outer
`

test('a region is its lines without markers and common indentation', () => {
  expect(regionOf(source, 'inner')).toBe('const x = 1\n  deeper(x)\n')
  expect(regionOf(source, 'outer')).toBe('one()\ntwo()\n')
  expect(regionOf(source, 'absent')).toBeUndefined()
  expect(regionOf('//#region open\na()\n', 'open')).toBeUndefined()
})

test('a snippet that drifted is found and renewed, one without a source is only found', () => {
  const page = [
    '# Page',
    '```ts file=a.ts#outer\none()\ntwo()\n```',
    '```ts file=a.ts#inner\nconst x = 2\n```',
    '```ts file=b.ts#inner\nlost()\n```',
    '```ts\nunmarked()\n```',
  ].join('\n')
  const result = checkSnippets('docs/page.md', page, (file) => (file === 'a.ts' ? source : undefined))
  expect(result.problems).toEqual([
    'docs/page.md:6 differs from a.ts#inner',
    'docs/page.md:9 shows b.ts#inner, which does not exist',
  ])
  expect(result.page).toContain('```ts file=a.ts#inner\nconst x = 1\n  deeper(x)\n```')
  expect(result.page).toContain('lost()')
  expect(checkSnippets('docs/page.md', result.page, () => source).problems).toEqual([
    'docs/page.md:10 differs from b.ts#inner',
  ])
})

test('a link to nothing is found, in prose alone', () => {
  const page = '[a](a.md) ![b](../images/b.png#x) [c](https://example.com) [d](#here)\n```\n[e](e.md)\n```\n'
  const seen: string[] = []
  expect(brokenLinks('docs/guide/page.md', page, (path) => seen.push(path) < 2)).toEqual([
    'docs/guide/page.md links to ../images/b.png#x, which does not exist',
  ])
  expect(seen).toEqual(['docs/guide/a.md', 'docs/images/b.png'])
})

test('each code has a page that says whether to retry and where it is described', () => {
  const codes = {
    room_closed: { retryable: false, sentence: 'Closed.', remedy: 'Reopen it.' },
    room: { retryable: true, sentence: 'A | b.' },
  }
  const pages = errorPages(codes, [
    { name: 'rooms.md', text: '# Rooms\n## 1. A\n`room_closed`\n## 2. B\nroom_closed_twice\n' },
  ])
  expect([...pages.keys()]).toEqual(['room.md', 'room_closed.md', 'README.md'])
  expect(pages.get('room_closed.md')).toContain('Retryable: no')
  expect(pages.get('room_closed.md')).toContain('What to do: Reopen it.')
  expect(pages.get('room_closed.md')).toContain('Described in: [rooms.md, 1. A](../spec/rooms.md)\n')
  expect(pages.get('room.md')).not.toContain('Described in')
  expect(pages.get('README.md')).toContain('| [`room`](room.md) | yes | A \\| b. |')
})
