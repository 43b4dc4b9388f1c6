import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Figure } from '../../bench/figure.ts'
import { suites } from '../../bench/suites.ts'

const root = new URL('../..', import.meta.url)

/** Runs the command line as `npm run bench` does. */
async function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const run = promisify(execFile)(process.execPath, ['--conditions=@parley/source', 'bench/main.ts', ...args], {
    cwd: root,
  })
  // What a failed run rejects with has its streams and its code.
  const done = await run.catch((error: { code: number; stdout: string; stderr: string }) => error)
  return { code: 'code' in done ? done.code : 0, out: done.stdout, err: done.stderr }
}

describe('the command line of the benchmarks', () => {
  test('lists every benchmark and figure without a name', async () => {
    const { code, out } = await bench()
    expect(code).toBe(0)
    for (const [name, { scenarios }] of Object.entries(suites))
      for (const part of [name, ...Object.keys(scenarios)]) expect(out).toContain(part)
  }, 60_000)

  test('names the nearest benchmark for an unknown one', async () => {
    const { code, out, err } = await bench('inbond')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Did you mean "inbound"?')
  }, 60_000)

  test('prints nothing but figures to standard output with --json', async () => {
    const { code, out, err } = await bench('inbound-floor', '--json', '--quick')
    expect(code).toBe(0)
    // What the command printed, checked below.
    const figures = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Figure)
    expect(figures).toMatchObject([
      { bench: 'inbound', metric: 'inbound-floor', unit: 'messages/s', peerName: 'array push and emit', n: 1 },
    ])
    for (const { ours, peer, ratio } of figures)
      expect([ours, peer, ratio].every((value) => typeof value === 'number' && value > 0)).toBe(true)
    expect(err).toContain('warm-up')
  }, 60_000)

  test('loads every scenario that it lists', async () => {
    for (const { scenarios } of Object.values(suites))
      for (const load of Object.values(scenarios)) expect(typeof (await load())).toBe('function')
  }, 60_000)
})
