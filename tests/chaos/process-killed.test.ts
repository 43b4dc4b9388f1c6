import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs the process to its end and gives the signal that ended it. */
async function run(...given: string[]): Promise<{ signal: string | null; code: number | null; errors: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@parley/source', fileURLToPath(new URL('crash-child.ts', import.meta.url)), ...given],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], timeout: 50_000 },
  )
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return { code, signal, errors }
}

interface Entry {
  deliveryId?: string
  text?: string
  log?: { index: number; kind: string; text: string }[]
  deliveredIndex?: number
  again?: unknown
}

test.each(['before commit', 'after commit', 'before cursor', 'in turn'])(
  'LN-4 TU-3 EV-1 a process killed %s: after a restart the line is there once, delivered under one id, answered once, with no gap',
  async (when) => {
    const folder = await mkdtemp(join(tmpdir(), 'parley-chaos-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [data, record] = [join(folder, 'data'), join(folder, 'record')]
    expect((await run(data, record, when)).signal).toBe('SIGKILL')
    const resumed = await run(data, record, 'resume')
    expect(resumed).toMatchObject({ code: 0 })
    // Every line was written as JSON by the process.
    const entries = (await readFile(record, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry)
    const { log = [], deliveredIndex, again } = entries.at(-1) ?? {}
    expect(log.map(({ index }) => index)).toEqual(log.map((_event, index) => index))
    const texts = log.map(({ text }) => text)
    expect(texts).toEqual(['one', 'heard one', 'boom', 'heard boom'])
    // The caller who got no answer sends it again under its key.
    expect(again).toEqual({ duplicate: when !== 'before commit' })
    expect(deliveredIndex).toBe(3)
    const deliveries = entries.filter(({ deliveryId }) => deliveryId !== undefined)
    const ids = new Map(deliveries.map(({ deliveryId, text }) => [deliveryId, text]))
    expect([...ids.values()].sort()).toEqual(['boom', 'heard boom', 'heard one', 'one'])
    // Only what was delivered without the cursor having been stored may come again, under the same id.
    if (when === 'before commit' || when === 'after commit') expect(deliveries).toHaveLength(ids.size)
  },
  120_000,
)
