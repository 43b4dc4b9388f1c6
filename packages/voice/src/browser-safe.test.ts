import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) =>
    name.endsWith('.ts') &&
    !name.endsWith('.test.ts') &&
    !name.includes('__fixtures__') &&
    !name.startsWith('endpoints/'),
)

test('C-15 nothing outside the endpoints needs Node', () => {
  expect(files.length).toBeGreaterThan(30)
  const foul = files.filter((name) => {
    const text = readFileSync(`${root}${name}`, 'utf8')
    return (
      /from '(?:node:|\.\.?\/(?:[\w-]+\/)*endpoints\/)/u.test(text) || /(?<![.\w])(?:Buffer|process)\.\w/u.test(text)
    )
  })
  expect(foul).toEqual([])
})
