import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runCommand } from '../run-command.ts'

// The guides' code, run as a reader runs it: a process per file, from source, without keys.
const keys = Object.keys(process.env).filter((name) => name.endsWith('_API_KEY') || name.startsWith('PARLEY_'))
const environment = Object.fromEntries(keys.map((name) => [name, '']))
const files = globSync('docs/snippets/*.ts').toSorted()

test.each(files)('%s does what its guide says', { timeout: 120_000 }, async (file) => {
  const { code, output } = await runCommand(process.execPath, ['--conditions=@parley/source', file], {
    environment,
    timeoutMs: 110_000,
  })
  expect(output, `${file} ended with ${code}`).not.toMatch(/AssertionError|Uncaught|Error:/)
  expect(code).toBe(0)
})
