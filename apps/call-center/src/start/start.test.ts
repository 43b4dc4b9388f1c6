import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ParleyError, type ChatModel } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { createCallCenter } from '../app.ts'
import { chooseModel } from './choose-model.ts'
import { hasSomebody } from './open-browser.ts'
import { deskKey, readSecret } from './secrets.ts'
import { readSettings } from './settings.ts'
import { startText } from './start-text.ts'

function refusal(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return ParleyError.isInstance(error) ? [error.code, error.message] : error
  }
  return undefined
}

test('flags win over the environment, and wrong ones are named', () => {
  expect(readSettings([], {})).toMatchObject({
    port: 4310,
    isPortFixed: false,
    host: '127.0.0.1',
    databaseUrl: 'file:.parley/data',
    seed: 1,
    open: true,
    voice: true,
    record: true,
  })
  expect(
    readSettings(['--port', '5000', '--seed', '7', '--no-open', '--reset', '--json'], { PARLEY_PORT: '1' }),
  ).toMatchObject({
    port: 5000,
    isPortFixed: true,
    seed: 7,
    open: false,
    reset: true,
    json: true,
  })
  expect(refusal(() => readSettings([], { PARLEY_PORT: '43l0' }))).toEqual([
    'config_invalid',
    'PARLEY_PORT is "43l0"; a number from 0 to 65535 is needed.',
  ])
  expect(refusal(() => readSettings(['--prot', '1'], {}))).toMatchObject([
    'config_invalid',
    expect.stringContaining('Known flags'),
  ])
})

test('calls and recordings are on unless they are switched off', () => {
  expect(readSettings(['--no-voice'], {})).toMatchObject({ voice: false })
  expect(readSettings(['--record', 'off'], {})).toMatchObject({ record: false })
  expect(readSettings(['--record', 'on'], {})).toMatchObject({ record: true })
  expect(refusal(() => readSettings(['--record', 'maybe'], {}))).toEqual([
    'config_invalid',
    '--record is "maybe"; it is on or off.',
  ])
})

test('a host that others can reach needs a secret', () => {
  expect(refusal(() => readSettings(['--host', '0.0.0.0'], {}))).toMatchObject([
    'config_invalid',
    expect.stringContaining('PARLEY_AUTH_SECRET'),
  ])
  expect(refusal(() => readSettings(['--host', '0.0.0.0'], { PARLEY_AUTH_SECRET: 'short' }))).toMatchObject([
    'config_invalid',
    expect.stringContaining('32'),
  ])
  expect(readSettings(['--host', '0.0.0.0'], { PARLEY_AUTH_SECRET: 'x'.repeat(32) }).host).toBe('0.0.0.0')
})

const rules = scriptedModel(['hi'])
// One model stands for the rules of every agent.
const local: Record<'triage' | 'billing' | 'technical' | 'retention', ChatModel> = {
  triage: rules,
  billing: rules,
  technical: rules,
  retention: rules,
}
const clock = createVirtualClock()

test.each([
  [401, 'OPENAI_API_KEY was refused (401)'],
  [503, 'OPENAI_API_KEY: the server failed (503)'],
])('a key that is answered with %i is named, and the local rules take over', async (status, warning) => {
  const asked: string[] = []
  const fetch = (url: string | URL | Request): Promise<Response> => {
    asked.push(url instanceof Request ? url.url : url.toString())
    return Promise.resolve(new Response(null, { status }))
  }
  const choice = await chooseModel({ env: { OPENAI_API_KEY: 'sk-wrong' }, local, clock, fetch })
  expect(choice).toMatchObject({ label: 'local rules', remote: false, warning })
  expect(choice.modelFor('billing')).toBe(rules)
  expect(asked).toEqual(['https://api.openai.com/v1/models'])
  expect(JSON.stringify(choice)).not.toContain('sk-wrong')
})

