import { afterAll, beforeAll, expect, test } from 'vitest'
import { approve, callAs, openDesk } from './__fixtures__/remote-caller.ts'
import { createCallCenter, type CallCenter } from './app.ts'
import { readSettings } from './start/settings.ts'

let callCenter: CallCenter
let origin = ''

beforeAll(async () => {
  const settings = readSettings(['--port', '0', '--no-voice'], { PARLEY_DATABASE_URL: 'memory://' })
  callCenter = await createCallCenter({ settings, pages: false })
  origin = `http://127.0.0.1:${callCenter.port}`
}, 60_000)

afterAll(async () => {
  await callCenter.close()
})

async function get(path: string, token?: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${origin}${path}`, { headers })
  // Every answer of these routes is an object.
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('over HTTP: the desk sees the run of a credit and its receipt, the caller the summary of their own room', async () => {
  const caller = await callAs('ada', origin)
  await caller.say('I was charged twice')
  await caller.hear(/account number/)
  await caller.say('204417')
  await caller.hear(/enter your PIN/)
  await caller.pin('4821')
  await caller.hear(/Shall I credit one of them/)
  await caller.say('yes please')
  await caller.hear(/decided by a colleague/)

  expect((await get('/demo/runs', caller.token)).body).toMatchObject({ status: 403, code: 'forbidden' })
  const { body } = await get('/demo/runs', callCenter.deskKey)
  const { runs } = body as { runs: { id: string; [field: string]: unknown }[] }
  expect(runs).toMatchObject([{ workflow: 'credit-approval', status: 'waiting', room_id: caller.roomId }])
  const path = `/demo/runs/${runs[0]?.id ?? ''}`
  expect((await get(path)).body).toMatchObject({ status: 401, code: 'auth_required' })
  expect((await get('/demo/runs/run_none', callCenter.deskKey)).body).toMatchObject({
    status: 404,
    code: 'run_unknown',
  })
  const waiting = await get(path, callCenter.deskKey)
  expect(waiting.body).toMatchObject({ waits: [{ kind: 'approval', status: 'open' }] })
  expect(JSON.stringify(waiting.body)).not.toContain('token_hash')

  await approve(await openDesk(origin), caller.roomId)
  await caller.hear(/\$79\.00 is credited/)
  expect((await get(path, callCenter.deskKey)).body).toMatchObject({
    run: { status: 'completed', output: { status: 'credited', cents: 7_900, approvedBy: 'desk-kim' } },
    steps: [{ step: 'check' }, { step: 'review' }, { step: 'pay', status: 'completed' }],
  })

  const summary = `/demo/rooms/${caller.roomId}/summary`
  expect((await get(summary, callCenter.deskKey)).body).toMatchObject({ status: 403, code: 'forbidden' })
  expect((await get(summary, caller.token)).body).toEqual({ status: 'none' })
  const headers = { authorization: `Bearer ${caller.token}` }
  await fetch(`${origin}/demo/rooms/${caller.roomId}/end`, { method: 'POST', body: '{}', headers })
  await expect
    .poll(async () => (await get(summary, caller.token)).body, { timeout: 20_000 })
    .toMatchObject({
      status: 'ready',
      summary: {
        label: 'rules',
        reason: 'a question about a charge',
        resolution: 'A credit of $79.00 was given for invoice INV-2210.',
        agents: ['Riley', 'Morgan'],
      },
    })
  const other = await callAs('ben', origin)
  expect((await get(summary, other.token)).body).toMatchObject({ status: 404, code: 'room_not_found' })
  const { body: shown } = await get('/demo/runs', callCenter.deskKey)
  const [latest] = (shown as { runs: { id: string; workflow: string }[] }).runs
  expect(latest?.workflow).toBe('post-call')
  expect((await get(`/demo/runs/${latest?.id ?? ''}`, callCenter.deskKey)).body).toMatchObject({
    receipts: [{ decision: { model_id: 'local/summary-rules' } }],
  })
  for (const one of [caller, other]) one.close()
}, 60_000)

test.each([
  '/demo/runs',
  '/demo/runs/run_1',
  '/demo/customer/acc-01',
  '/demo/rooms/r/summary',
  '/demo/rooms/r/recording',
])('%s without a key, and with a wrong one, is refused in the words of /v1', async (path) => {
  for (const token of [undefined, 'prl_desk_wrong']) {
    const [ours, theirs] = [await get(path, token), await get('/v1/rooms', token)]
    expect(ours.status).toBe(401)
    const shown = ({ body: { request_id: _id, ...body } }: typeof ours): object => body
    expect(shown(ours)).toEqual(shown(theirs))
  }
  expect((await get(path)).body).toMatchObject({
    code: 'auth_required',
    detail: 'Say who you are: send a key or token in the header authorization.',
  })
})
