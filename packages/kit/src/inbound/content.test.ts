import type { Content } from '@parley/spec'
import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, scriptedAgent } from '../__fixtures__/open-kit.ts'

const setUp = async () => {
  const bench = openKit({}, [recordingTransport('web'), scriptedAgent('bot')])
  const { id } = await bench.kit.createRoom({ channels: ['web'] })
  return { ...bench, id }
}

// What a caller in plain JavaScript may pass.
const wrong = (content: unknown): Content => content as Content

const nested = (depth: number): Content =>
  depth === 0 ? { type: 'text', text: 'x' } : { type: 'composite', parts: [nested(depth - 1)] }

test.each<[string, unknown, string]>([
  ['a javascript link', { type: 'media', url: 'javascript:alert(1)', mimeType: 'text/html' }, 'content.url'],
  ['a file', { type: 'audio', url: 'file:///etc/passwd', mimeType: 'audio/wav' }, 'content.url'],
  ['no URL at all', { type: 'video', url: 'here', mimeType: 'video/mp4' }, 'content.url'],
  [
    'a bad link deep inside',
    {
      type: 'composite',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'media', url: 'ftp://a', mimeType: 'a/b' },
      ],
    },
    'content.parts.1.url',
  ],
  ['a latitude beyond the pole', { type: 'location', latitude: 90.5, longitude: 0 }, 'content.latitude'],
  ['a longitude beyond the line', { type: 'location', latitude: 0, longitude: -181 }, 'content.longitude'],
  ['not a number', { type: 'location', latitude: Number.NaN, longitude: 0 }, 'content.latitude'],
  ['an empty composite', { type: 'composite', parts: [] }, 'content.parts'],
  ['too deep a composite', nested(6), 'content.parts'],
  [
    'too many parts',
    { type: 'composite', parts: Array.from({ length: 51 }, () => ({ type: 'text', text: 'x' })) },
    'content.parts',
  ],
  ['an unknown type', { type: 'hologram' }, 'content.type'],
  ['a missing field', { type: 'text' }, 'content.text'],
  ['nothing', undefined, 'content'],
  ['a word', 'hello', 'content'],
])('EV-8 %s is refused before the lock, and nothing comes into being', async (_what, content, path) => {
  const { kit, id } = await setUp()
  const before = await kit.events(id)
  const error = { code: 'content_invalid', details: { path } }
  await expect(kit.sendEvent(id, 'web', { content: wrong(content) })).rejects.toMatchObject(error)
  await expect(
    kit.processInbound({ channelId: 'web', senderId: 'new', content: wrong(content) }, { roomId: 'unheard-of' }),
  ).rejects.toMatchObject(error)
  expect(await kit.events(id)).toEqual(before)
  expect((await kit.store.findRooms({})).items.map((room) => room.id)).toEqual([id])
  expect(await kit.members(id)).toEqual([])
})

test('EV-8 a content inside an edit is checked like any other', async () => {
  const { kit, id } = await setUp()
  const content = wrong({
    type: 'edit',
    targetEventId: 'evt_1',
    content: { type: 'media', url: 'javascript:1', mimeType: 'a/b' },
  })
  await expect(kit.sendEvent(id, 'web', { content, type: 'edit' })).rejects.toMatchObject({
    code: 'content_invalid',
    details: { path: 'content.content.url' },
  })
})

