import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { testKit } from '../__fixtures__/test-kit.ts'
import { keys, testServer } from '../__fixtures__/test-server.ts'
import type { ServerOptions } from '../server-options.ts'

interface Message {
  id?: string
  event: string
  data: Record<string, unknown>
}

/** Reads a stream of server-sent events until enough of one kind came, then leaves it. */
async function read(response: Response, count: number, event = 'event'): Promise<Message[]> {
  const messages: Message[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block
          .split('\n')
          .filter((line) => !line.startsWith(':'))
          .map((line) => line.split(/: (.*)/s).slice(0, 2)),
      )
      if (fields['event'] === event) messages.push({ ...fields, data: JSON.parse(fields['data'] ?? '') } as Message)
    }
    if (messages.length >= count) break
  }
  return messages
}

async function started(options: Partial<ServerOptions> = {}) {
  const kit = testKit()
  const { server, call } = testServer({ kit, ...options })
  await call('POST', '/v1/rooms', { body: { id: 'r' } })
  const stream = (path: string, headers: Record<string, string> = {}, key = keys.admin) =>
    server.fetch(new Request(`http://localhost${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } }))
  const say = (...texts: string[]) =>
    texts.reduce(
      (before, text) => before.then(() => kit.sendSystem('r', { content: { type: 'text', text } })),
      Promise.resolve<unknown>(undefined),
    )
  return { kit, server, call, stream, say }
}

const textOf = ({ data }: Message): unknown => (data['content'] as { text?: string }).text

describe('the stream of a room', () => {
  test('brings the log from an index on and goes on; it resumes by Last-Event-ID without gap or repeat', async () => {
    const { stream, say } = await started()
    await say('one', 'two', 'three')
    const first = await stream('/v1/rooms/r/stream?after=-1')
    expect(first.headers.get('content-type')).toBe('text/event-stream')
    const before = await read(first, 2)
    const lastId = before.at(-1)?.id ?? ''
    await say('four')
    const second = await stream('/v1/rooms/r/stream', { 'last-event-id': lastId })
    const rest = read(second, 3)
    await say('five')
    expect([...before, ...(await rest)].map(textOf)).toEqual(['one', 'two', 'three', 'four', 'five'])
    expect([...before, ...(await rest)].map(({ id, data }) => Number(id) === data['index'])).not.toContain(false)
  })

  test('without an index only what comes is brought; a wrong id is 400', async () => {
    const { stream, say } = await started()
    await say('old')
    const response = await stream('/v1/rooms/r/stream')
    const news = read(response, 1)
    await say('new')
    expect((await news).map(textOf)).toEqual(['new'])
    expect((await stream('/v1/rooms/r/stream', { 'last-event-id': 'first' })).status).toBe(400)
  })

  test('what passes by comes without an id', async () => {
    const { stream, kit } = await started()
    const response = await stream('/v1/rooms/r/stream')
    const passing = read(response, 1, 'ephemeral')
    kit.publish('r', { type: 'typingStarted', from: 'ada' })
    expect((await passing)[0]).toMatchObject({ data: { event: { type: 'typingStarted', from: 'ada' } } })
    expect((await passing)[0]).not.toHaveProperty('id')
  })

  test('VI-1 a participant sees what the web channel may see', async () => {
    const { stream, kit, call } = await started()
    const { body } = await call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada' } })
    const { latestIndex } = await kit.getRoom('r')
    await kit.sendSystem('r', { content: { type: 'text', text: 'secret' }, visibility: 'internal' })
    await kit.sendSystem('r', { content: { type: 'text', text: 'public' } })
    const response = await stream(`/v1/rooms/r/stream?after=${latestIndex}`, {}, String(body['token']))
    expect((await read(response, 1)).map(textOf)).toEqual(['public'])
  })

  test('streams count as connections, and leaving frees the place', async () => {
    const { stream } = await started({ limits: { connectionsPerAddress: 1 } })
    const first = await stream('/v1/rooms/r/stream')
    const refused = await stream('/v1/rooms/r/stream')
    expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining({ code: 'connection_limit' })])
    await first.body?.cancel()
    expect((await stream('/v1/rooms/r/stream')).status).toBe(200)
  })

  test('a server that goes down ends streams and says when to come back', async () => {
    const { stream, server } = await started()
    const response = await stream('/v1/rooms/r/stream')
    await server.close()
    expect(await response.text()).toContain('retry: 1000')
  })
})

test('live summaries come once per room and interval, of the own organization alone', async () => {
  const clock = createVirtualClock()
  const { stream, say, call } = await started({ clock })
  await call('POST', '/v1/rooms', { key: keys.foreign, body: { id: 'theirs' } })
  const own = read(await stream('/v1/live'), 2, 'room')
  await say('one', 'two', 'three')
  await call('POST', '/v1/rooms/theirs/events', { key: keys.foreign, body: { text: 'hi', participant_id: 'eve' } })
  await clock.advance(500)
  await say('four')
  await clock.advance(500)
  const summaries = await own
  expect(summaries.map(({ data }) => data['room_id'])).toEqual(['r', 'r'])
  expect(summaries[1]?.data).toMatchObject({ status: 'active', latest_index: expect.any(Number) })
})
