import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const folder = join(import.meta.dirname, '../peers/roomkit')
const python = join(folder, '.venv/bin/python')

/** RoomKit in a process of its own. */
export interface RoomKitPeer {
  /** Runs a round and gives messages per second. */
  round(rooms: number, messagesPerRoom: number): Promise<number>
  close(): void
}

/** Starts RoomKit, or says why it cannot be had. */
export async function openRoomKit(
  progress: (text: string) => void,
): Promise<{ peer: RoomKitPeer } | { peer: undefined; why: string }> {
  try {
    if (!(await isInstalled())) await install(progress)
  } catch (error) {
    return { peer: undefined, why: `RoomKit could not be installed: ${firstLine(error)}` }
  }
  return { peer: start() }
}

async function isInstalled(): Promise<boolean> {
  if (!existsSync(python)) return false
  return run(python, ['-c', 'import roomkit']).then(
    () => true,
    () => false,
  )
}

async function install(progress: (text: string) => void): Promise<void> {
  const base = await findPython()
  progress('RoomKit is installed into bench/peers/roomkit/.venv')
  await run(base, ['-m', 'venv', join(folder, '.venv')])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', join(folder, 'requirements.txt')])
}

/** RoomKit asks for Python 3.12 or later. */
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

function start(): RoomKitPeer {
  const child = spawn(python, [join(folder, 'inbound.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async round(rooms, messagesPerRoom) {
      child.stdin.write(`${rooms} ${messagesPerRoom}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error('RoomKit ended without an answer.')
      // The script's own answer.
      return (JSON.parse(line.value) as { perSecond: number }).perSecond
    },
    close: () => child.stdin.end(),
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? 'unknown'
}
