import { mkdtemp, mkdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createVirtualClock } from '@parley/testing'
import { runCli } from '../run-cli.ts'
import type { CliWorld } from '../cli-world.ts'
import type { ExitCode } from '../exit-code.ts'

/** What a call of the command line gave. */
export interface CliResult {
  exit: ExitCode
  stdout: string
  stderr: string
}

/** A directory of its own for a test, with files. */
export interface CliFixture {
  readonly cwd: string
  /** Puts files there, by path. */
  write(files: { readonly [path: string]: string }): Promise<void>
  run(argv: readonly string[], world?: Partial<CliWorld>): Promise<CliResult>
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes a directory and the world around it. */
export async function cliFixture(files: { readonly [path: string]: string } = {}): Promise<CliFixture> {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), 'parley-cli-')))
  const fixture: CliFixture = {
    cwd,
    async write(given) {
      for (const [path, text] of Object.entries(given)) {
        await mkdir(dirname(join(cwd, path)), { recursive: true })
        await writeFile(join(cwd, path), text)
      }
    },
    async run(argv, world = {}) {
      const written = { stdout: '', stderr: '' }
      const exit = await runCli({
        argv,
        cwd,
        env: {},
        stdout: { write: (text) => void (written.stdout += text) },
        stderr: { write: (text) => void (written.stderr += text) },
        stdin: noInput(),
        signal: new AbortController().signal,
        clock: createVirtualClock(),
        ...world,
      })
      return { exit, ...written }
    },
    [Symbol.asyncDispose]: () => rm(cwd, { recursive: true, force: true }),
  }
  await fixture.write(files)
  return fixture
}

async function* noInput(): AsyncGenerator<string> {}
