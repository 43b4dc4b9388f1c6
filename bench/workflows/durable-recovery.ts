import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@parley/postgres'
import { toFigure } from '../figure.ts'
import { median } from '../statistics.ts'
import type { Scenario } from '../suite.ts'
import { countEffects, type WorkerLife } from './count-effects.ts'
import type { Payload } from './payload.ts'

/** What a worker tells before it ends. */
interface WorkerAnswer {
  /** From being ready to the first step that was not done. */
  resumedMs: number
  /** Steps that were kept when it started; -1 when there was no run yet. */
  completed: number
  status?: string
  output?: Payload
}

const modes = ['before', 'after', 'later']

/** Time to take a killed run up again; kill -9 at 20 of its steps. No step may be lost, and none that was kept run again. */
export const durableRecovery: Scenario = async function* ({ progress, isQuick }) {
  const steps = isQuick ? 60 : 1_000
  const kills = isQuick ? 3 : 20
  const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  const server = process.env['PARLEY_TEST_POSTGRES_URL']
  try {
    const uri = server === undefined ? `file:${join(folder, 'data')}` : await freshDatabase(server)
    const effects = join(folder, 'effects')
    const lives: WorkerLife[] = []
    const resumed: number[] = []
    let last: WorkerAnswer | undefined
    for (let life = 0; life <= kills; life++) {
      const killAt = life === kills ? -1 : Math.floor(((life + 1) * steps) / (kills + 1))
      progress(killAt === -1 ? 'the last one goes to the end' : `kill -9 at step ${killAt} of ${steps}`)
      const before = (await linesOf(effects)).length
      const code = await work([uri, effects, String(steps), String(killAt), modes[life % modes.length] ?? 'after'])
      if (killAt === -1 && code !== 0) throw new Error(`The last worker ended with ${code}.`)
      const answer = (await linesOf(`${effects}.answers`)).at(-1)
      if (answer === undefined) throw new Error('A worker ended without a word.')
      // What recovery-worker.ts writes.
      last = JSON.parse(answer) as WorkerAnswer
      if (life > 0) resumed.push(last.resumedMs)
      const ran = (await linesOf(effects)).slice(before).map(Number)
      lives.push({ kept: Math.max(0, last.completed), ran })
    }
    if (last?.status !== 'completed' || last.output?.count !== steps)
      throw new Error(`The run ended ${last?.status ?? 'nowhere'} at ${last?.output?.count ?? 0} of ${steps} steps.`)
    const { lost, repeated, interrupted } = countEffects(lives, steps)
    if (lost > 0 || repeated > 0) throw new Error(`${lost} steps were lost and ${repeated} ran again that were kept.`)
    yield toFigure({
      metric: 'durable-chain-recovery',
      unit: 'ms',
      better: 'lower',
      ours: median(resumed),
      peer: null,
      peerName: 'none',
      n: resumed.length,
      note: `From the start of recover() to the first step that was not done, on ${server === undefined ? 'PGlite' : 'PostgreSQL'}; longest ${Math.round(Math.max(...resumed))} ms. Lost 0, repeated 0; ${interrupted} of ${kills} were killed between effect and commit and ran again with the same key.`,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The worker takes up whatever nobody holds, so it has a database of its own. */
async function freshDatabase(server: string): Promise<string> {
  const database = await openDatabase(server)
  try {
    await database.query('DROP DATABASE IF EXISTS parley_bench_recovery WITH (FORCE)')
    await database.query('CREATE DATABASE parley_bench_recovery')
  } finally {
    await database.close()
  }
  const uri = new URL(server)
  uri.pathname = '/parley_bench_recovery'
  return uri.href
}

async function work(args: readonly string[]): Promise<number | null> {
  const script = join(import.meta.dirname, 'recovery-worker.ts')
  const child = spawn(process.execPath, ['--conditions=@parley/source', script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  // Null when it was killed.
  return code as number | null
}

async function linesOf(file: string): Promise<string[]> {
  if (!existsSync(file)) return []
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}