test('a key that works puts the model before the rules; no key asks nobody', async () => {
  const fetch = (): Promise<Response> => Promise.resolve(Response.json({ data: [] }))
  const choice = await chooseModel({ env: { OPENAI_API_KEY: 'sk', PARLEY_MODEL: 'gpt-4.1-mini' }, local, clock, fetch })
  expect(choice).toMatchObject({ label: 'openai/gpt-4.1-mini', remote: true })
  expect(choice.modelFor('billing').id).toContain('openai/gpt-4.1-mini')
  const none = await chooseModel({ env: {}, local, clock, fetch: () => Promise.reject(new Error('asked')) })
  expect(none).toMatchObject({ label: 'local rules', remote: false })
})

test('the start text says what does the work and what is not there', () => {
  const text = startText({
    url: 'http://localhost:4310',
    readyMs: 1_900,
    modelLabel: 'local rules',
    modelRemark: 'no key set',
    hearing: { label: 'PocketSphinx', remark: 'the keypad always works' },
    speech: { label: 'flite', remark: '4 voices' },
    warnings: ['OPENAI_API_KEY was refused (401)'],
    data: '.parley/data',
    customers: 40,
    articles: 24,
  })
  for (const part of [
    'ready in 1.9 s',
    'http://localhost:4310/desk',
    'Hearing  PocketSphinx',
    'the keypad always works',
    'Speech   flite',
    'call or type, as a customer',
    'refused (401)',
    '40 customers, 24 help articles',
    '"I was charged twice"',
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toMatch(/Studio|Sign-in/)
})

test('a browser opens where somebody sits alone', () => {
  expect([
    hasSomebody({}, true),
    hasSomebody({}, false),
    hasSomebody({ CI: '1' }, true),
    hasSomebody({ SSH_TTY: '/dev/pts/0' }, true),
  ]).toEqual([true, false, false, false])
})

test('the secret is made once, readable by its owner alone; the key of the desk follows from it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'call-center-'))
  const options = { authSecret: undefined, dataDir: join(folder, 'data'), isKept: true }
  const secret = await readSecret(options, createSeededIds(1))
  expect(await readSecret(options, createSeededIds(2))).toBe(secret)
  expect((await stat(join(folder, 'auth-secret'))).mode & 0o777).toBe(0o600)
  expect(deskKey(secret).key).toBe(deskKey(secret).key)
  expect(deskKey('other').key).not.toBe(deskKey(secret).key)
  expect(deskKey(secret).key).not.toContain(secret)
  await rm(folder, { recursive: true })
})

test('a port that is taken is left to its owner: the next free one is used, a fixed one is refused by name', async () => {
  const owner = createServer().listen(0, '127.0.0.1')
  await once(owner, 'listening')
  const address = owner.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const settings = { ...readSettings([], { PARLEY_DATABASE_URL: 'memory://' }), port }
  const callCenter = await createCallCenter({ settings: { ...settings, voice: false }, pages: false })
  // Without voice there is no way to call, and the page is told so.
  expect(callCenter.voice).toBeUndefined()
  const model = await fetch(`http://127.0.0.1:${callCenter.port}/demo/model`)
  expect(await model.json()).not.toHaveProperty('voice')
  expect(callCenter.port).toBeGreaterThan(port)
  const people = await fetch(`http://127.0.0.1:${callCenter.port}/demo/people`)
  expect(await people.json()).toMatchObject({
    people: [{ key: 'ada' }, { key: 'ben' }, { key: 'carla' }, { key: 'dev' }],
  })
  const denied = await fetch(`http://127.0.0.1:${callCenter.port}/demo/customer/acc-01`)
  expect(denied.status).toBe(401)
  expect((await fetch(`http://127.0.0.1:${callCenter.port}/v1/rooms`)).status).toBe(401)
  const bad = await fetch(`http://127.0.0.1:${callCenter.port}/demo/rooms`, {
    method: 'POST',
    body: '{"person":"eve"}',
  })
  expect(bad.status).toBe(400)
  await callCenter.close()
  await expect(createCallCenter({ settings: { ...settings, isPortFixed: true }, pages: false })).rejects.toMatchObject({
    code: 'port_unavailable',
  })
  owner.close()
}, 60_000)
