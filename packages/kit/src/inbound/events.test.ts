import type { EphemeralEvent } from '@parley/spec'
import { expect, test } from 'vitest'
import { block } from '../hooks/hook-results.ts'
import { line, openKit, recordingTransport, says, scriptedAgent, textOf, textsOf } from '../__fixtures__/open-kit.ts'
import { turnServices } from '../core/turn-services.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })

test('EV-2 a blocked event is a record only: not delivered, in no history, and it stays blocked', async () => {
  const web = recordingTransport('web')
  const histories: string[][] = []
  const agent = scriptedAgent('bot', async function* (context) {
    histories.push(textsOf((await turnServices(context)?.history(50)) ?? []))
    yield { type: 'textDelta', text: 'ok' }
  })
  const { kit } = openKit({}, [web, agent])
  kit.hook('beforeBroadcast', ({ event }) =>
    textOf(event.content) === 'a curse' ? block('x.rude', { message: 'Please.' }) : undefined,
  )
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  const blocked = await kit.send(id, { from: 'ada', text: 'a curse' })
  expect(blocked).toMatchObject({
    outcome: 'blocked',
    reason: 'x.rude',
    message: 'Please.',
    event: { index: 0, status: 'blocked' },
  })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  expect(web.said()).toEqual(['hello', 'ok'])
  expect(histories).toEqual([['hello']])
  const [record] = await kit.events(id)
  await kit.send(id, {
    from: 'ada',
    type: 'edit',
    content: { type: 'edit', targetEventId: record?.id ?? '', content: text('better') },
  })
  expect((await kit.events(id))[0]).toEqual(record)
  expect(textsOf(await kit.events(id, { asReader: 'web' }))).not.toContain('a curse')
})

test('EV-3 events of ephemeral types are passed on, take no index and are not stored', async () => {
  const { kit, clock } = openKit({ ephemeralTypes: ['x.app.cursor'] }, [
    recordingTransport('web'),
    scriptedAgent('bot'),
  ])
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
  const got: EphemeralEvent[] = []
  kit.subscribe(id, (event) => void got.push(event), { types: ['x.app.cursor'] })
  let hooked = 0
  kit.hook('beforeBroadcast', () => void (hooked += 1))
  const before = await kit.getRoom(id)
  const log = await kit.events(id, { raw: true })
  for (const result of [
    await kit.send(id, { from: 'ada', type: 'x.app.cursor', text: '1', visibility: 'transport' }),
    await kit.sendEvent(id, 'web', { type: 'x.app.cursor', content: text('2') }),
    await kit.processInbound(line('web', 'ada', '3', { type: 'x.app.cursor' }), { roomId: id }),
  ]) {
    expect(result).toMatchObject({ outcome: 'committed', event: { index: -1 }, duplicate: false })
  }
  await kit.settled(id)
  await clock.advance(0)
  expect(got.map(({ from, data, visibility }) => [from, data, visibility])).toEqual([
    ['ada', { content: text('1'), metadata: {} }, 'transport'],
    ['web', { content: text('2'), metadata: {} }, 'all'],
    ['ada', { content: text('3'), metadata: {} }, 'all'],
  ])
  expect(hooked).toBe(0)
  expect(await kit.getRoom(id)).toEqual(before)
  expect(await kit.events(id, { raw: true })).toEqual(log)
  await kit.mute(id, 'web')
  expect(await kit.sendEvent(id, 'web', { type: 'x.app.cursor', content: text('4') })).toMatchObject({
    outcome: 'blocked',
    reason: 'source_muted',
  })
  await kit.closeRoom(id)
  await expect(kit.sendEvent(id, 'web', { type: 'x.app.cursor', content: text('5') })).rejects.toMatchObject({
    code: 'room_closed',
  })
  expect(got).toHaveLength(3)
})

