import { describe, expect, test } from 'vitest'
import { testKit } from '../__fixtures__/test-kit.ts'
import { keys, testServer } from '../__fixtures__/test-server.ts'

async function withRoom() {
  const kit = testKit()
  const started = testServer({ kit })
  await started.call('POST', '/v1/rooms', {
    body: { id: 'r', metadata: { dueDate: 1, due_date: 2 }, timers: { inactive_after_ms: 60_000 } },
  })
  return { ...started, kit }
}

describe('rooms', () => {
  test('are made and read with the names of the wire, keys of metadata as they are', async () => {
    const { call, kit } = await withRoom()
    const { status, body, headers } = await call('GET', '/v1/rooms/r')
    expect([status, headers.get('etag')]).toEqual([200, '"0"'])
    expect(body).toMatchObject({
      id: 'r',
      organization_id: 'harbor',
      status: 'active',
      timers: { inactive_after_ms: 60_000 },
      metadata: { dueDate: 1, due_date: 2 },
    })
    expect(await kit.getRoom('r')).toMatchObject({ organizationId: 'harbor', timers: { inactiveAfterMs: 60_000 } })
    expect((await call('POST', '/v1/rooms', { body: { id: 'r' } })).body).toMatchObject({
      status: 409,
      code: 'room_exists',
    })
    expect((await call('POST', '/v1/rooms', { body: { channels: ['none'] } })).body).toMatchObject({
      status: 404,
      code: 'channel_not_registered',
    })
  })

  test('are listed by organization and status, page by page without repeat', async () => {
    const { call } = await withRoom()
    for (const id of ['a', 'b', 'c']) await call('POST', '/v1/rooms', { body: { id } })
    await call('POST', '/v1/rooms', { key: keys.foreign, body: { id: 'theirs' } })
    await call('POST', '/v1/rooms/b/close', { body: { reason: 'done' } })
    const ids: string[] = []
    let cursor = ''
    do {
      const { body } = await call('GET', `/v1/rooms?status=active&limit=1${cursor}`)
      ids.push(...(body['rooms'] as { id: string }[]).map(({ id }) => id))
      cursor = typeof body['next_cursor'] === 'string' ? `&cursor=${body['next_cursor']}` : ''
    } while (cursor !== '')
    expect(ids.sort()).toEqual(['a', 'c', 'r'])
    expect((await call('GET', '/v1/rooms', { key: keys.foreign })).body).toMatchObject({ rooms: [{ id: 'theirs' }] })
    expect((await call('GET', '/v1/rooms?status=gone')).body).toMatchObject({
      status: 400,
      errors: [{ path: 'status' }],
    })
  })

  test('are changed by version: a stale one is a conflict, none is 400', async () => {
    const { call } = await withRoom()
    const patch = (match: string | undefined, body: object) =>
      call('PATCH', '/v1/rooms/r', { body, headers: match === undefined ? {} : { 'if-match': match } })
    const changed = await patch('"0"', { metadata: { set: { topic: 'billing' }, unset: ['due_date'] } })
    expect(changed.body).toMatchObject({ version: 1, metadata: { topic: 'billing', dueDate: 1 } })
    expect(changed.body['metadata']).not.toHaveProperty('due_date')
    expect((await patch('"0"', { metadata: { set: { topic: 'stale' } } })).body).toMatchObject({
      status: 409,
      code: 'version_conflict',
    })
    expect((await patch(undefined, {})).body).toMatchObject({ status: 400, error: { details: { path: 'if-match' } } })
  })

  test('refuse messages once closed, and take them again once reopened', async () => {
    const { call } = await withRoom()
    const send = () => call('POST', '/v1/rooms/r/events', { body: { text: 'hi', participant_id: 'ada' } })
    expect((await call('DELETE', '/v1/rooms/r', { body: {} })).body).toMatchObject({ status: 'closed' })
    expect((await send()).body).toMatchObject({ status: 409, code: 'room_closed' })
    expect((await call('POST', '/v1/rooms/r/reopen', { body: {} })).body).toMatchObject({ status: 'active' })
    expect((await send()).status).toBe(201)
  })
})

