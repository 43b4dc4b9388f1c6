import { expect, test } from 'vitest'
import { createCallAdmission } from './admission.ts'
import { recorder, setUpMedia } from './__fixtures__/media-setup.ts'
import { hello, personEnd } from './__fixtures__/person-end.ts'
import { defaultWebSocketMediaLimits, resolveMediaLimits, type WebSocketMediaOptions } from './media-options.ts'

test('defaults: times and limits of browser calls', () => {
  expect(defaultWebSocketMediaLimits).toEqual({
    resumeWindowMs: 30_000,
    helloTimeoutMs: 5_000,
    pingIntervalMs: 15_000,
    ringMessages: 512,
    messageBytes: 65_536,
    messagesPerSecond: 200,
    shedBytes: 262_144,
    slowBytes: 1_048_576,
    slowMs: 5_000,
    heardIntervalMs: 100,
  })
})

test('unknown options and numbers that are none are refused', () => {
  // What a caller in JavaScript may pass.
  const resolve = (more: object) => () => resolveMediaLimits({ ...more } as WebSocketMediaOptions)
  expect(resolve({ resumeWindow: 1 })).toThrow('resumeWindowMs')
  expect(resolve({ slowMs: 0 })).toThrow('slowMs must be')
})

test('W-1 who says nothing within 5 s is closed with 4408', async () => {
  const { clock, connect } = setUpMedia()
  const person = personEnd()
  const connected = connect(person)
  await clock.advance(4_999)
  expect(person.closedWith).toBeUndefined()
  await clock.advance(1)
  expect(person.closedWith).toBe(4408)
  expect(await connected).toMatchObject({ outcome: 'refused', closeCode: 4408 })
})

test.each([
  ['a bad token', { token: 'nobody' }, 4401, 'media_auth_failed'],
  ['no token', { token: undefined }, 4401, 'media_auth_failed'],
  ['a token for something else', { token: 'other' }, 4403, 'forbidden'],
  ['no common version', { versions: [2, 3] }, 4406, 'media_protocol_error'],
  ['a resume of nothing', { resume: { resumeToken: 'x', lastSeq: 0, lastEpoch: 0 } }, 4410, 'media_resume_rejected'],
])('W-1 %s is refused with its own close code', async (_what, more, closeCode, code) => {
  const { clock, connect, media } = setUpMedia()
  const person = personEnd()
  const connected = connect(person)
  const { token, ...rest } = hello
  person.say({ ...rest, ...('token' in more ? {} : { token }), ...JSON.parse(JSON.stringify(more)) })
  await clock.advance(0)
  expect(await connected).toMatchObject({ outcome: 'refused', closeCode })
  expect(person.closedWith).toBe(closeCode)
  expect(person.messages).toMatchObject([{ type: 'error', code, fatal: true }])
  expect(media.size).toBe(0)
})

test('W-1 an envelope of another version is no common version', async () => {
  const { clock, connect } = setUpMedia()
  const person = personEnd()
  void connect(person)
  person.sayText(JSON.stringify({ v: 2, type: 'hello', seq: 0, versions: [2] }))
  await clock.advance(0)
  expect(person.closedWith).toBe(4406)
})

test('W-1 a draining server says bye with where to go and closes 4503, also who comes later', async () => {
  const { clock, connect, media, open } = setUpMedia()
  const { person, heard } = await open()
  media.drain('wss://two.example')
  await clock.advance(0)
  expect(person.ofType('bye')).toMatchObject([{ reason: 'moved', code: 4503, url: 'wss://two.example' }])
  expect(person.closedWith).toBe(4503)
  expect(heard).toEqual([
    { type: 'state', state: 'connected' },
    { type: 'state', state: 'lost' },
  ])
  const late = personEnd()
  expect(await connect(late)).toMatchObject({ outcome: 'refused', closeCode: 4503 })
  expect(late.ofType('bye')).toMatchObject([{ reason: 'moved', url: 'wss://two.example' }])
  await clock.advance(30_000)
  expect(heard.at(-1)).toEqual({ type: 'close', reason: 'moved' })
})

test('a host that cannot say who it is closes the socket and keeps no call', async () => {
  const { clock, connect, media } = setUpMedia({
    authorize: async () => {
      throw new Error('the database is away')
    },
  })
  const person = personEnd()
  const connected = connect(person)
  person.say(hello)
  await clock.advance(0)
  expect(await connected).toMatchObject({ outcome: 'refused', closeCode: 1011 })
  expect(media.size).toBe(0)
})

test('W-7 nothing is heard or sent before welcome, and W-5 audio that comes too early is counted', async () => {
  const decided = Promise.withResolvers<void>()
  const { clock, connect } = setUpMedia({
    async authorize() {
      await decided.promise
      return { identity: 'ada', roomId: 'r', participantId: 'ada' }
    },
  })
  const person = personEnd()
  person.sound()
  const connected = connect(person)
  await clock.advance(0)
  person.say(hello)
  person.sound()
  await clock.advance(0)
  expect(person.got).toEqual([])
  decided.resolve()
  await clock.advance(0)
  person.sound()
  await clock.advance(0)
  const result = await connected
  if (result.outcome !== 'started') throw new Error('not started')
  const { heard, handlers } = recorder()
  await result.endpoint.start(handlers)
  expect(person.messages[0]).toMatchObject({ type: 'welcome', seq: 0, callId: 'call-1', resumed: false })
  expect(heard.filter(({ type }) => type === 'frame')).toHaveLength(1)
  expect(result.endpoint.counts.earlyAudio).toBe(2)
})

