// npm run smoke: starts the call center as `npm start` does, on an empty in-memory database, opens its pages, asks for
// its health and stops it with Ctrl+C, the way a newcomer's first minute goes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'

const startMs = 60_000
const stopMs = 10_000

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('The probe for a free port has no port.')
  return address.port
}

async function firstAnswer(url: string, deadline: number): Promise<Response> {
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(5_000) })
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`No answer from ${url} within ${startMs} ms`, { cause: error })
      await wait(100)
    }
  }
}

const { scripts } = z
  .object({ scripts: z.object({ start: z.string() }) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')))
const [command = 'node', ...args] = scripts.start.split(' ')
const port = await freePort()
const started = performance.now()
const child = spawn(command, [...args, '--no-open', '--port', String(port)], {
  env: { ...process.env, PARLEY_DATABASE_URL: 'memory://' },
  stdio: ['ignore', 'pipe', 'pipe'],
})
let output = ''
for (const stream of [child.stdout, child.stderr])
  stream.setEncoding('utf8').on('data', (text: string) => (output += text))
const exited = once(child, 'exit')
const problems: string[] = []
try {
  const origin = `http://127.0.0.1:${port}`
  const first = await Promise.race([
    firstAnswer(`${origin}/`, started + startMs),
    exited.then(() => Promise.reject(new Error(`The server ended with ${child.exitCode} before it answered.`))),
  ])
  console.log(`answered after ${((performance.now() - started) / 1_000).toFixed(1)} s`)
  if (!first.ok || !(await first.text()).includes('<')) problems.push(`/ answered ${first.status} without a page`)
  for (const path of ['/desk', '/health', '/openapi.json']) {
    const { status } = await fetch(origin + path, { signal: AbortSignal.timeout(5_000) })
    if (status !== 200) problems.push(`${path} answered ${status}`)
  }
  child.kill('SIGINT')
  const timely = await Promise.race([exited.then(() => true), wait(stopMs, false, { ref: false })])
  if (!timely) problems.push(`still running ${stopMs} ms after Ctrl+C`)
  else if (child.exitCode !== 0) problems.push(`ended with ${child.exitCode ?? child.signalCode} after Ctrl+C`)
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error))
} finally {
  child.kill('SIGKILL')
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) console.error(output.slice(-4_000))
console.log(problems.length === 0 ? 'The call center starts, answers and stops.' : `${problems.length} problems.`)
process.exit(problems.length === 0 ? 0 : 1)
