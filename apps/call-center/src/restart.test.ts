import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { approve, callAs, openDesk } from './__fixtures__/remote-caller.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const startedSchema = z.object({ port: z.number() })
const running = new Set<ChildProcess>()
const folders: string[] = []

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** Starts the call center as a process of its own, on a folder. */
async function start(folder: string, port: number): Promise<{ port: number; kill(): Promise<void> }> {
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...env } = process.env
  const child = spawn(
    process.execPath,
    [
      '--conditions=@parley/source',
      fileURLToPath(new URL('__fixtures__/serve.ts', import.meta.url)),
      '--port',
      String(port),
    ],
    { cwd: root, env: { ...env, PARLEY_DATA_DIR: join(folder, 'data') }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  running.add(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`The process ended early: ${errors}`))),
  ])) as [string]
  return {
    port: startedSchema.parse(JSON.parse(line)).port,
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      running.delete(child)
    },
  }
}

test('a process that is killed in the story goes on where it was: same agent, one credit, no event twice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-center-'))
  folders.push(folder)
  const first = await start(folder, 0)
  const { port } = first
  const origin = `http://127.0.0.1:${port}`
  const caller = await callAs('ada', origin)
  await caller.hear(/this is Riley/)
  await caller.say('I was charged twice')
  await caller.hear(/account number/)
  await caller.say('204417')
  await caller.hear(/enter your PIN/)
  await caller.pin('4821')
  await caller.hear(/Shall I credit one of them/)

  await first.kill()
  const second = await start(folder, port)
  // Sent on a connection that is down: it arrives once the process is back.
  await caller.say('yes please')
  await caller.hear(/decided by a colleague/)

  await second.kill()
  const third = await start(folder, port)
  const desk = await openDesk(origin)
  await approve(desk, caller.roomId)
  await caller.hear(/\$79\.00 is credited/)

  const state = await desk.rooms.state(caller.roomId)
  expect(state).toMatchObject({ phase: 'billing', activeAgentId: 'billing', mode: 'agent' })
  const { events, head } = await desk.rooms.events(caller.roomId, { limit: 200 })
  expect(events.map(({ index }) => index)).toEqual(Array.from({ length: head + 1 }, (_, index) => index))
  const said = events
    .flatMap(({ content, source }) => (content.type === 'text' && source.kind === 'agent' ? [content.text] : []))
    // Said where a kill fell between an answer and the record of its turn.
    .filter((text) => !text.includes('we were interrupted for a moment'))
  expect(said).toEqual([...new Set(said)])
  const received = caller.events.map(({ index }) => index)
  expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b))
  const card = await fetch(`${origin}/demo/customer/acc-01`, {
    headers: { authorization: `Bearer ${await deskToken(origin)}` },
  })
  expect(await card.json()).toMatchObject({ credits: [{ cents: 7_900, invoiceId: 'INV-2210' }] })
  const runs = await fetch(`${origin}/demo/runs`, { headers: { authorization: `Bearer ${await deskToken(origin)}` } })
  expect(await runs.json()).toMatchObject({ runs: [{ workflow: 'credit-approval', status: 'completed' }] })
  caller.close()
  await third.kill()
}, 150_000)

test('a process that is killed while the PIN is asked for asks again, and the PIN is nowhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-center-'))
  folders.push(folder)
  const first = await start(folder, 0)
  const origin = `http://127.0.0.1:${first.port}`
  const caller = await callAs('ada', origin)
  await caller.say('I was charged twice')
  await caller.hear(/account number/)
  await caller.say('204417')
  await caller.hear(/enter your PIN/)
  await caller.asked()

  await first.kill()
  const second = await start(folder, first.port)
  // A masked question does not outlive its process; the agent says so and asks anew.
  await caller.hear(/we were interrupted\. Please enter your PIN/)
  await caller.pin('4821')
  await caller.hear(/Shall I credit one of them/)
  const { events } = await (await openDesk(origin)).rooms.events(caller.roomId, { limit: 200 })
  expect(JSON.stringify(events)).not.toMatch(/(?<![\w.])4821(?!\w)/)
  caller.close()
  await second.kill()
}, 120_000)

async function deskToken(origin: string): Promise<string> {
  return z.object({ token: z.string() }).parse(await (await fetch(`${origin}/demo/desk`)).json()).token
}
