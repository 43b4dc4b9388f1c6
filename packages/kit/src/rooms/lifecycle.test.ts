import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, says, scriptedAgent, textsOf } from '../__fixtures__/open-kit.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })

function setUp(agentMs = 0) {
  const web = recordingTransport('web')
  const agent = scriptedAgent('bot', says('an answer', agentMs))
  const bench = openKit({}, [web, agent])
  return { ...bench, web, agent }
}

test('RM-1 RM-3 a closed or archived room refuses wherever its log could grow, and reads go on', async () => {
  for (const status of ['closed', 'archived'] as const) {
    const { kit, heard } = setUp()
    const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
    await kit.ensureParticipant(id, { id: 'ada' })
    await kit.send(id, { from: 'ada', text: 'hello' }, { wait: 'settled' })
    await (status === 'closed' ? kit.closeRoom(id) : kit.archiveRoom(id))
    const before = await kit.events(id, { raw: true })
    const code = status === 'closed' ? 'room_closed' : 'room_archived'

    // A hook would block, and a block is a record too.
    kit.hook('beforeBroadcast', (_payload, ctx) => {
      ctx.inject({ content: text('injected') })
      return { action: 'block', reason: 'x.never' }
    })
    expect(await kit.processInbound(line('web', 'ada', 'late'), { roomId: id })).toMatchObject({
      outcome: 'blocked',
      reason: 'room_closed',
    })
    for (const attempt of [
      () => kit.sendEvent(id, 'web', { content: text('late') }),
      () => kit.send(id, { from: 'ada', text: 'late' }),
      () => kit.sendSystem(id, { content: text('late') }),
      () => kit.sendEvent(id, 'bot', { content: text('late') }),
      () => kit.attach(id, 'web'),
      () => kit.detach(id, 'web'),
      () => kit.mute(id, 'web'),
      () => kit.addMember(id, { id: 'bob' }),
      () => kit.removeMember(id, 'ada'),
      () => kit.renameMember(id, 'ada', 'Ada'),
      () => kit.pauseRoom(id),
      () => kit.deliver(id, 'late'),
      () => kit.regenerate(id),
    ]) {
      await expect(attempt(), `${attempt}`).rejects.toMatchObject({ code })
    }
    expect(await kit.events(id, { raw: true })).toEqual(before)
    expect(heard.filter(({ type }) => type === 'roomRefusedEvent').length).toBeGreaterThanOrEqual(5)
    expect(await kit.getRoom(id)).toMatchObject({ status, latestIndex: before.length - 1 })
    expect(await kit.members(id)).not.toEqual([])
    expect(await kit.receipts(id)).not.toEqual([])
  }
})

test('RM-1 a paused room accepts events', async () => {
  const { kit } = setUp()
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.pauseRoom(id)
  expect(await kit.sendEvent(id, 'web', { content: text('here') })).toMatchObject({ outcome: 'committed' })
})

test('RM-2 a closing room takes only the record of its closing; text said before stays, the rest is dropped with a receipt', async () => {
  const web = recordingTransport('web')
  const agent = scriptedAgent('bot', async function* ({ clock }) {
    yield { type: 'textDelta', text: 'said before' }
    yield { type: 'toolCallStarted', call: { callId: 'c1', name: 'look', arguments: {} } }
    await clock.sleep(5_000)
    yield { type: 'toolCallEnded', call: { callId: 'c1', name: 'look', arguments: {}, result: 'found' } }
    yield { type: 'textDelta', text: 'said too late' }
  })
  const { kit, clock } = openKit({}, [web, agent])
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' })
  await clock.advance(1_000)
  await kit.closeRoom(id, { reason: 'done' })
  await clock.advance(10_000)
  const events = await kit.events(id)
  expect(events.at(-1)).toMatchObject({ type: 'roomClosed', content: { data: { reason: 'done' } } })
  expect(textsOf(events)).toContain('said before')
  expect(textsOf(events)).not.toContain('said too late')
  expect(web.said()).not.toContain('said too late')
  expect(await kit.receipts(id, { kind: 'turn' })).toMatchObject([
    { data: { agentId: 'bot', end: 'aborted', cause: 'room_closed' } },
  ])
})

