import type { Kit } from '@parley/kit'
import { expect, test } from 'vitest'
import { openKit, recordingTransport, says, scriptedAgent, textsOf } from './chaos-bench.ts'

const text = (words: string): { content: { type: 'text'; text: string } } => ({
  content: { type: 'text', text: words },
})

async function startRoom() {
  const web = recordingTransport('web')
  const bench = openKit({}, [web, recordingTransport('loose'), scriptedAgent('bot', says('an answer'))])
  await bench.kit.createRoom({ id: 'room', organizationId: 'harbor', channels: ['web', 'bot'] })
  await bench.kit.send('room', { from: 'ada', text: 'first' }, { wait: 'settled' })
  const stored = async (): Promise<string> =>
    JSON.stringify([
      await bench.kit.events('room', { limit: 1_000 }),
      await bench.kit.getRoom('room'),
      await bench.kit.bindings('room'),
      await bench.kit.members('room'),
    ])
  return { ...bench, web, stored }
}

const refusals: [string, (kit: Kit) => Promise<unknown>, string, RegExp][] = [
  ['an unknown room', (kit) => kit.send('nope', { from: 'ada', text: 'x' }), 'room_not_found', /nope.*(id|create)/i],
  [
    'a room of another organization',
    (kit) => kit.send('room', { from: 'ada', text: 'x' }, { organizationId: 'other' }),
    'room_not_found',
    /room/,
  ],
  [
    'an unknown room that may not be made',
    (kit) =>
      kit.processInbound({ channelId: 'web', senderId: 'ada', ...text('x') }, { roomId: 'nope', autoCreate: false }),
    'room_not_found',
    /nope/,
  ],
  [
    'an unknown channel',
    (kit) => kit.processInbound({ channelId: 'nope', senderId: 'ada', ...text('x') }, { roomId: 'room' }),
    'channel_not_registered',
    /nope.*register/i,
  ],
  [
    'a channel that is not in the room',
    (kit) => kit.sendEvent('room', 'loose', text('x')),
    'channel_not_bound',
    /loose.*attach/i,
  ],
  ['muting a channel that is not in the room', (kit) => kit.mute('room', 'loose'), 'channel_not_bound', /loose/],
  ['an unknown participant', (kit) => kit.renameMember('room', 'nobody', 'N.'), 'participant_not_found', /nobody/],
  [
    'an unknown event',
    (kit) => kit.redactEvent('room', 'evt_nope', { by: 'desk', reason: 'wish' }),
    'event_not_found',
    /evt_nope/,
  ],
  [
    'an unknown request',
    (kit) => kit.answerRequest('req_nope', { decision: 'approve', by: { kind: 'person', id: 'kim' } }),
    'request_not_found',
    /req_nope/,
  ],
  [
    'an unknown turn',
    async (kit) => kit.steer('turn_nope', { type: 'cancel', reason: 'x' }),
    'turn_not_found',
    /turn_nope/,
  ],
  [
    'a text of 257 KiB',
    (kit) => kit.send('room', { from: 'ada', text: 'x'.repeat(257 * 1024) }),
    'content_too_large',
    /./,
  ],
  [
    'a media address that is no address',
    (kit) => kit.sendEvent('room', 'web', { content: { type: 'media', url: 'file:///etc/passwd', mimeType: 'a/b' } }),
    'content_invalid',
    /url/,
  ],
  [
    '65 KiB of metadata',
    (kit) => kit.patchRoom('room', { metadata: { set: { a: 'x'.repeat(65 * 1024) } } }),
    'metadata_too_large',
    /./,
  ],
  [
    'a misspelled option',
    (kit) => kit.createRoom({ chanels: ['web'] } as object),
    'invalid_options',
    /chanels.*channels/,
  ],
]

test.each(refusals)(
  'ER-3 %s is refused by name, says what to do, and changes nothing',
  async (_what, call, code, remedy) => {
    const { kit, stored, web } = await startRoom()
    const before = await stored()
    const error: unknown = await call(kit).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code, message: expect.stringMatching(remedy) })
    expect(await stored()).toBe(before)
    expect(web.said()).toEqual(['first', 'an answer'])
  },
)

