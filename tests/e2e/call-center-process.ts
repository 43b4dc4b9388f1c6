import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@parley/client'
import type { RoomEvent, RoomId } from '@parley/spec'
import { z } from 'zod'

const startedSchema = z.object({ url: z.string(), port: z.number() })
const deskSchema = z.object({ token: z.string() })
const startLimitMs = 100_000

/** The call center as a process of its own, on a data folder of its own. */
export interface CallCenterProcess {
  readonly url: string
  /** A client with the desk's key: what the log says, whatever a page shows. */
  readonly client: Client
  /** The whole log of a room, as the desk may read it. */
  log(roomId: RoomId): Promise<RoomEvent[]>
  /** What the business knows of the customer that a room's caller is verified as. */
  customer(roomId: RoomId): Promise<unknown>
  /** Ends the process without a word, as a crash does. */
  kill(): Promise<void>
  /** Tells it to stop, as Ctrl+C does; gives its exit code. */
  stop(): Promise<number | null>
  /** Starts it again: same port, same data. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts `npm start` on a free port without keys, and waits until it listens. */
export async function startCallCenter(): Promise<CallCenterProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'))
  let running = await spawnServer(folder, '0')
  const { url, port } = running.started
  const { token } = deskSchema.parse(await (await fetch(`${url}/demo/desk`)).json())
  const client = createClient({ baseUrl: url, token })
  const stop = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return
    const ended = once(running.child, 'exit')
    running.child.kill(signal)
    await ended
  }
  return {
    url,
    client,
    async log(roomId) {
      const { events } = await client.rooms.events(roomId, { limit: 200 })
      return events
    },
    async customer(roomId) {
      const { accountId } = (await client.rooms.state(roomId)).context
      if (typeof accountId !== 'string') throw new Error('The caller of this room is not verified.')
      const answer = await fetch(`${url}/demo/customer/${accountId}`, { headers: { authorization: `Bearer ${token}` } })
      return answer.json()
    },
    kill: () => stop('SIGKILL'),
    async stop() {
      await stop('SIGTERM')
      return running.child.exitCode
    },
    async start() {
      running = await spawnServer(folder, String(port))
    },
    async [Symbol.asyncDispose]() {
      await stop('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function spawnServer(
  folder: string,
  port: string,
): Promise<{ child: ChildProcess; started: z.infer<typeof startedSchema> }> {
  const child = spawn(
    process.execPath,
    ['--conditions=@parley/source', 'apps/call-center/src/main.ts', '--json', '--no-open', '--port', port],
    // No key of this machine may reach the agents: they are to answer by their rules.
    {
      env: { PATH: process.env['PATH'] ?? '', PARLEY_DATA_DIR: join(folder, 'data') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(`was not ready within ${startLimitMs} ms`), startLimitMs)
    const fail = (why: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`The call center ${why}.\n${errors}`))
    }
    child.once('exit', (code) => fail(`ended with ${code}`))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (!output.includes('\n')) return
      clearTimeout(timer)
      child.removeAllListeners('exit')
      resolve({ child, started: startedSchema.parse(JSON.parse(output.slice(0, output.indexOf('\n')))) })
    })
  })
}
