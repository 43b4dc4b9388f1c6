import { ParleyError } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import type { Right } from '../auth/principal.ts'
import { createServer } from '../create-server.ts'
import type { Mount } from '../server-options.ts'
import { faultyKit, testKit } from '../__fixtures__/test-kit.ts'
import { keys, testServer } from '../__fixtures__/test-server.ts'

describe('problems', () => {
  test('an unknown address, an unknown room and a wrong method have the same shape and no stack', async () => {
    const { call } = testServer()
    const answers = [
      await call('GET', '/nothing/here'),
      await call('GET', '/v1/rooms/none'),
      await call('PUT', '/v1/rooms/none'),
    ]
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual([
      [404, 'not_found'],
      [404, 'room_not_found'],
      [405, 'method_not_allowed'],
    ])
    for (const { headers, body } of answers) {
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(Object.keys(body).sort()).toEqual(['code', 'detail', 'error', 'request_id', 'status', 'title', 'type'])
      expect(body['error']).toMatchObject({ code: body['code'], message: body['detail'], retryable: false })
      expect(body['request_id']).toBe(headers.get('x-request-id'))
      expect(JSON.stringify(body)).not.toMatch(/\.ts\b|node_modules|\bat async/)
    }
    expect(answers[2]?.headers.get('allow')).toBe('GET, PATCH, DELETE')
  })

  test('broken JSON, another type, too deep and unknown fields are 400 and name the field', async () => {
    const { call } = testServer()
    const post = (body: unknown, headers = {}) => call('POST', '/v1/rooms', { body, headers })
    expect((await post('{"id": "r')).body).toMatchObject({ status: 400, code: 'body_invalid' })
    expect((await post('id=1', { 'content-type': 'text/plain' })).body).toMatchObject({
      code: 'body_invalid',
      error: { details: { path: 'content-type' } },
    })
    expect((await post(`{"metadata":${'['.repeat(80)}${']'.repeat(80)}}`)).body).toMatchObject({ code: 'body_invalid' })
    expect((await post({ agent_response_polcy: 'chain' })).body).toMatchObject({
      status: 400,
      errors: [{ path: 'agent_response_polcy', message: 'is not a known field; did you mean agent_response_policy' }],
    })
    expect((await post({ timers: { inactive_after_ms: 'soon' } })).body).toMatchObject({
      errors: [{ path: 'timers.inactive_after_ms', message: 'must be number' }],
    })
    expect((await call('GET', '/v1/rooms?limit=many')).body).toMatchObject({ status: 400, errors: [{ path: 'limit' }] })
  })

  test('a body over the limit is 413, whether it says its length or not', async () => {
    const { server, call } = testServer({ limits: { bodyBytes: 1_000 } })
    expect((await call('POST', '/v1/rooms', { body: { metadata: { text: 'x'.repeat(2_000) } } })).body).toMatchObject({
      status: 413,
      code: 'body_too_large',
    })
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(500).fill(32)),
    })
    const response = await server.fetch(
      new Request('http://localhost/v1/rooms', {
        method: 'POST',
        body: endless,
        duplex: 'half',
        headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' },
      } as RequestInit), // `duplex` is missing in the types of the platform
    )
    expect(response.status).toBe(413)
  })

  test('what fails inside is 500 with nothing of the failure in it', async () => {
    const kit = faultyKit({ getRoom: () => Promise.reject(new Error('sk-secret at /home/x/store.ts')) })
    const server = createServer({ kit })
    const response = await server.fetch(new Request('http://localhost/v1/rooms/r1'))
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).toContain('internal_error')
    expect(text).not.toMatch(/sk-secret|home/)
  })

  test('a code decides the status: a store that is away is 503 and may be tried again', async () => {
    const away = new ParleyError({ code: 'store_unavailable', message: 'The store cannot be reached.' })
    const { call } = testServer({ kit: faultyKit({ send: () => Promise.reject(away) }) })
    await call('POST', '/v1/rooms', { body: { id: 'r' } })
    const { status, body } = await call('POST', '/v1/rooms/r/events', { body: { text: 'hi', participant_id: 'ada' } })
    expect([status, body['error']]).toEqual([
      503,
      expect.objectContaining({ code: 'store_unavailable', retryable: true }),
    ])
  })
})

describe('headers', () => {
  test('answers forbid sniffing, framing, inline scripts and storing', async () => {
    const { call } = testServer({ publicUrl: 'https://talk.example' })
    const { headers } = await call('GET', '/v1/rooms')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('strict-transport-security')).toBeTruthy()
  })

  test('pages of listed origins may call, others are refused before anything happens', async () => {
    const { kit, call } = testServer({ origins: ['https://app.example'] })
    const preflight = await call('OPTIONS', '/v1/rooms', {
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://app.example',
    ])
    const allowed = await call('POST', '/v1/rooms', { body: { id: 'a' }, headers: { origin: 'https://app.example' } })
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([201, 'https://app.example'])
    const refused = await call('POST', '/v1/rooms', { body: { id: 'b' }, headers: { origin: 'https://evil.example' } })
    expect([refused.status, refused.body['code']]).toEqual([403, 'origin_refused'])
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    await expect(kit.getRoom('b')).rejects.toMatchObject({ code: 'room_not_found' })
  })
})

