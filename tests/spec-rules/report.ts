// npm run spec [-- --counts] [-- --check rooms.md orchestration.md]: which rules of docs/spec the tests name.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readSourceFiles } from '../source-files.ts'
import { coverRules, presentGroups, unknownRules, type RuleCoverage } from './coverage.ts'
import { parseRules } from './rules.ts'
import { namedTestsOf } from './test-titles.ts'

const { values, positionals } = parseArgs({
  options: { counts: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
  allowPositionals: true,
})

const pages = readdirSync('docs/spec')
  .filter((name) => name.endsWith('.md'))
  .toSorted()
const unknownPage = positionals.find((name) => !pages.includes(name))
if (unknownPage !== undefined) {
  console.error(`docs/spec has no page ${unknownPage}; it has ${pages.join(', ')}.`)
  process.exit(2)
}
const rules = pages.flatMap((page) => parseRules(page, readFileSync(`docs/spec/${page}`, 'utf8')))
const tests = readSourceFiles(['packages', 'apps', 'tests', 'examples'])
  .filter(({ path }) => !path.startsWith('tests/spec-rules/'))
  .flatMap(namedTestsOf)
const packages = readdirSync('packages').filter((name) => existsSync(`packages/${name}/src/index.ts`))
const covered = coverRules(rules, tests, presentGroups(new Set(packages)))

for (const page of positionals.length > 0 ? positionals : pages) {
  const ofPage = covered.filter(({ rule }) => rule.page === page)
  if (ofPage.length === 0) continue
  const count = (status: RuleCoverage['status']): number => ofPage.filter((entry) => entry.status === status).length
  console.log(
    `${page.padEnd(18)} ${ofPage.length} rules: ${count('named')} named, ${count('missing')} unnamed, ${count('waiting')} waiting`,
  )
  if (!values.counts) for (const entry of ofPage) console.log(`  ${describe(entry)}`)
}
const slips = unknownRules(rules, tests)
for (const { id, test } of slips) console.log(`unknown rule ${id} named at ${test.path}:${test.line}`)

if (values.check) {
  const missing = covered.filter(({ rule, status }) => status === 'missing' && positionals.includes(rule.page))
  if (missing.length > 0) console.log(`Due and named by no test: ${missing.map(({ rule }) => rule.id).join(' ')}`)
  process.exitCode = missing.length + slips.length > 0 ? 1 : 0
}

function describe({ rule, tests: named, status }: RuleCoverage): string {
  if (status === 'waiting') return `${rule.id.padEnd(6)} waiting for ${rule.needs.join(', ')}`
  if (status === 'missing') return `${rule.id.padEnd(6)} NO TEST NAMES IT (docs/spec/${rule.page}:${rule.line})`
  return named
    .map(({ path, line, title }, index) => `${(index === 0 ? rule.id : '').padEnd(6)} ${path}:${line} ${title}`)
    .join('\n  ')
}
