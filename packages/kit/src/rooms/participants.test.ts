import { expect, test } from 'vitest'
import { line, openKit, recordingTransport, scriptedAgent } from '../__fixtures__/open-kit.ts'

const setUp = async () => {
  const bench = openKit({}, [
    recordingTransport('web'),
    recordingTransport('sms', { channelType: 'sms' }),
    scriptedAgent('bot'),
  ])
  const { id } = await bench.kit.createRoom({ channels: ['web', 'sms'] })
  return { ...bench, id }
}

test('PA-1 one person over two channels is one participant; only addMember moves the primary channel', async () => {
  const { kit, id, heard } = await setUp()
  await kit.processInbound(line('web', 'ada', 'by web'), { roomId: id })
  await kit.processInbound(line('sms', 'ada', 'by phone'), { roomId: id })
  expect(await kit.members(id)).toMatchObject([{ id: 'ada', channelId: 'web', connectedVia: ['web', 'sms'] }])
  expect(heard.filter(({ type }) => type === 'participantShared')).toMatchObject([
    { data: { participantId: 'ada', channelIds: ['web', 'sms'] } },
  ])

  await kit.ensureParticipant(id, { id: 'bob', channelId: 'web' })
  await kit.ensureParticipant(id, { id: 'bob', channelId: 'sms' })
  expect((await kit.members(id)).find((member) => member.id === 'bob')).toMatchObject({
    channelId: 'web',
    connectedVia: ['web', 'sms'],
  })
  expect(heard.filter(({ type }) => type === 'participantShared')).toHaveLength(2)

  await kit.addMember(id, { id: 'bob', channelId: 'sms' })
  expect((await kit.members(id)).find((member) => member.id === 'bob')).toMatchObject({
    channelId: 'sms',
    connectedVia: ['sms', 'web'],
  })
})

test('PA-2 adding who is there and renaming to the same name change nothing and emit nothing', async () => {
  const { kit, clock, id } = await setUp()
  const fired: string[] = []
  kit.observe('onParticipantJoined', () => void fired.push('joined'))
  kit.observe('onParticipantUpdated', () => void fired.push('updated'))
  kit.observe('onParticipantLeft', () => void fired.push('left'))
  const first = await kit.addMember(id, { id: 'ada', channelId: 'web', displayName: 'Ada' })
  await clock.advance(1_000)
  const before = await kit.events(id)
  expect(await kit.addMember(id, { id: 'ada', channelId: 'web', displayName: 'Ada' })).toEqual(first)
  expect(await kit.addMember(id, { id: 'ada' })).toEqual(first)
  expect(await kit.renameMember(id, 'ada', 'Ada')).toEqual(first)
  expect(await kit.ensureParticipant(id, { id: 'ada', channelId: 'web' })).toEqual(first)
  expect(await kit.events(id)).toEqual(before)
  await kit.removeMember(id, 'ada')
  await clock.advance(1_000)
  const again = await kit.addMember(id, { id: 'ada' })
  expect(again).toMatchObject({ status: 'active', joinedAt: first.joinedAt })
  await clock.advance(0)
  expect(fired).toEqual(['joined', 'left', 'joined'])
})

test('PA-3 a banned sender is blocked on every way in, one who left is back with the next message', async () => {
  const { kit, id } = await setUp()
  await kit.processInbound(line('web', 'ada', 'hello'), { roomId: id })
  await kit.removeMember(id, 'ada')
  expect(await kit.isMember(id, 'ada')).toBe(false)
  await kit.processInbound(line('web', 'ada', 'back'), { roomId: id })
  expect(await kit.isMember(id, 'ada')).toBe(true)
  await kit.removeMember(id, 'ada')
  await kit.send(id, { from: 'ada', text: 'back again' })
  expect(await kit.isMember(id, 'ada')).toBe(true)

  await kit.removeMember(id, 'ada', { ban: true })
  const before = (await kit.getRoom(id)).latestIndex
  expect(await kit.processInbound(line('web', 'ada', 'let me in'), { roomId: id })).toMatchObject({
    outcome: 'blocked',
    reason: 'sender_banned',
  })
  expect(await kit.processInbound(line('sms', 'ada', 'let me in'), { roomId: id })).toMatchObject({
    outcome: 'blocked',
    reason: 'sender_banned',
  })
  expect(await kit.send(id, { from: 'ada', text: 'let me in' })).toMatchObject({
    outcome: 'blocked',
    reason: 'sender_banned',
  })
  expect(await kit.isMember(id, 'ada')).toBe(false)
  expect((await kit.getRoom(id)).latestIndex).toBe(before)
})

test('PA-3 a banned person does not come back by the channel that is bound to them', async () => {
  const { kit, id } = await setUp()
  await kit.ensureParticipant(id, { id: 'ada', channelId: 'web' })
  await kit.attach(id, 'web', { participantId: 'ada' })
  await kit.removeMember(id, 'ada', { ban: true })
  expect(await kit.sendEvent(id, 'web', { content: { type: 'text', text: 'me' } })).toMatchObject({
    outcome: 'blocked',
    reason: 'sender_banned',
  })
})

test('PA-5 attached agents are members of kind agent, as long as they are attached, without identity', async () => {
  const { kit, id } = await setUp()
  await kit.attach(id, 'bot')
  const [agent] = await kit.members(id)
  expect(agent).toMatchObject({ id: 'bot', kind: 'agent', role: 'agent', channelId: 'bot', status: 'active' })
  expect(agent).not.toHaveProperty('identityId')
  expect((await kit.store.participants.list({ roomId: id })).items).toEqual([])
  await kit.detach(id, 'bot')
  expect(await kit.members(id)).toEqual([])
})

test('ID-6 a pending person is completed by hand; what they said keeps its source and is read as theirs', async () => {
  const resolver = { resolve: () => Promise.resolve({ status: 'pending' as const, candidates: [] }) }
  const { kit } = openKit({ identity: resolver }, [recordingTransport('sms', { channelType: 'sms' })])
  const first = await kit.processInbound(line('sms', '+491', 'it is me'))
  if (first.outcome !== 'committed') throw new Error('the line is committed')
  const { roomId, event } = first
  const id = event.source.participantId ?? ''
  expect(await kit.members(roomId)).toMatchObject([{ id, identification: 'pending' }])
  const fired: string[] = []
  kit.observe('onParticipantIdentified', ({ participant }) => void fired.push(participant.id))
  const identity = { id: 'person_1', displayName: 'Ada', addresses: {}, externalIds: {}, metadata: {} }
  await kit.resolveParticipant(roomId, id, identity, { by: 'desk' })
  await kit.settled(roomId)
  expect((await kit.events(roomId))[0]).toEqual(event)
  const author = (await kit.members(roomId)).find((member) => member.id === event.source.participantId)
  expect(author).toMatchObject({
    identification: 'identified',
    identityId: 'person_1',
    displayName: 'Ada',
    resolvedBy: 'desk',
  })
  expect(author).not.toHaveProperty('candidates')
  expect(fired).toEqual([id])
  await expect(kit.resolveParticipant(roomId, 'nobody', identity)).rejects.toMatchObject({
    code: 'participant_not_found',
  })
})