test('EV-5 replies are filed under the root; an unknown or foreign parent makes a message top level, with a warning', async () => {
  const { kit, warnings } = openKit({}, [recordingTransport('web'), scriptedAgent('bot', says('in the thread'))])
  const other = await kit.createRoom({ channels: ['web'] })
  const foreign = await kit.sendEvent(other.id, 'web', { content: text('elsewhere') })
  const { id } = await kit.createRoom({ channels: ['web'] })
  const root = await kit.send(id, { from: 'ada', text: 'root' })
  if (root.outcome !== 'committed' || foreign.outcome !== 'committed') throw new Error('lines are committed')
  const reply = await kit.send(id, { from: 'bob', text: 'reply', parentEventId: root.event.id })
  if (reply.outcome !== 'committed') throw new Error('lines are committed')
  await kit.attach(id, 'bot')
  const replyToReply = await kit.send(
    id,
    { from: 'ada', text: 'reply to reply', parentEventId: reply.event.id },
    { wait: 'settled' },
  )
  expect(reply.event.parentEventId).toBe(root.event.id)
  expect(replyToReply).toMatchObject({ event: { parentEventId: root.event.id } })
  const thread = await kit.thread(id, root.event.id)
  expect(textsOf(thread)).toEqual(['root', 'reply', 'reply to reply', 'in the thread'])
  expect(warnings()).toEqual([])
  for (const parentEventId of ['evt_unknown', foreign.event.id]) {
    const lost = await kit.send(id, { from: 'ada', text: 'lost', parentEventId })
    expect(lost).toMatchObject({ outcome: 'committed' })
    if (lost.outcome === 'committed') expect(lost.event).not.toHaveProperty('parentEventId')
  }
  expect(warnings()).toMatchObject([{ what: 'parent_not_found' }, { what: 'parent_not_found' }])
})

test('EV-6 an address decides who is asked, never who sees', async () => {
  const web = recordingTransport('web')
  const seen: string[] = []
  const watching = (channelId: string) =>
    scriptedAgent(channelId, async function* (context) {
      seen.push(`${channelId}: ${textsOf((await turnServices(context)?.history(50)) ?? []).join(', ')}`)
    })
  const { kit } = openKit({}, [web, watching('one'), watching('two')])
  const { id } = await kit.createRoom({ channels: ['web', 'one', 'two'] })
  await kit.send(id, { from: 'ada', text: 'to nobody', addressedTo: [] }, { wait: 'settled' })
  expect(seen).toEqual([])
  expect(web.said()).toEqual(['to nobody'])
  await kit.send(id, { from: 'ada', text: 'to one', addressedTo: ['one', 'stranger'] }, { wait: 'settled' })
  await kit.settled(id)
  expect(seen).toEqual(['one: to nobody, to one'])
  expect(web.said()).toEqual(['to nobody', 'to one'])
  expect(await kit.receipts(id, { kind: 'routing' })).toMatchObject([
    { data: { skipped: [{ agentId: 'stranger', why: 'not_bound' }] } },
  ])
  await kit.send(id, { from: 'ada', text: 'to all' }, { wait: 'settled' })
  expect(seen.slice(1).toSorted()).toEqual(['one: to nobody, to one, to all', 'two: to nobody, to one, to all'])
})

