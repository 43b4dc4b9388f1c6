import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LedgerEntry } from '@parley/spec'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../../packages/postgres/src/store/__fixtures__/test-server.ts'
import { describeNeeding } from '../requirement.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const child = fileURLToPath(new URL('kill-child.ts', import.meta.url))
/** How many processes are killed; more in the nightly run. */
const kills = Number(process.env['PARLEY_KILLS'] ?? 5)

interface Line {
  ready?: boolean
  ended?: string[]
  begun?: string
  stepKey?: string
  effect?: boolean
  called?: boolean
  done?: boolean
  status?: string
  output?: unknown
  seqs?: number[]
  types?: string[]
  costNanoUsd?: number | null
  ledger?: Pick<LedgerEntry, 'key' | 'kind' | 'basis' | 'costNanoUsd'>[]
}

async function readLines(record: string): Promise<Line[]> {
  const text = await readFile(record, 'utf8').catch(() => '')
  // Every line was written as JSON by a child; the last one may be on its way still.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
}

/** Runs a process; kills it after so many lines of its record, and a moment. Tells whether it was killed. */
async function live(
  address: string,
  record: string,
  runId: string,
  killAfter?: { lines: number; ms: number },
): Promise<boolean> {
  const before = (await readLines(record)).length
  const running = spawn(process.execPath, ['--conditions=@parley/source', child, address, record, runId], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  running.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const exited = once(running, 'exit') as Promise<[number | null, string | null]>
  let isOver = false
  void exited.then(() => (isOver = true))
  if (killAfter !== undefined) {
    while (!isOver && (await readLines(record)).length < before + killAfter.lines) await new Promise(setImmediate)
    const untilMs = performance.now() + killAfter.ms
    while (!isOver && performance.now() < untilMs) await new Promise(setImmediate)
    running.kill('SIGKILL')
  }
  const [code, signal] = await exited
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`The process ended with ${String(code)}: ${errors}`)
  return signal === 'SIGKILL'
}

/** Kills processes at random moments, run after run on one database, until as many as were asked for are dead. */
async function survive(address: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-kill-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [moment] = fc.sample(
    fc.array(fc.record({ lines: fc.integer({ min: 1, max: 12 }), ms: fc.integer({ min: 0, max: 8 }) }), {
      minLength: kills,
      maxLength: kills,
    }),
    1,
  )
  let killed = 0
  for (let run = 1; killed < kills; run++) {
    const [record, runId] = [join(folder, `record_${run}`), `run_${run}`]
    // A run is over before so many kills; then the next one is killed.
    while (killed < kills) {
      if (!(await live(address, record, runId, moment?.[killed]))) break
      killed += 1
    }
    await live(address, record, runId)
    check(await readLines(record))
  }
  expect(killed).toBe(kills)
}

const survives = `13.3 18.9 a run of 30 steps survives ${kills} kills: what has ended runs once, effects happen once per key, the ledger balances, no event is lost or doubled`
const options = { timeout: 60_000 + kills * 20_000 }

test(`${survives} (PGlite)`, options, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-kill-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await survive(`file:${join(folder, 'data')}`)
})

describeNeeding('postgres', 'runs that are killed, on a server', (serverUrl) => {
  test(`${survives} (PostgreSQL)`, options, async () => {
    const database = await createTestDatabase(serverUrl, 'kill')
    onTestFinished(() => database.drop())
    await survive(database.url)
  })
})

function check(lines: readonly Line[]): void {
  let ended = new Set<string>()
  const repeated: string[] = []
  const effects = new Map<string, number>()
  for (const { ready, ended: now = [], begun, stepKey = '', effect } of lines) {
    if (ready === true) ended = new Set(now)
    if (begun === undefined) continue
    if (ended.has(stepKey)) repeated.push(stepKey)
    if (effect === true) effects.set(begun, (effects.get(begun) ?? 0) + 1)
  }
  expect(repeated).toEqual([])
  expect([...effects.values()].filter((count) => count > 1)).toEqual([])
  const done = lines.findLast((line) => line.done === true)
  expect(['completed', 'partial']).toContain(done?.status)
  expect(done?.output).toEqual(['x!', 'y!', 'z!'])
  expect(done?.seqs).toEqual(done?.seqs?.map((_, index) => index + 1))
  expect(done?.types?.filter((type) => type === 'run_completed')).toHaveLength(1)
  expect(done?.types?.at(-1)).toBe('run_completed')
  checkLedger(done, lines.filter(({ called }) => called === true).length)
}

/** What was reserved was settled once, nothing else was, every call is in it, and the run costs what it says. */
function checkLedger({ ledger = [], costNanoUsd }: Line = {}, calls: number): void {
  const reserved = ledger.filter(({ kind }) => kind === 'reserve')
  const ended = ledger.filter(({ kind }) => kind !== 'reserve')
  expect(ended.map(({ key }) => key).toSorted()).toEqual(reserved.map(({ key }) => key).toSorted())
  const settled = ended.filter(({ kind }) => kind === 'settle')
  // Four steps ask; what was held when a process died counts as spent, whether or not it was sent.
  expect(settled.filter(({ basis }) => basis === 'usage').length).toBeGreaterThanOrEqual(4)
  expect(settled.length).toBeGreaterThanOrEqual(calls)
  expect(settled.every((entry) => Number(entry.costNanoUsd) > 0)).toBe(true)
  expect(costNanoUsd).toBe(settled.reduce((sum, entry) => sum + Number(entry.costNanoUsd), 0))
}
