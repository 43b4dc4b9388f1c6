import type { Content, RoomEvent } from '@parley/spec'
import { expect, test } from 'vitest'
import { block } from '../hooks/hook-results.ts'
import { line, openKit, recordingTransport, scriptedAgent, textsOf } from '../__fixtures__/open-kit.ts'

const edit = (targetEventId: string, said: string): Content => ({
  type: 'edit',
  targetEventId,
  content: { type: 'text', text: said },
})
const remove = (targetEventId: string, kind: 'author' | 'owner' | 'system'): Content => ({
  type: 'delete',
  targetEventId,
  kind,
})

async function setUp() {
  const silent = scriptedAgent('bot', async function* () {})
  const bench = openKit({}, [
    recordingTransport('web'),
    recordingTransport('open', { sendersAreParticipants: true }),
    silent,
  ])
  const { kit } = bench
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  await kit.ensureParticipant(id, { id: 'ada' })
  await kit.ensureParticipant(id, { id: 'bob' })
  await kit.ensureParticipant(id, { id: 'olga', role: 'owner' })
  const sent = await kit.send(id, { from: 'ada', text: 'as said' })
  if (sent.outcome !== 'committed') throw new Error('the line is committed')
  const target = sent.event
  const read = async (): Promise<RoomEvent | undefined> =>
    (await kit.events(id)).find((event) => event.id === target.id)
  const by = async (from: string, content: Content, also = {}) =>
    kit.send(id, { from, content, type: content.type === 'edit' ? 'edit' : 'delete', ...also })
  return { ...bench, id, target, read, by }
}

test('EV-7 authors edit and delete their own', async () => {
  const { target, read, by } = await setUp()
  expect(await by('ada', edit(target.id, 'better said'))).toMatchObject({ outcome: 'committed' })
  expect(await read()).toMatchObject({ content: { text: 'better said' } })
  expect(await by('ada', remove(target.id, 'author'))).toMatchObject({ outcome: 'committed' })
  expect(await read()).toMatchObject({ deleted: { kind: 'author' } })
})

test('EV-7 others are refused with a reason, and the target stays untouched', async () => {
  const { kit, id, target, read, by } = await setUp()
  const before = await read()
  // Fields of the payload say who one claims to be; they count for nothing.
  const claim = { metadata: { participantId: 'ada', role: 'owner' }, channelData: { externalId: 'ada' } }
  const refusals = [
    await by('bob', edit(target.id, 'mine now'), claim),
    await by('bob', remove(target.id, 'author'), claim),
    await by('olga', edit(target.id, 'owners do not edit')),
    await by('bob', remove(target.id, 'owner'), claim),
    await by('ada', remove(target.id, 'owner'), claim),
    await by('olga', remove(target.id, 'system')),
    await by('ada', edit('evt_unknown', 'of nothing')),
    await kit.sendEvent(id, 'web', { type: 'edit', content: edit(target.id, 'of nobody in particular') }),
    await kit.sendEvent(id, 'bot', { type: 'edit', content: edit(target.id, 'by an agent') }),
    await kit.sendSystem(id, { type: 'edit', content: edit(target.id, 'by the host') }),
  ]
  expect(refusals.map((result) => (result.outcome === 'blocked' ? result.reason : result.outcome))).toEqual([
    'not_author',
    'not_author',
    'not_author',
    'not_authorized',
    'not_authorized',
    'not_authorized',
    'target_not_found',
    'identity_required',
    'not_author',
    'identity_required',
  ])
  expect(await read()).toEqual(before)
  expect((await kit.events(id)).filter(({ status }) => status === 'blocked')).toHaveLength(10)
})

test('EV-7 the owner deletes what anybody said, the system too, an agent its own', async () => {
  for (const kind of ['owner', 'system'] as const) {
    const { kit, id, target, read, by } = await setUp()
    const result =
      kind === 'owner'
        ? await by('olga', remove(target.id, 'owner'))
        : await kit.sendSystem(id, { type: 'delete', content: remove(target.id, 'system') })
    expect(result).toMatchObject({ outcome: 'committed' })
    expect(await read()).toMatchObject({ index: target.index, deleted: { kind } })
  }
  const { kit, id } = await setUp()
  const own = await kit.sendEvent(id, 'bot', { content: { type: 'text', text: 'mine' } })
  if (own.outcome !== 'committed') throw new Error('the line is committed')
  expect(await kit.sendEvent(id, 'bot', { type: 'edit', content: edit(own.event.id, 'mine, better') })).toMatchObject({
    outcome: 'committed',
  })
})

test('EV-7 an edit that a hook blocks leaves its target untouched', async () => {
  const { kit, id, target, read, by } = await setUp()
  const before = await read()
  kit.hook('beforeBroadcast', ({ event }) => (event.type === 'edit' ? block('x.no_edits') : undefined))
  expect(await by('ada', edit(target.id, 'better said'))).toMatchObject({ outcome: 'blocked', reason: 'x.no_edits' })
  expect(await read()).toEqual(before)
  expect(textsOf(await kit.events(id, { raw: true, types: ['message'] }))).toEqual(['as said'])
})

test('EV-7 authorship survives a change of channel and is not lent by it', async () => {
  const { kit, id } = await setUp()
  const first = await kit.processInbound(line('web', 'ada', 'by web'), { roomId: id })
  if (first.outcome !== 'committed') throw new Error('the line is committed')
  await kit.attach(id, 'open')
  const asBob = await kit.processInbound(
    { ...line('open', 'bob', ''), type: 'edit', content: edit(first.event.id, 'by bob') },
    { roomId: id },
  )
  const asAda = await kit.processInbound(
    { ...line('open', 'ada', ''), type: 'edit', content: edit(first.event.id, 'by ada') },
    { roomId: id },
  )
  expect([asBob, asAda]).toMatchObject([{ reason: 'not_author' }, { outcome: 'committed' }])
})

test('EV-4 a redacted event keeps its place and its replies keep their parent', async () => {
  const { kit, id, target } = await setUp()
  const reply = await kit.send(id, { from: 'bob', text: 'a reply', parentEventId: target.id })
  await kit.redactEvent(id, target.id, { by: 'olga', reason: 'asked for' })
  const events = await kit.events(id)
  expect(events.find((event) => event.id === target.id)).toMatchObject({
    index: target.index,
    content: { type: 'redacted' },
    redacted: { by: 'olga', reason: 'asked for' },
  })
  expect(reply).toMatchObject({ event: { parentEventId: target.id } })
  expect(JSON.stringify(await kit.events(id, { raw: true }))).not.toContain('as said')
  await expect(kit.redactEvent(id, 'evt_unknown', { by: 'olga', reason: 'x' })).rejects.toMatchObject({
    code: 'event_not_found',
  })
})
