// The command line, as a person would type it: npm run -s parley -- run greeting.yaml --input '{"name":"Ada"}'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'

const main = new URL('../../packages/cli/src/main.ts', import.meta.url)

function parley(...args: string[]): Promise<{ exit: number | null; printed: string }> {
  const child = spawn(process.execPath, ['--conditions=@parley/source', main.pathname, ...args], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  console.log(`\n$ parley ${args.join(' ')}`)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exit) => {
      console.log(printed.trimEnd())
      resolve({ exit, printed })
    })
  })
}

const valid = await parley('validate', 'greeting.yaml', 'support.yaml', 'delivery.yaml')
assert.equal(valid.exit, 0)
assert.match(valid.printed, /0 errors, 0 warnings in 3 files/)

const run = await parley('run', 'greeting.yaml', '--input', '{"name":"Ada"}')
assert.equal(run.exit, 0)
assert.match(run.printed, /HELLO, ADA!/)

// The input is JSON and nothing else; it is checked by the contract of the document before anything runs.
const wrong = await parley('run', 'greeting.yaml', '--input', '{"name":7}')
assert.equal(wrong.exit, 1)
assert.match(wrong.printed, /name: expected str, found int/)
assert.equal((await parley('run', 'greeting.yaml', '--input', 'name=Ada')).exit, 2)

// Files are looked for below the folder it is called in, and looked at before they are loaded.
assert.equal((await parley('run', '../15-workflow-dag/quick-start.ts')).exit, 3)

const version = await parley('version')
assert.match(version.printed, /^parley \d/)