test('EV-9 the response visibility is that of every message, segment and tool event of the answer', async () => {
  const web = recordingTransport('web', {
    capabilities: { content: ['text', 'toolCall'], eventTypes: ['toolCallStarted', 'toolCallEnded'] },
  })
  const desk = recordingTransport('desk')
  const agent = scriptedAgent('bot', async function* () {
    yield { type: 'textDelta', text: 'first' }
    yield { type: 'toolCallStarted', call: { callId: 'c1', name: 'look', arguments: {} } }
    yield { type: 'toolCallEnded', call: { callId: 'c1', name: 'look', arguments: {}, result: 'found' } }
    yield { type: 'textDelta', text: 'second' }
  })
  const { kit } = openKit({}, [web, desk, agent])
  const { id } = await kit.createRoom({ channels: ['web', 'desk', 'bot'] })
  await kit.send(id, { from: 'ada', text: 'whisper', responseVisibility: { only: ['web'] } }, { wait: 'settled' })
  const answer = (await kit.events(id)).filter(({ source }) => source.kind === 'agent')
  expect(answer.map(({ type }) => type)).toEqual(['message', 'toolCallStarted', 'toolCallEnded', 'message'])
  expect(answer.every(({ visibility }) => JSON.stringify(visibility) === '{"only":["web"]}')).toBe(true)
  expect(desk.said()).toEqual(['whisper'])
  expect(web.deliveries.map(({ event }) => event.type)).toEqual([
    'message',
    'message',
    'toolCallStarted',
    'toolCallEnded',
    'message',
  ])
})

test('EV-10 a turn has one correlation, each of its events its cause, and depth counts agents only', async () => {
  const first = scriptedAgent('first', async function* ({ event }) {
    if (event.source.kind !== 'person') return
    yield { type: 'textDelta', text: 'one' }
    yield { type: 'toolCallStarted', call: { callId: 'c1', name: 'look', arguments: {} } }
    yield { type: 'toolCallEnded', call: { callId: 'c1', name: 'look', arguments: {}, result: 'x' } }
    yield { type: 'textDelta', text: 'two' }
  })
  const second = scriptedAgent('second', async function* ({ event }) {
    if (textOf(event.content) === 'two') yield { type: 'textDelta', text: 'three' }
  })
  const { kit } = openKit({}, [first, second])
  const { id } = await kit.createRoom({ channels: ['first', 'second'] })
  const sent = await kit.send(id, { from: 'ada', text: 'hi', correlationId: 'mine' }, { wait: 'settled' })
  await kit.settled(id)
  const events = await kit.events(id)
  const [question] = events
  const ofFirst = events.filter(({ source }) => source.channelId === 'first')
  const [reply] = events.filter(({ source }) => source.channelId === 'second')
  expect(sent).toMatchObject({ event: { chainDepth: 0, correlationId: 'mine' } })
  expect(ofFirst).toHaveLength(4)
  expect(new Set(ofFirst.map(({ correlationId }) => correlationId)).size).toBe(1)
  expect(
    ofFirst.every(
      ({ causeId, chainDepth, correlationId, turnId }) =>
        causeId === question?.id && chainDepth === 1 && correlationId === turnId,
    ),
  ).toBe(true)
  expect(reply).toMatchObject({ causeId: ofFirst.at(-1)?.id, chainDepth: 2 })
  expect(reply?.correlationId).not.toBe(ofFirst[0]?.correlationId)
})

test('VI-2 what was hidden from an agent stays out of its histories for ever', async () => {
  const histories: string[][] = []
  const agent = scriptedAgent('bot', async function* (context) {
    histories.push(textsOf((await turnServices(context)?.history(50)) ?? []))
  })
  const { kit } = openKit({}, [recordingTransport('web'), agent, scriptedAgent('other', async function* () {})])
  const { id } = await kit.createRoom({ channels: ['web', 'bot', 'other'] })
  await kit.send(id, { from: 'ada', text: 'for the other', visibility: { only: ['other'] } }, { wait: 'settled' })
  await kit.send(id, { from: 'ada', text: 'for people', visibility: 'transport' }, { wait: 'settled' })
  await kit.send(id, { from: 'ada', text: 'for operators', visibility: 'internal' }, { wait: 'settled' })
  await kit.setVisibility(id, 'direct', 'transport')
  await kit.send(id, { from: 'ada', text: 'by a channel for people' }, { wait: 'settled' })
  await kit.setVisibility(id, 'direct', 'all')
  await kit.detach(id, 'bot')
  await kit.attach(id, 'bot')
  await kit.send(id, { from: 'ada', text: 'for all' }, { wait: 'settled' })
  expect(histories).toEqual([['for all']])
})