test('content, metadata and whole events have their bounds', async () => {
  const { kit, id } = await setUp()
  await kit.sendEvent(id, 'web', { content: { type: 'text', text: 'a'.repeat(262_144) } })
  await expect(
    kit.sendEvent(id, 'web', { content: { type: 'text', text: 'ä'.repeat(131_073) } }),
  ).rejects.toMatchObject({ code: 'content_too_large' })
  await expect(
    kit.sendEvent(id, 'web', { content: { type: 'rich', body: 'a'.repeat(1_048_577), format: 'html' } }),
  ).rejects.toMatchObject({ code: 'content_too_large' })
  const metadata = { note: 'a'.repeat(65_536) }
  await expect(kit.sendEvent(id, 'web', { content: { type: 'text', text: 'a' }, metadata })).rejects.toMatchObject({
    code: 'metadata_too_large',
  })
  await expect(kit.attach(id, 'bot', { metadata })).rejects.toMatchObject({ code: 'metadata_too_large' })
  await expect(kit.createRoom({ metadata })).rejects.toMatchObject({ code: 'metadata_too_large' })
  await expect(kit.patchRoom(id, { metadata: { set: metadata } })).rejects.toMatchObject({ code: 'metadata_too_large' })
  expect((await kit.getRoom(id)).latestIndex).toBe(0)
})

test('what is given stays the caller’s: changing it changes nothing stored, and the kit freezes none of it', async () => {
  const { kit, id } = await setUp()
  const given = {
    content: { type: 'rich' as const, body: 'hi', format: 'markdown' as const, buttons: [{ id: 'a', label: 'A' }] },
    metadata: { list: [1], inner: { a: 1 } },
    addressedTo: ['bot'],
    visibility: { only: ['web'] },
    responseVisibility: { only: ['web'] },
    channelData: { extra: { a: 1 } },
  }
  const plain = { type: 'text' as const, text: 'plain' }
  const roomMetadata = { list: [1] }
  const timers = { inactiveAfterMs: 5 }
  const bindingMetadata = { list: [1] }
  const visibility = { only: ['web'] }
  const person = { id: 'ada', metadata: { list: [1] } }
  const raw = { provider: { list: [1] } }

  await kit.sendEvent(id, 'web', given)
  await kit.sendEvent(id, 'web', { content: plain })
  const made = await kit.createRoom({ metadata: roomMetadata, timers })
  await kit.patchRoom(id, { metadata: { set: roomMetadata }, timers })
  await kit.attach(id, 'bot', { metadata: bindingMetadata, visibility })
  await kit.setVisibility(id, 'web', visibility)
  await kit.ensureParticipant(id, person)
  await kit.processInbound(line('web', 'bob', 'raw', { raw }), { roomId: id })
  const read = async () => [
    await kit.events(id),
    await kit.getRoom(id),
    await kit.getRoom(made.id),
    await kit.bindings(id),
    await kit.members(id),
  ]
  const before = JSON.stringify(await read())

  given.content.body = 'changed'
  given.content.buttons[0]!.label = 'changed'
  given.metadata.list.push(2)
  given.metadata.inner.a = 2
  given.addressedTo.push('x')
  given.visibility.only.push('x')
  given.responseVisibility.only.push('x')
  given.channelData.extra.a = 2
  plain.text = 'changed'
  roomMetadata.list.push(2)
  timers.inactiveAfterMs = 6
  bindingMetadata.list.push(2)
  visibility.only.push('x')
  person.metadata.list.push(2)
  raw.provider.list.push(2)
  expect(JSON.stringify(await read())).toBe(before)
})

test('what the kit gives cannot change what is stored', async () => {
  const { kit, id } = await setUp()
  await kit.sendEvent(id, 'web', { content: { type: 'text', text: 'kept' }, metadata: { a: { b: 1 } } })
  await kit.ensureParticipant(id, { id: 'ada' })
  const read = async () =>
    [await kit.events(id), await kit.getRoom(id), await kit.bindings(id), await kit.members(id)] as const
  const before = JSON.stringify(await read())
  for (const value of await read()) {
    for (const item of Array.isArray(value) ? value : [value]) tamper(item)
  }
  expect(JSON.stringify(await read())).toBe(before)
})

/** Writes into everything below a value; frozen objects refuse. */
function tamper(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    tamper(Reflect.get(value, key))
    Reflect.set(value, key, 'tampered')
  }
  Reflect.set(value, 'added', 'tampered')
}