test('W-7 a refusal of recording is heard before the first frame, even when said before welcome came', async () => {
  const { clock, connect } = setUpMedia()
  const person = personEnd()
  const connected = connect(person)
  person.say(hello)
  person.say({ type: 'consent', kind: 'recording', granted: false })
  await clock.advance(0)
  person.sound()
  person.sound({ payload: new Uint8Array(640) })
  await clock.advance(0)
  const result = await connected
  if (result.outcome !== 'started') throw new Error('not started')
  const { heard, handlers } = recorder()
  await result.endpoint.start(handlers)
  expect(heard.slice(2)).toMatchObject([{ isSilent: false }, { isSilent: true }])
  expect(heard.map((one) => (one.type === 'other' ? one.name : one.type))).toEqual([
    'state',
    'consent',
    'frame',
    'frame',
  ])
})

test('W-7 a second socket only reads, until it says takeover; the first then gets 4409', async () => {
  const { clock, connect, open } = setUpMedia()
  const { person, endpoint, heard } = await open()
  endpoint.show({ type: 'language', language: 'fr' })
  const second = personEnd()
  const connected = connect(second)
  second.say(hello)
  await clock.advance(0)
  expect(await connected).toMatchObject({ outcome: 'reading', endpoint })
  second.say({ type: 'dtmf', digit: '1', durationMs: 100 })
  second.sound()
  endpoint.show({ type: 'hold', on: true })
  await clock.advance(0)
  expect(heard).toEqual([{ type: 'state', state: 'connected' }])
  expect(endpoint.counts.earlyAudio).toBe(1)
  expect(second.messages).toMatchObject([
    { type: 'welcome', resumeToken: null },
    { type: 'language', seq: 1 },
    { type: 'hold', seq: 2 },
  ])
  expect(person.closedWith).toBeUndefined()

  second.say({ ...hello, takeover: true })
  await clock.advance(0)
  expect(person.closedWith).toBe(4409)
  expect(person.ofType('bye')).toMatchObject([{ reason: 'takenOver', code: 4409 }])
  second.say({ type: 'dtmf', digit: '2', durationMs: 100, seq: 1 })
  await clock.advance(0)
  expect(heard.at(-1)).toEqual({ type: 'other', name: 'dtmf', args: ['2', 100] })
  const again = second.messages.slice(second.messages.findLastIndex(({ type }) => type === 'welcome'))
  expect(again).toMatchObject([
    { type: 'welcome', resumed: false, resumeToken: expect.any(String) },
    { type: 'language', seq: 1, language: 'fr' },
    { type: 'hold', seq: 2, on: true },
    { type: 'clear', seq: 3, epoch: 1 },
  ])
})

test('W-7 a page may take its call over with its first word, and its sound begins anew', async () => {
  const { clock, connect, open } = setUpMedia()
  const { person, heard } = await open()
  person.sound({ position: 90_000 })
  await clock.advance(20)
  const second = personEnd()
  const connected = connect(second)
  second.say({ ...hello, takeover: true })
  second.sound({ position: 0 })
  await clock.advance(0)
  expect((await connected).outcome).toBe('takenOver')
  expect(person.closedWith).toBe(4409)
  second.sound({ position: 0 })
  await clock.advance(0)
  expect(heard.filter(({ type }) => type === 'frame')).toHaveLength(2)
})

test('W-7 nobody else takes a call over', async () => {
  const { clock, connect, open } = setUpMedia()
  const { person } = await open()
  const stranger = personEnd()
  void connect(stranger)
  stranger.say({ ...hello, token: 'ben', takeover: true })
  await clock.advance(0)
  expect(stranger.closedWith).toBe(4403)
  expect(person.closedWith).toBeUndefined()
})

test('W-8 an identity has five calls and no sixth, until one has ended', async () => {
  const admission = createCallAdmission({ clock: setUpMedia().clock })
  const { clock, media } = setUpMedia({ enter: (identity) => admission.enter(identity) })
  const start = async (callId: string) => {
    const person = personEnd()
    const connected = media.connect(person.socket, { callId })
    person.say(hello)
    await clock.advance(0)
    return connected
  }
  for (const callId of ['a', 'b', 'c', 'd', 'e']) expect((await start(callId)).outcome).toBe('started')
  expect(await start('f')).toMatchObject({ outcome: 'refused', closeCode: 4403 })
  await media.find('c')?.close('hangup')
  expect((await start('f')).outcome).toBe('started')
})

test('hanging up ends the call once, on both sides', async () => {
  const { clock, media, open } = setUpMedia()
  const { person, endpoint, heard } = await open()
  person.say({ type: 'hangup' })
  await clock.advance(0)
  expect(heard.filter(({ type }) => type === 'close')).toEqual([{ type: 'close', reason: 'hangup' }])
  expect(person.ofType('bye')).toMatchObject([{ reason: 'hangup', code: 1000 }])
  expect(person.closedWith).toBe(1000)
  expect(media.size).toBe(0)
  await endpoint.close('agent')
  expect(heard.filter(({ type }) => type === 'close')).toHaveLength(1)
})

test('O-10 closing is done once, and leaves no call, socket or timer', async () => {
  const { clock, media, open } = setUpMedia()
  const { person, endpoint } = await open()
  endpoint.show({ type: 'heard', utteranceId: 'u', played: 1, confirmed: 0 })
  await Promise.all([endpoint.close('agent'), endpoint.close('agent')])
  await clock.advance(0)
  expect(person.ofType('bye')).toHaveLength(1)
  expect(person.closedWith).toBe(1000)
  expect(media.size).toBe(0)
  expect(clock.pending).toBe(0)
})
