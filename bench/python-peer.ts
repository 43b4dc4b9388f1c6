import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A peer of Python in `bench/peers/<folder>`, with a `.venv` and `requirements.txt` of its own there. */
export interface PythonPeerOptions {
  folder: string
  /** As a person calls it. */
  name: string
  /** What Python imports it by. */
  module: string
  /** Answers each line of standard input with one line of JSON. */
  script: string
}

/** A peer in a process of its own. */
export interface PythonPeer {
  /** Sends a line and gives the script's answer, whose shape the caller knows. */
  ask<Answer>(line: string): Promise<Answer>
  close(): void
}

/** Starts a peer of Python, installing it first, or says why it cannot be had. */
export async function openPythonPeer(
  options: PythonPeerOptions,
  progress: (text: string) => void,
): Promise<{ peer: PythonPeer } | { peer: undefined; why: string }> {
  const folder = join(import.meta.dirname, 'peers', options.folder)
  const python = join(folder, '.venv/bin/python')
  try {
    if (!(await isInstalled(python, options.module))) {
      progress(`${options.name} is installed into bench/peers/${options.folder}/.venv`)
      await run(await findPython(), ['-m', 'venv', join(folder, '.venv')])
      await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', join(folder, 'requirements.txt')])
    }
  } catch (error) {
    return { peer: undefined, why: `${options.name} could not be installed: ${firstLine(error)}` }
  }
  return { peer: start(python, join(folder, options.script), options.name) }
}

async function isInstalled(python: string, module: string): Promise<boolean> {
  if (!existsSync(python)) return false
  return run(python, ['-c', `import ${module}`]).then(
    () => true,
    () => false,
  )
}

/** The peers ask for Python 3.12 or later. */
async function findPython(): Promise<string> {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')
  const own = await readdir(versions).catch(() => [])
  const candidates = [
    'python3.12',
    'python3.13',
    'python3',
    ...own.map((version) => join(versions, version, 'bin/python3')),
  ]
  for (const candidate of candidates) {
    const isFit = await run(candidate, ['-c', 'import sys; sys.exit(sys.version_info < (3, 12))']).then(
      () => true,
      () => false,
    )
    if (isFit) return candidate
  }
  throw new Error('there is no Python 3.12 or later on this machine')
}

function start(python: string, script: string, name: string): PythonPeer {
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask<Answer>(text: string) {
      child.stdin.write(`${text}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error(`${name} ended without an answer.`)
      // The script's own answer.
      return JSON.parse(line.value) as Answer
    },
    close: () => child.stdin.end(),
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'unknown'
}
