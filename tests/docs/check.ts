// npm run docs:check: snippets equal the compiled code they show, every error code has its page, links lead somewhere.
// npm run docs:sync writes what can be written.
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { errorCodes } from '@parley/spec'
import { errorPages } from './error-pages.ts'
import { brokenLinks } from './links.ts'
import { checkSnippets } from './snippets.ts'

const isWriting = process.argv.includes('--write')
const problems: string[] = []

const spec = readdirSync('docs/spec')
  .filter((name) => name.endsWith('.md'))
  .toSorted()
  .map((name) => ({ name, text: readFileSync(`docs/spec/${name}`, 'utf8') }))
const wanted = errorPages(errorCodes, spec)
mkdirSync('docs/errors', { recursive: true })
for (const [name, text] of wanted) {
  const path = `docs/errors/${name}`
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
  if (isWriting) writeFileSync(path, text)
  else problems.push(`${path} ${existsSync(path) ? 'is out of date' : 'is missing'}`)
}
for (const name of readdirSync('docs/errors').filter((file) => !wanted.has(file))) {
  if (isWriting) rmSync(`docs/errors/${name}`)
  else problems.push(`docs/errors/${name} describes a code that does not exist`)
}

const pages = [
  ...globSync('*.md'),
  ...globSync('docs/**/*.{md,txt}'),
  ...globSync('{packages,apps,examples}/*/*.md'),
].filter((path) => !path.startsWith('docs/spec/'))
for (const path of pages) {
  const page = readFileSync(path, 'utf8')
  const result = checkSnippets(path, page, (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined))
  if (isWriting && result.page !== page) writeFileSync(path, result.page)
  problems.push(
    ...(isWriting ? result.problems.filter((problem) => problem.endsWith('does not exist')) : result.problems),
  )
  problems.push(...brokenLinks(path, page, existsSync))
}

for (const problem of problems) console.error(problem)
console.log(
  problems.length === 0
    ? `${pages.length} pages and ${wanted.size - 1} error codes are in order.`
    : `${problems.length} problems. npm run docs:sync mends snippets and error pages.`,
)
process.exitCode = problems.length === 0 ? 0 : 1