test('RM-2 text in the making when the room closes is dropped with a receipt', async () => {
  const agent = scriptedAgent('bot', async function* ({ clock }) {
    yield { type: 'textDelta', text: 'half a sent' }
    await clock.sleep(5_000)
    yield { type: 'textDelta', text: 'ence' }
  })
  const { kit, clock, errors } = openKit({}, [agent])
  const { id } = await kit.createRoom({ channels: ['bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' })
  await clock.advance(1_000)
  await kit.closeRoom(id)
  await clock.advance(10_000)
  expect((await kit.events(id)).at(-1)?.type).toBe('roomClosed')
  expect(await kit.receipts(id, { kind: 'turn' })).toMatchObject([
    { data: { end: 'aborted', dropped: { code: 'room_closed', characters: 11 } } },
  ])
  expect(errors).toEqual([])
})

test('RM-4 a closed room opens again, an archived one never', async () => {
  const { kit } = setUp()
  const { id } = await kit.createRoom({ channels: ['web', 'bot'] })
  await kit.closeRoom(id)
  expect(await kit.reopen(id)).toMatchObject({ status: 'active' })
  expect(await kit.send(id, { from: 'ada', text: 'again' }, { wait: 'settled' })).toMatchObject({
    outcome: 'committed',
  })
  await kit.archiveRoom(id)
  await expect(kit.reopen(id)).rejects.toMatchObject({ code: 'room_archived' })
  await expect(kit.closeRoom(id)).rejects.toMatchObject({ code: 'room_archived' })
  const types = (await kit.events(id)).map(({ type }) => type)
  expect(types.filter((type) => type.startsWith('room'))).toEqual([
    'roomClosed',
    'roomReopened',
    'roomClosed',
    'roomArchived',
  ])
})

test('RM-4 an event in a paused room makes it active in the same commit', async () => {
  const { kit } = setUp()
  const { id } = await kit.createRoom({ channels: ['web'] })
  const resumed: string[] = []
  kit.observe('onRoomResumed', ({ room }) => void resumed.push(room.status))
  await kit.pauseRoom(id)
  const { version } = await kit.getRoom(id)
  await kit.sendEvent(id, 'web', { content: text('back') }, { wait: 'settled' })
  expect(await kit.getRoom(id)).toMatchObject({ status: 'active', version: version + 1 })
  expect((await kit.events(id)).map(({ type }) => type)).toEqual(['roomPaused', 'message', 'roomResumed'])
  expect(resumed).toEqual(['active'])
})

test('RM-5 RM-6 patches are changes of the room, messages are not, and reserved keys are refused', async () => {
  const { kit } = setUp()
  const { id } = await kit.createRoom({ channels: ['web'], metadata: { kept: 1, gone: 2 } })
  const { version } = await kit.getRoom(id)
  await kit.sendEvent(id, 'web', { content: text('one') })
  expect((await kit.getRoom(id)).version).toBe(version)
  await Promise.all([
    kit.patchRoom(id, { metadata: { set: { a: 1 } } }),
    kit.patchRoom(id, { metadata: { set: { b: 2 }, unset: ['gone'] } }),
  ])
  expect(await kit.getRoom(id)).toMatchObject({ version: version + 2, metadata: { kept: 1, a: 1, b: 2 } })
  expect((await kit.getRoom(id)).metadata).not.toHaveProperty('gone')
  await expect(kit.patchRoom(id, { metadata: { set: { _own: 1 } } })).rejects.toMatchObject({
    code: 'invalid_options',
    details: { path: 'metadata._own' },
  })
  await expect(kit.createRoom({ metadata: { _own: 1 } })).rejects.toMatchObject({ code: 'invalid_options' })
})

test('RM-5 the facade refuses a stale room and takes no counters from a copy', async () => {
  const { kit } = setUp()
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.sendEvent(id, 'web', { content: text('one') })
  const stale = await kit.getRoom(id)
  await kit.store.updateRoom({ ...stale, metadata: { mine: 1 }, eventCount: 99, latestIndex: 99 })
  await expect(kit.store.updateRoom({ ...stale, metadata: { mine: 2 } })).rejects.toMatchObject({
    code: 'version_conflict',
  })
  expect(await kit.getRoom(id)).toMatchObject({ metadata: { mine: 1 }, eventCount: 1, latestIndex: 0 })
})

test('RM-7 a changed policy holds for later events only, an unchanged one is no event', async () => {
  const one = scriptedAgent('one')
  const two = scriptedAgent('two')
  const { kit } = openKit({ limits: { maxChainDepth: 1 } }, [one, two])
  const { id } = await kit.createRoom({ channels: ['one', 'two'] })
  const first = await kit.send(id, { from: 'ada', text: 'first', addressedTo: ['one'] })
  await kit.settled(id)
  // `two` answered `one` under the policy `chain`.
  const chained = (await kit.events(id)).filter(({ source }) => source.channelId === 'two')
  expect(chained.length).toBeGreaterThan(0)
  const before = await kit.getRoom(id)
  await kit.patchRoom(id, { agentResponsePolicy: 'chain' })
  expect(await kit.getRoom(id)).toEqual(before)
  await kit.patchRoom(id, { agentResponsePolicy: 'addressedOnly' })
  expect((await kit.getRoom(id)).agentResponsePolicy).toBe('addressedOnly')
  const after = (await kit.events(id)).length
  await kit.send(id, { from: 'ada', text: 'second', addressedTo: ['one'] }, { wait: 'settled' })
  await kit.settled(id)
  const later = (await kit.events(id)).slice(after)
  expect(later.filter(({ source }) => source.channelId === 'two')).toEqual([])
  expect(first).toMatchObject({ outcome: 'committed' })
})