describe('limits', () => {
  test('requests of a key are limited by the minute, and say when to come back', async () => {
    const clock = createVirtualClock()
    const { call } = testServer({ clock, limits: { requestBurst: 3, requestsPerMinute: 60 } })
    const statuses = []
    for (let count = 0; count < 4; count++) statuses.push((await call('GET', '/v1/rooms')).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    const refused = await call('GET', '/v1/rooms')
    expect([refused.body['code'], refused.headers.get('retry-after')]).toEqual(['rate_limited', '1'])
    expect((await call('GET', '/v1/rooms', { key: keys.reader })).status).toBe(200)
    await clock.advance(1_000)
    expect((await call('GET', '/v1/rooms')).status).toBe(200)
  })

  test('guessing keys is slow: wrong ones are counted by address', async () => {
    const { call } = testServer({ limits: { anonymousPerMinute: 2 } })
    const guess = () => call('GET', '/v1/rooms', { key: `prl_admin1_${'x'.repeat(40)}` })
    expect([(await guess()).status, (await guess()).status, (await guess()).status]).toEqual([401, 401, 429])
    expect((await call('GET', '/health', { key: '' })).status).toBe(200)
  })
})

describe('without keys', () => {
  test('everybody on this machine may do everything, by a name of this machine alone', async () => {
    const server = createServer({ kit: testKit() })
    expect((await server.fetch(new Request('http://127.0.0.1:4310/v1/rooms'))).status).toBe(200)
    const rebound = await server.fetch(new Request('http://evil.example/v1/rooms'))
    expect([rebound.status, await rebound.json()]).toEqual([403, expect.objectContaining({ code: 'origin_refused' })])
  })

  test('a public host is refused at start', async () => {
    const server = createServer({ kit: testKit() })
    await expect(server.listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'auth_required' })
  })
})

describe('the document', () => {
  test('names every route with its body, and every reference leads somewhere', async () => {
    const { server, call } = testServer()
    const { body } = await call('GET', '/openapi.json')
    const paths = body['paths'] as Record<string, Record<string, unknown>> // it is an OpenAPI document
    const written = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const wanted = server.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(written.sort()).toEqual([...wanted].sort())
    const text = JSON.stringify(body)
    const schemas = Object.keys((body['components'] as { schemas: object }).schemas)
    const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(references.filter((name) => !schemas.includes(name ?? ''))).toEqual([])
    expect(text).toContain('"agent_response_policy"')
    expect(text).not.toContain('agentResponsePolicy')
  })

  test('the reference page loads nothing from elsewhere and needs no script', async () => {
    const { call } = testServer()
    const { headers, body } = await call('GET', '/docs')
    expect(headers.get('content-type')).toContain('text/html')
    expect(String(body['text'])).not.toMatch(/<script|https?:\/\/|style=/)
    expect(String(body['text'])).toContain('/v1/rooms/{id}/events')
  })

  test('documents need a key unless they are public', async () => {
    expect((await testServer().call('GET', '/openapi.json', { key: '' })).status).toBe(401)
    expect((await testServer({ publicDocs: true }).call('GET', '/openapi.json', { key: '' })).status).toBe(200)
  })
})

describe('mounts', () => {
  const own = (rights?: readonly Right[]): Mount => ({
    path: '/own',
    async fetch(_request, { authenticate }) {
      const { id, kind } = await authenticate(rights)
      return Response.json({ id, kind })
    },
  })

  test('know who asks as /v1 does, and refuse in its words', async () => {
    const { call, server } = testServer({ mounts: [own()] })
    expect((await call('GET', '/own')).body).toEqual({ id: 'admin1', kind: 'key' })
    const { token } = server.tokens.issue({ roomId: 'r', participantId: 'ada' })
    expect((await call('GET', '/own', { key: token })).body).toEqual({ id: 'ada', kind: 'room' })
    for (const key of ['', 'prt_00000000.e30.AAAA', keys.expired]) {
      const [ours, theirs] = [await call('GET', '/own', { key }), await call('GET', '/v1/rooms', { key })]
      expect(ours.status).toBe(401)
      expect({ ...ours.body, request_id: '' }).toEqual({ ...theirs.body, request_id: '' })
    }
  })

  test('that name rights are for keys that hold one, not for participants', async () => {
    const { call, server } = testServer({ mounts: [own(['desk:answer'])] })
    expect((await call('GET', '/own', { key: keys.answerer })).status).toBe(200)
    expect((await call('GET', '/own', { key: keys.writer })).body).toMatchObject({
      status: 403,
      error: { details: { rights: ['desk:answer'] } },
    })
    const { token } = server.tokens.issue({ roomId: 'r', participantId: 'ada', rights: ['desk:answer'] })
    expect((await call('GET', '/own', { key: token })).body).toMatchObject({ status: 403, code: 'forbidden' })
  })

  test('count what is asked without a key against the address', async () => {
    const { call } = testServer({ mounts: [own()], limits: { anonymousPerMinute: 2 } })
    const statuses = []
    for (let at = 0; at < 3; at += 1) statuses.push((await call('GET', '/own', { key: 'prl_x_y' })).status)
    expect(statuses).toEqual([401, 401, 429])
  })
})
