// npm run examples [-- 03-two-agents-handoff ...]: runs every example to its end, one after another, without keys.
// An example asserts what it shows, so one that ends with anything but 0 no longer shows it.
import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { runCommand } from '../run-command.ts'

const timeoutMs = 120_000
const wanted = process.argv.slice(2)
const files = globSync('examples/*/main.ts')
  .toSorted()
  .filter((file) => wanted.length === 0 || wanted.some((name) => dirname(file).includes(name)))

if (files.length === 0) {
  console.error(
    wanted.length === 0 ? 'There are no examples in examples/.' : `No example is called ${wanted.join(' or ')}.`,
  )
  process.exit(1)
}

// An example that quietly uses a key of this machine would fail for a newcomer.
const keys = Object.keys(process.env).filter((name) => name.endsWith('_API_KEY') || name.startsWith('PARLEY_'))
const withoutKeys = Object.fromEntries(keys.map((name) => [name, '']))

let failed = 0
for (const file of files) {
  const started = performance.now()
  const { code, output } = await runCommand('node', ['--conditions=@parley/source', file], {
    environment: withoutKeys,
    timeoutMs,
  })
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${seconds.padStart(5)} s  ${dirname(file)}`)
  if (code === 0) continue
  failed += 1
  console.log(code === 124 ? `       did not end within ${timeoutMs / 1_000} s` : `       ended with ${code}`)
  console.log(output.trim().slice(-4_000).replaceAll(/^/gm, '       '))
}
console.log(`${files.length - failed} of ${files.length} examples ran to their end.`)
process.exitCode = failed === 0 ? 0 : 1
