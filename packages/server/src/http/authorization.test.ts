import { Kit } from '@parley/kit'
import { describe, expect, test } from 'vitest'
import { createServer } from '../create-server.ts'
import { keys, testServer } from '../__fixtures__/test-server.ts'
import type { Route } from './route.ts'

/** Addresses with a room `r` in them, so that what is refused is refused for its right alone. */
const addressOf = ({ path }: Route): string => path.replace('/v1/rooms/:id', '/v1/rooms/r').replaceAll(/:\w+/g, 'x')

const rightOf = {
  reader: 'rooms:read',
  writer: 'rooms:write',
  answerer: 'desk:answer',
  approver: 'desk:approve',
  supervisor: 'calls:supervise',
} as const

async function withRoom() {
  const started = testServer({ limits: { requestBurst: 1_000, anonymousPerMinute: 1_000 } })
  await started.call('POST', '/v1/rooms', { body: { id: 'r' } })
  await started.call('POST', '/v1/rooms', { body: { id: 'other' } })
  return started
}

const routes = createServer({ kit: new Kit() }).routes.filter(({ rights }) => rights.length > 0)

describe.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (_name, route) => {
  const isStream = route.answerType === 'text/event-stream'
  const ask = async (key: string, path = addressOf(route)) => {
    const { server } = await withRoom()
    const response = await server.fetch(
      new Request(`http://localhost${path}`, {
        method: route.method,
        headers: key === '' ? {} : { authorization: `Bearer ${key}` },
      }),
    )
    const body: unknown = isStream && response.ok ? {} : await response.json()
    if (isStream) await response.body?.cancel().catch(() => {})
    return { status: response.status, code: (body as { code?: string }).code }
  }

  test('needs a key that is known and not expired', async () => {
    expect(await ask('')).toEqual({ status: 401, code: 'auth_required' })
    expect(await ask('prl_admin1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')).toEqual({ status: 401, code: 'auth_invalid' })
    expect(await ask(keys.expired)).toEqual({ status: 401, code: 'auth_invalid' })
    expect(await ask('prt_00000000.e30.AAAA')).toEqual({ status: 401, code: 'auth_invalid' })
  })

  test('takes the rights it names and no other', async () => {
    for (const [name, right] of Object.entries(rightOf)) {
      const { status, code } = await ask(keys[name as keyof typeof rightOf])
      const isRefusedForRight = status === 403 && code === 'forbidden'
      expect([right, isRefusedForRight]).toEqual([right, !route.rights.includes(right)])
    }
  })

  test.runIf(route.path.includes('/rooms/:id'))('does not know rooms of another organization', async () => {
    expect(await ask(keys.foreign)).toEqual({ status: 404, code: 'room_not_found' })
  })
})

describe('room tokens', () => {
  async function tokenOf(
    role?: string,
  ): Promise<{ call: Awaited<ReturnType<typeof withRoom>>['call']; token: string }> {
    const { call } = await withRoom()
    const { body } = await call('POST', '/v1/rooms/r/join', {
      body: { participant_id: 'ada', ...(role === undefined ? {} : { role }) },
    })
    return { call, token: String(body['token']) }
  }

  test('open their own room as their own participant, and nothing else', async () => {
    const { call, token } = await tokenOf()
    expect((await call('GET', '/v1/rooms/r', { key: token })).status).toBe(200)
    expect((await call('GET', '/v1/rooms/other', { key: token })).body).toMatchObject({ code: 'room_not_found' })
    expect((await call('GET', '/v1/rooms', { key: token })).body).toMatchObject({ code: 'forbidden' })
    expect((await call('POST', '/v1/rooms/r/claim', { key: token, body: {} })).body).toMatchObject({
      code: 'forbidden',
    })
    const send = (body: object) => call('POST', '/v1/rooms/r/events', { key: token, body })
    expect((await send({ text: 'hello' })).body).toMatchObject({ event: { source: { participant_id: 'ada' } } })
    expect((await send({ text: 'as kim', participant_id: 'kim' })).body).toMatchObject({ code: 'forbidden' })
    expect(
      (await send({ type: 'note', visibility: 'internal', content: { type: 'note', text: 'x' } })).body,
    ).toMatchObject({ code: 'forbidden' })
    expect(
      (await send({ type: 'handoff', content: { type: 'system', code: 'handoff', text: '' } })).body,
    ).toMatchObject({ code: 'forbidden' })
  })

  test('of observers only read', async () => {
    const { call, token } = await tokenOf('observer')
    expect((await call('GET', '/v1/rooms/r/events', { key: token })).status).toBe(200)
    expect((await call('POST', '/v1/rooms/r/events', { key: token, body: { text: 'hi' } })).body).toMatchObject({
      code: 'forbidden',
    })
  })
})
