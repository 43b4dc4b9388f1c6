import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { createClient } from './create-client.ts'

function clientOf(answer: (url: URL, init: RequestInit) => Response | Promise<Response>, clock = createVirtualClock()) {
  const requests: { url: URL; init: RequestInit }[] = []
  const client = createClient({
    baseUrl: 'https://talk.example/base/',
    token: 'prl_desk_x',
    clock,
    fetch: async (input, init = {}) => {
      const url = new URL(input instanceof Request ? input.url : input)
      requests.push({ url, init })
      return answer(url, init)
    },
  })
  return { client, requests, clock }
}

describe('requests', () => {
  test('carry the key and the names of the wire, and come back with those of code', async () => {
    const { client, requests } = clientOf(() =>
      Response.json({ id: 'r/1', latest_index: 4, metadata: { my_key: 1, myKey: 2 } }, { status: 201 }),
    )
    const room = await client.rooms.create({ agentResponsePolicy: 'chain', metadata: { my_key: 1, myKey: 2 } })
    expect(room).toMatchObject({ id: 'r/1', latestIndex: 4, metadata: { my_key: 1, myKey: 2 } })
    expect(JSON.parse(requests[0]?.init.body as string)).toEqual({
      agent_response_policy: 'chain',
      metadata: { my_key: 1, myKey: 2 },
    })
    expect(new Headers(requests[0]?.init.headers).get('authorization')).toBe('Bearer prl_desk_x')
    await client.rooms.receipts('r/1', { turnId: 't', limit: 5 })
    expect(requests[1]?.url.href).toBe('https://talk.example/base/v1/rooms/r%2F1/receipts?turn_id=t&limit=5')
  })

  test("a problem becomes an error with the server's code, details and request id", async () => {
    const problem = {
      type: 'x',
      request_id: 'req_1',
      error: {
        code: 'human_taken',
        message: 'Room r was taken by lee.',
        retryable: false,
        details: { taken_by: 'lee' },
      },
    }
    const { client } = clientOf(() => Response.json(problem, { status: 409 }))
    await expect(client.desk.claim('r', { participantId: 'kim' })).rejects.toMatchObject({
      code: 'human_taken',
      message: 'Room r was taken by lee.',
      retryable: false,
      details: { takenBy: 'lee', requestId: 'req_1' },
    })
  })

  test("a proxy's page, a lost network and no answer in time may be tried again", async () => {
    const { client } = clientOf(() => new Response('<h1>Bad gateway</h1>', { status: 502 }))
    await expect(client.rooms.get('r')).rejects.toMatchObject({ code: 'connection_lost', retryable: true })
    const offline = clientOf(() => Promise.reject(new TypeError('fetch failed')))
    await expect(offline.client.rooms.get('r')).rejects.toMatchObject({ code: 'connection_lost' })
    const silent = clientOf(
      (_url, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    )
    const waiting = silent.client.rooms.get('r').catch((error: unknown) => error)
    await silent.clock.advance(60_000)
    expect(await waiting).toMatchObject({ code: 'connection_lost' })
    expect(silent.clock.pending).toBe(0)
  })

  test('an abort of the caller rejects with their reason', async () => {
    const { client } = clientOf(
      (_url, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    )
    const abort = new AbortController()
    const waiting = client.rooms.get('r', { signal: abort.signal })
    abort.abort(new Error('never mind'))
    await expect(waiting).rejects.toThrow('never mind')
  })
})

test('a key never travels unencrypted, but to this machine; options are checked', () => {
  expect(() => createClient({ baseUrl: 'http://talk.example', token: 'x' })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
  expect(() => createClient({ baseUrl: 'talk.example' })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  expect(() => createClient({ baseUrl: 'http://localhost:4310', token: 'x' })).not.toThrow()
  expect(() => createClient({ baseURL: 'http://localhost' } as object)).toThrow(/baseUrl/)
})
