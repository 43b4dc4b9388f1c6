// npm run smoke [-- --json]: starts the call center as `npm start` does, on an empty in-memory database, opens its pages,
// plays the story of a double charge over HTTP and WebSocket with @parley/client, and stops the server with Ctrl+C: the
// way a newcomer's first minutes go. Names the step that failed and ends with 1.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { approve, callAs, openDesk } from '../../apps/call-center/src/__fixtures__/remote-caller.ts'

const startMs = 60_000
const stopMs = 10_000
/** The colleague at the desk. */
const kim = 'desk-kim'
const isJson = process.argv.includes('--json')

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
const origin = `http://127.0.0.1:${port}`
// The local rules are what is smoked: a key in the environment would make it another test.
const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...env } = process.env
const child = spawn(command, [...args, '--no-open', '--port', String(port)], {
  env: { ...env, PARLEY_DATABASE_URL: 'memory://' },
  stdio: ['ignore', 'pipe', 'pipe'],
})
let output = ''
for (const stream of [child.stdout, child.stderr])
  stream.setEncoding('utf8').on('data', (text: string) => (output += text))
const exited = once(child, 'exit')
const steps: { step: string; ms: number }[] = []

async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  try {
    const result = await run()
    const ms = Math.round(performance.now() - begun)
    steps.push({ step: name, ms })
    if (!isJson) console.log(`ok  ${name}  ${ms} ms`)
    return result
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

let failed: string | undefined
try {
  await step('start', async () => {
    const first = await Promise.race([
      firstAnswer(`${origin}/`, performance.now() + startMs),
      exited.then(() => Promise.reject(new Error(`the server ended with ${child.exitCode} before it answered`))),
    ])
    if (!first.ok || !(await first.text()).includes('<')) throw new Error(`/ answered ${first.status} without a page`)
  })
  await step('pages', async () => {
    for (const path of ['/desk', '/health', '/openapi.json']) {
      const { status } = await fetch(origin + path, { signal: AbortSignal.timeout(5_000) })
      if (status !== 200) throw new Error(`${path} answered ${status}`)
    }
  })
  const caller = await step('open a room', () => callAs('ada', origin))
  await step('greeting', () => caller.hear(/this is Riley/))
  await step('say what it is about', async () => {
    await caller.say('I was charged twice')
    await caller.hear(/account number/)
  })
  await step('account number', async () => {
    await caller.say('204417')
    await caller.hear(/enter your PIN/)
  })
  await step('PIN and handoff to billing', async () => {
    await caller.pin('4821')
    await caller.hear(/Morgan from billing.*two payments of \$79\.00/)
  })
  await step('credit waits for the desk', async () => {
    await caller.say('yes please')
    await caller.hear(/decided by a colleague/)
  })
  const desk = await step('approval at the desk', async () => {
    const client = await openDesk(origin)
    await approve(client, caller.roomId)
    return client
  })
  await step('outcome', () => caller.hear(/\$79\.00 is credited/))
  await step('the desk takes over and answers', async () => {
    await desk.rooms.addMember(caller.roomId, { participantId: kim, displayName: 'Kim', role: 'agent' })
    const { mode, activeAgentId } = await desk.desk.takeover(caller.roomId, { participantId: kim })
    if (mode !== 'human' || activeAgentId !== null) throw new Error(`the room is in mode ${mode} with ${activeAgentId}`)
    await desk.rooms.send(caller.roomId, { text: 'Kim here. The credit is on its way.', participantId: kim })
    await caller.hear(/Kim here/, 'person')
  })
  await step('the desk hands back', async () => {
    const payload = { topic: 'charge', callerWords: 'charged twice', summary: 'The credit is explained.' }
    await desk.desk.handBack(caller.roomId, { target: 'billing', participantId: kim, payload, note: 'Explained it' })
    await caller.hear(/./)
    const { activeAgentId } = await desk.rooms.state(caller.roomId)
    if (activeAgentId !== 'billing') throw new Error(`the room is with ${activeAgentId}`)
  })
  await step('log without gap, repeat or PIN', async () => {
    const seen = caller.events.map(({ index }) => index)
    if (seen.some((index, place) => place > 0 && index <= (seen[place - 1] ?? -1)))
      throw new Error('events reached the caller out of order')
    const { events: log, head } = await desk.rooms.events(caller.roomId, { limit: 200 })
    if (log.length !== head + 1 || log.some(({ index }, place) => index !== place))
      throw new Error('the log has a gap or a repeat')
    if (JSON.stringify([log, caller.events]).includes('4821')) throw new Error('the PIN is in the log')
    caller.close()
  })
  await step('stop', async () => {
    child.kill('SIGINT')
    const isTimely = await Promise.race([exited.then(() => true), wait(stopMs, false, { ref: false })])
    if (!isTimely) throw new Error(`still running ${stopMs} ms after Ctrl+C`)
    if (child.exitCode !== 0) throw new Error(`ended with ${child.exitCode ?? child.signalCode} after Ctrl+C`)
  })
} catch (error) {
  failed = error instanceof Error ? error.message : String(error)
} finally {
  child.kill('SIGKILL')
}
if (failed !== undefined) console.error(`${failed}\n${output.slice(-4_000)}`)
if (isJson)
  console.log(JSON.stringify({ ok: failed === undefined, ...(failed === undefined ? {} : { failed }), steps }))
else console.log(failed === undefined ? 'The call center starts, serves a caller and stops.' : 'The smoke test failed.')
process.exit(failed === undefined ? 0 : 1)
