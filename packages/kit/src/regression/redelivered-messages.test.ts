import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, says, scriptedAgent } from '../__fixtures__/open-kit.ts'
import { block, modify } from '../hooks/hook-results.ts'

test('IN-2 a message that comes again is a duplicate whatever order its fields have, as stores give them back in another', async () => {
  const { kit } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  const first = await kit.sendEvent(id, 'web', {
    content: { type: 'text', text: 'hello', language: 'en' },
    idempotencyKey: 'k',
  })
  const again = await kit.sendEvent(id, 'web', {
    content: { language: 'en', text: 'hello', type: 'text' },
    idempotencyKey: 'k',
  })
  expect(first).toMatchObject({ outcome: 'committed', duplicate: false })
  expect(again).toMatchObject({ outcome: 'committed', duplicate: true })
  expect(
    await kit.sendEvent(id, 'web', { content: { type: 'text', text: 'other' }, idempotencyKey: 'k' }),
  ).toMatchObject({ outcome: 'blocked', reason: 'idempotency_conflict' })
})

test('a message that a hook redacted and that is delivered five times is one message, one answer, five identical acknowledgements', async () => {
  const web = recordingTransport('web')
  const { kit } = openKit({}, [web, scriptedAgent('bot', says('thank you'))])
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  kit.hook(
    'beforeBroadcast',
    ({ event }) =>
      event.source.kind === 'person'
        ? modify({ ...event, content: { type: 'text', text: 'my card is ****' } })
        : undefined,
    { name: 'mask', redacts: true },
  )
  const message = line('web', 'ada', 'my card is 4111', { providerMessageId: 'wamid.1' })
  const acknowledged = await Promise.all(
    Array.from({ length: 5 }, () => kit.processInbound(message, { roomId: id, wait: 'settled' })),
  )
  expect(acknowledged.map((result) => result.outcome === 'committed' && result.event.id)).toEqual(
    Array.from({ length: 5 }, () => (acknowledged[0]?.outcome === 'committed' ? acknowledged[0].event.id : '')),
  )
  expect(acknowledged.map((result) => result.outcome === 'committed' && result.duplicate).sort()).toEqual([
    false,
    true,
    true,
    true,
    true,
  ])
  const events = await kit.events(id)
  expect(events.map(({ content }) => content)).toMatchObject([{ text: 'my card is ****' }, { text: 'thank you' }])
  expect(events[0]?.changedBy).toContain('mask')
  expect(JSON.stringify(events)).not.toContain('4111')
})

test('a blocked message that comes again is blocked again, with the same record', async () => {
  const { kit } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  kit.hook('beforeBroadcast', () => block('x.rude'), { name: 'manners' })
  const results = []
  for (let n = 0; n < 2; n += 1)
    results.push(await kit.processInbound(line('web', 'ada', 'grr', { providerMessageId: 'p' }), { roomId: id }))
  expect(results).toMatchObject([
    { outcome: 'blocked', reason: 'x.rude', by: 'manners' },
    { outcome: 'blocked', reason: 'x.rude', by: 'manners' },
  ])
  expect(await kit.events(id)).toHaveLength(1)
})