describe('events', () => {
  test('a repeat with the same key is 200 and the same event, another body is a conflict', async () => {
    const { call } = await withRoom()
    const send = (text: string) =>
      call('POST', '/v1/rooms/r/events', { body: { text, participant_id: 'ada' }, headers: { 'idempotency-key': 'k' } })
    const first = await send('pay')
    const second = await send('pay')
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body).toEqual({ ...first.body, duplicate: true })
    expect((await send('pay twice')).body).toMatchObject({ status: 409, code: 'idempotency_conflict' })
  })

  test('are read by index in pages that say where to go on, both ways', async () => {
    const { call, kit } = await withRoom()
    for (const text of ['a', 'b', 'c', 'd', 'e']) await kit.sendSystem('r', { content: { type: 'text', text } })
    const { latestIndex } = await kit.getRoom('r')
    const read = async (query: string) => (await call('GET', `/v1/rooms/r/events?types=message&${query}`)).body
    const textsOf = (body: Record<string, unknown>) =>
      (body['events'] as { content: { text: string } }[]).map(({ content }) => content.text)
    const first = await read('limit=2')
    expect([textsOf(first), first['head']]).toEqual([['a', 'b'], latestIndex])
    expect(textsOf(await read(`limit=10&after=${String(first['next'])}`))).toEqual(['c', 'd', 'e'])
    const newest = await read('limit=2&order=newest')
    expect(textsOf(newest)).toEqual(['e', 'd'])
    expect(textsOf(await read(`limit=10&order=newest&before=${String(newest['next'])}`))).toEqual(['c', 'b', 'a'])
    expect((await call('GET', '/v1/rooms/r/events?types=nonsense')).body).toMatchObject({ status: 400 })
  })

  test('what a provider sent is kept for audit and never goes out', async () => {
    const { call, kit } = await withRoom()
    await call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada' } })
    await kit.processInbound(
      {
        channelId: 'web',
        senderId: 'ada',
        content: { type: 'text', text: 'hi' },
        raw: { secret: 'from the provider' },
      },
      { roomId: 'r' },
    )
    const { body } = await call('GET', '/v1/rooms/r/events')
    expect(JSON.stringify(body)).toContain('"text":"hi"')
    expect(JSON.stringify(body)).not.toContain('from the provider')
  })

  test('receipts, read markers and state can be read', async () => {
    const { call } = await withRoom()
    await call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada' } })
    await call('POST', '/v1/rooms/r/events', { body: { text: 'hi', participant_id: 'ada' } })
    expect((await call('POST', '/v1/rooms/r/read', { body: { index: 1, participant_id: 'ada' } })).body).toMatchObject({
      read_markers: [{ reader_id: 'ada', index: 1 }],
    })
    expect((await call('GET', '/v1/rooms/r/state')).body).toMatchObject({ mode: 'agent', active_agent_id: null })
    expect((await call('GET', '/v1/rooms/r/receipts?kind=routing')).body).toHaveProperty('receipts')
    expect((await call('GET', '/v1/rooms/r/receipts?kind=gossip')).body).toMatchObject({ status: 400 })
  })
})

describe('people and channels', () => {
  test('joining twice is one participant; leaving and listing', async () => {
    const { call } = await withRoom()
    const join = () =>
      call('POST', '/v1/rooms/r/join', { body: { participant_id: 'ada', display_name: 'Ada', role: 'owner' } })
    expect((await join()).body).toMatchObject({
      participant: { id: 'ada', display_name: 'Ada', role: 'owner', channel_id: 'web' },
      expires_at: expect.stringMatching(/Z$/),
    })
    await join()
    const people = async () =>
      ((await call('GET', '/v1/rooms/r/participants')).body['participants'] as { id: string; status: string }[]).map(
        ({ id, status }) => [id, status],
      )
    expect(await people()).toEqual([['ada', 'active']])
    await call('DELETE', '/v1/rooms/r/participants/ada')
    expect(await people()).not.toContainEqual(['ada', 'active'])
  })

  test('channels are attached, muted and detached', async () => {
    const { call } = await withRoom()
    expect((await call('POST', '/v1/rooms/r/bindings', { body: { channel_id: 'web' } })).body).toMatchObject({
      channel_id: 'web',
      muted: false,
    })
    expect(
      (await call('PATCH', '/v1/rooms/r/bindings/web', { body: { muted: true, access: 'readOnly' } })).body,
    ).toMatchObject({ muted: true, access: 'readOnly' })
    expect((await call('DELETE', '/v1/rooms/r/bindings/web')).body).toEqual({ bindings: [] })
    expect((await call('PATCH', '/v1/rooms/r/bindings/web', { body: { muted: true } })).body).toMatchObject({
      status: 404,
      code: 'channel_not_bound',
    })
  })
})