test('RM-1 RM-3 a closed room takes nothing by any way in, says so, and its log is untouched', async () => {
  const { kit, stored, clock } = await startRoom()
  const refused: unknown[] = []
  kit.on('roomRefusedEvent', (event) => void refused.push(event))
  await kit.closeRoom('room', { reason: 'done' })
  const before = await stored()
  const ways: Record<string, () => Promise<unknown>> = {
    inbound: () => kit.processInbound({ channelId: 'web', senderId: 'ada', ...text('x') }, { roomId: 'room' }),
    send: () => kit.send('room', { from: 'ada', text: 'x' }),
    sendEvent: () => kit.sendEvent('room', 'web', text('x')),
    deliver: () => kit.deliver('room', 'news'),
    handoff: () => kit.handoff('room', { target: 'bot', reason: 'r', summary: 's' }, { by: { kind: 'code', id: 'x' } }),
    attach: () => kit.attach('room', 'loose'),
    mute: () => kit.mute('room', 'web'),
    addMember: () => kit.addMember('room', { id: 'eve' }),
    regenerate: () => kit.regenerate('room'),
    updateState: () => kit.updateState('room', (state) => state.with({ phase: 'other' })),
    pauseRoom: () => kit.pauseRoom('room'),
  }
  for (const [name, way] of Object.entries(ways)) {
    const outcome: unknown = await way().catch((error: unknown) => error)
    await clock.advance(1_000)
    const isRefused = JSON.stringify(outcome).includes('room_closed')
    expect(isRefused || name === 'regenerate', `${name}: ${JSON.stringify(outcome)}`).toBe(true)
    expect(await stored(), name).toBe(before)
  }
  expect(refused.length).toBeGreaterThan(0)
  expect((await kit.events('room')).at(-1)?.type).toBe('roomClosed')
  await kit.reopen('room')
  expect(await kit.send('room', { from: 'ada', text: 'back' })).toMatchObject({ outcome: 'committed' })
})

test('IN-2 a person who sends the same twice under one key has one line, one answer and the same acknowledgement; another text under it is refused', async () => {
  const { kit } = await startRoom()
  const send = (words: string) =>
    kit.send('room', { from: 'ada', text: words, idempotencyKey: 'k' }, { wait: 'settled' })
  const [first, second] = await Promise.all([send('twice'), send('twice')])
  expect([first, second].map((result) => result.outcome === 'committed' && result.duplicate).sort()).toEqual([
    false,
    true,
  ])
  expect(await send('other')).toMatchObject({
    outcome: 'blocked',
    reason: 'idempotency_conflict',
    message: expect.stringContaining('new key'),
  })
  expect(textsOf(await kit.events('room', { types: ['message'] }))).toEqual([
    'first',
    'an answer',
    'twice',
    'an answer',
  ])
})

test('ST-6 KT-4 500 rooms that were opened, used and closed leave no timer behind while the kit goes on', async () => {
  const { kit, clock } = openKit({}, [recordingTransport('web'), scriptedAgent('bot', says('an answer'))])
  await clock.advance(300_000)
  const baseline = clock.pending
  for (let n = 0; n < 500; n += 1) {
    const { id } = await kit.createRoom({
      channels: ['web', 'bot'],
      timers: { inactiveAfterMs: 60_000, closedAfterMs: 60_000 },
    })
    const dispose = kit.subscribe(id, () => {})
    kit.publish(id, { type: 'typingStarted', from: 'ada' })
    kit.publish(id, { type: 'presence', from: 'ada', data: { status: 'online' } })
    await kit.send(id, { from: 'ada', text: `hello ${n}` }, { wait: 'settled' })
    dispose()
    await kit.closeRoom(id)
  }
  expect(clock.pending).toBeLessThan(20)
  await clock.advance(300_000)
  expect(clock.pending).toBe(baseline)
})
