import type { AudioOutput, CallView } from '@parley/spec'
import { expect, test } from 'vitest'
import { setUpMedia, type Heard, type MediaSetUp } from './__fixtures__/media-setup.ts'
import { hello, personEnd, type PersonEnd } from './__fixtures__/person-end.ts'

const format = { encoding: 'pcm16', sampleRateHz: 24_000, channels: 1 } as const

function speak(output: AudioOutput, lengthMs: number, name = 'u1', isLast = true) {
  const segment = output.open({ utteranceId: name, segmentId: `${name}-s`, format, agentId: 'triage', kind: 'reply' })
  const samples = Int16Array.from({ length: 24 * lengthMs }, (_, index) => (index % 200) + 1)
  segment.capture({ samples, sampleRateHz: 24_000, channels: 1, position: 0 })
  if (isLast) segment.flush()
  return segment
}

async function resume(
  { clock, connect }: MediaSetUp,
  options: { resumeToken: string; lastSeq: number; token?: string; callId?: string; seq?: number },
) {
  const person = personEnd({ seq: options.seq ?? 0 })
  const connected = connect(person, options.callId)
  const { resumeToken, lastSeq, token = 'ada' } = options
  person.say({ ...hello, token, resume: { resumeToken, lastSeq, lastEpoch: 0 } })
  await clock.advance(0)
  return { person, connected: await connected }
}

const lastSeq = (person: PersonEnd): number => Math.max(0, ...person.messages.map(({ seq }) => seq))
const states = (heard: Heard[]): string[] => heard.flatMap((one) => (one.type === 'state' ? [one.state] : []))
const note = (index: number): CallView => ({ type: 'notice', code: 'n', message: String(index) })

test('what a person does is told to the call', async () => {
  const { clock, open } = setUpMedia()
  const { person, heard } = await open()
  person.say({ type: 'dtmf', digit: '#', durationMs: 120 })
  person.say({ type: 'text', id: 't1', text: 'hello' })
  person.say({ type: 'transcript', id: 'w1', text: 'hello you', final: true, confidence: 0.9, language: 'en' })
  person.say({ type: 'mute', muted: true })
  person.say({ type: 'talk', down: true })
  person.say({ type: 'interrupt' })
  person.say({ type: 'consent', kind: 'recording', granted: true })
  person.say({ type: 'stats', rttMs: 12, jitterMs: 1.5 })
  await clock.advance(0)
  expect(heard.flatMap((one) => (one.type === 'other' ? [[one.name, ...one.args]] : []))).toEqual([
    ['dtmf', '#', 120],
    ['text', 'hello', 't1'],
    ['transcript', { id: 'w1', text: 'hello you', final: true, confidence: 0.9, language: 'en' }],
    ['muted', true],
    ['talk', true],
    ['interrupt'],
    ['consent', 'recording', true],
    ['stats', { rttMs: 12, jitterMs: 1.5 }],
  ])
})

test('E-5 words that the browser recognized reach the call as they come', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint, heard } = await open({
    say: { capabilities: { ...hello.capabilities, recognition: true, microphone: false } },
  })
  person.say({ type: 'transcript', id: 'w', text: 'good', final: false })
  person.say({ type: 'transcript', id: 'w', text: 'good day', final: true })
  await clock.advance(0)
  expect(heard.slice(1)).toEqual([
    { type: 'other', name: 'transcript', args: [{ id: 'w', text: 'good', final: false }] },
    { type: 'other', name: 'transcript', args: [{ id: 'w', text: 'good day', final: true }] },
  ])
  expect(endpoint.info.withoutAudio).toBe(true)
})

test('what the call shows is numbered without a gap, and metrics need a permission', async () => {
  const { open } = setUpMedia()
  const { person, endpoint } = await open()
  endpoint.show({ type: 'state', agent: 'speaking', user: 'listening', agentId: 'triage', mode: 'agent' })
  endpoint.show({ type: 'metrics', metrics: { turnMs: 3 } })
  endpoint.show({ type: 'handoff', from: 'triage', to: 'billing', reason: 'refund' })
  expect(person.messages.slice(1)).toEqual([
    { v: 1, type: 'state', seq: 1, agent: 'speaking', user: 'listening', agentId: 'triage', mode: 'agent' },
    { v: 1, type: 'handoff', seq: 2, from: 'triage', to: 'billing', reason: 'refund' },
  ])
  const allowed = setUpMedia({
    authorize: async () => ({ identity: 'ada', roomId: 'r', participantId: 'ada', features: ['metrics'] }),
  })
  const other = await allowed.open()
  other.endpoint.show({ type: 'metrics', metrics: { turnMs: 3 } })
  expect(other.person.ofType('metrics')).toMatchObject([{ metrics: { turnMs: 3 } }])
})

test('heard is told ten times a second at most, its last word always and a cut at once', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  for (let played = 1; played <= 30; played++) {
    endpoint.show({ type: 'heard', utteranceId: 'u', played, confirmed: 0 })
    await clock.advance(20)
  }
  expect(person.ofType('heard').length).toBeLessThanOrEqual(7)
  await clock.advance(100)
  expect(person.ofType('heard').at(-1)).toMatchObject({ played: 30 })
  endpoint.show({ type: 'heard', utteranceId: 'u', played: 30, confirmed: 29, cut: 29 })
  expect(person.ofType('heard').at(-1)).toMatchObject({ cut: 29 })
})

test('speech is announced, sent in frames of 20 ms with places in its utterance, and ended', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  speak(endpoint.output, 100)
  await clock.advance(100)
  expect(person.got.slice(1).map((one) => ('message' in one ? one.message.type : one.frame.position))).toEqual([
    'segment',
    0,
    480,
    960,
    1_440,
    1_920,
    'segment',
  ])
  expect(person.ofType('segment')).toMatchObject([
    { phase: 'start', utteranceId: 'u1', segmentId: 'u1-s', agentId: 'triage', kind: 'reply', epoch: 0 },
    { phase: 'end', totalMs: 100 },
  ])
  const [first] = person.frames
  const last = person.frames.at(-1)
  expect(first).toMatchObject({ codec: 'pcm16', rate: 24_000, gap: true, last: false, sequence: 0, epoch: 0 })
  expect(last).toMatchObject({ gap: false, last: true, sequence: 4 })
  expect(first?.payload.length).toBe(960)
})

test('a clear is the first thing sent, with the new epoch; W-5 reports of the old one change nothing', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  speak(endpoint.output, 1_000)
  await clock.advance(200)
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 100, bufferedMs: 100 })
  await clock.advance(0)
  const before = person.got.length
  expect(endpoint.output.clear()).toMatchObject({ epoch: 1, segmentId: 'u1-s' })
  expect(person.got[before]).toMatchObject({ message: { type: 'clear', epoch: 1 } })
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 900, bufferedMs: 0, done: true })
  person.say({ type: 'cleared', epoch: 1, positionMs: 140 })
  await clock.advance(0)
  expect(endpoint.counts.staleReports).toBe(1)
  speak(endpoint.output, 20, 'u2')
  expect(person.frames.at(-1)).toMatchObject({ epoch: 1, position: 0 })
})

test('a person that can pause is told to, others are sent again what was not played', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  speak(endpoint.output, 1_000)
  await clock.advance(100)
  expect(endpoint.output.pause()).toBe(true)
  expect(person.messages.at(-1)).toMatchObject({ type: 'pause', epoch: 0 })
  person.say({ type: 'paused', epoch: 0, positionMs: 80 })
  await clock.advance(500)
  const frames = person.frames.length
  endpoint.output.resume()
  expect(person.ofType('continue')).toMatchObject([{ epoch: 0 }])
  await clock.advance(200)
  expect(person.frames.length).toBeGreaterThan(frames)

  const rewinding = setUpMedia()
  const plain = await rewinding.open({ say: { capabilities: { ...hello.capabilities, pause: false, played: false } } })
  expect(plain.endpoint.info.capabilities).toEqual({ clear: true, pause: 'rewind', played: 'clock', dtmfOut: false })
  speak(plain.endpoint.output, 1_000)
  await rewinding.clock.advance(200)
  plain.endpoint.output.pause()
  expect(plain.person.messages.at(-1)).toMatchObject({ type: 'clear', epoch: 1 })
})

test('W-2 messages after the last one come again in order, the call knows of the loss, and a token works once', async () => {
  const setUp = setUpMedia()
  const { person, endpoint, heard, resumeToken } = await setUp.open()
  endpoint.show(note(1))
  endpoint.show(note(2))
  person.drop()
  await setUp.clock.advance(1_000)
  endpoint.show(note(3))
  expect(states(heard)).toEqual(['connected', 'lost'])
  const again = await resume(setUp, { resumeToken, lastSeq: 1 })
  expect(again.connected).toMatchObject({ outcome: 'resumed', endpoint })
  expect(again.person.messages.slice(0, 3)).toMatchObject([
    { type: 'welcome', resumed: true },
    { type: 'notice', seq: 2, message: '2' },
    { type: 'notice', seq: 3, message: '3' },
  ])
  expect(states(heard)).toEqual(['connected', 'lost', 'resumed'])
  again.person.drop()
  await setUp.clock.advance(0)
  const twice = await resume(setUp, { resumeToken, lastSeq: 3 })
  expect(twice.person.closedWith).toBe(4410)
  const next = again.person.ofType('welcome')[0]?.resumeToken ?? ''
  expect((await resume(setUp, { resumeToken: next, lastSeq: lastSeq(again.person) })).connected.outcome).toBe('resumed')
})

test('W-2 a resume token is of one call and one person', async () => {
  const setUp = setUpMedia()
  const { person, resumeToken } = await setUp.open()
  person.drop()
  await setUp.clock.advance(0)
  expect((await resume(setUp, { resumeToken, lastSeq: 0, token: 'ben' })).person.closedWith).toBe(4410)
  expect((await resume(setUp, { resumeToken, lastSeq: 0, callId: 'call-2' })).person.closedWith).toBe(4410)
  expect((await resume(setUp, { resumeToken, lastSeq: 0 })).connected.outcome).toBe('resumed')
})

test('W-2 512 messages are kept and not one more', async () => {
  const setUp = setUpMedia()
  const first = await setUp.open()
  for (let index = 1; index <= 513; index++) first.endpoint.show(note(index))
  first.person.drop()
  await setUp.clock.advance(0)
  const refused = await resume(setUp, { resumeToken: first.resumeToken, lastSeq: 0 })
  expect(refused.person.closedWith).toBe(4410)
  expect(refused.person.ofType('error')).toMatchObject([{ code: 'media_resume_rejected', fatal: true }])

  const other = setUpMedia()
  const second = await other.open()
  for (let index = 1; index <= 513; index++) second.endpoint.show(note(index))
  second.person.drop()
  await other.clock.advance(0)
  const resumed = await resume(other, { resumeToken: second.resumeToken, lastSeq: 1 })
  expect(resumed.person.ofType('notice')).toHaveLength(512)
})

test('W-2 speech that was not played is sent again from the last report', async () => {
  const setUp = setUpMedia()
  const { person, endpoint, resumeToken } = await setUp.open()
  speak(endpoint.output, 1_000)
  await setUp.clock.advance(400)
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 200, bufferedMs: 200 })
  await setUp.clock.advance(0)
  person.drop()
  await setUp.clock.advance(2_000)
  const { person: again } = await resume(setUp, { resumeToken, lastSeq: lastSeq(person) })
  expect(again.ofType('clear')).toMatchObject([{ epoch: 1 }])
  const [first] = again.frames
  // 40 ms before the last confirmed sample (O-4).
  expect(first).toMatchObject({ epoch: 1, position: 24 * 160, gap: true })
  expect(again.ofType('segment')[0]).toMatchObject({ phase: 'start', utteranceId: 'u1', epoch: 1 })
  const finished = new Promise((resolve) => endpoint.output.on('finished', resolve))
  for (let positionMs = 200; positionMs <= 1_000; positionMs += 100) {
    await setUp.clock.advance(100)
    again.say({ type: 'played', epoch: 1, utteranceId: 'u1', positionMs, bufferedMs: 0, seq: positionMs / 100 })
  }
  await setUp.clock.advance(100)
  expect(await finished).toMatchObject({ utteranceId: 'u1', interrupted: false, confidence: 'confirmed' })
})

test('a lost call waits for its window and then ends', async () => {
  const setUp = setUpMedia()
  const { person, heard, resumeToken } = await setUp.open()
  person.drop()
  await setUp.clock.advance(29_999)
  expect(setUp.media.size).toBe(1)
  await setUp.clock.advance(1)
  expect(heard.at(-1)).toEqual({ type: 'close', reason: 'lost' })
  expect(setUp.media.size).toBe(0)
  expect((await resume(setUp, { resumeToken, lastSeq: 0 })).person.closedWith).toBe(4410)
})

test('W-2 what the person said before the loss and says again counts once, and sound goes on in its time', async () => {
  const setUp = setUpMedia()
  const { person, heard, resumeToken } = await setUp.open()
  person.sound()
  person.say({ type: 'dtmf', digit: '1', durationMs: 100 })
  await setUp.clock.advance(0)
  person.drop()
  await setUp.clock.advance(1_000)
  const { person: again } = await resume(setUp, { resumeToken, lastSeq: 0 })
  expect(again.ofType('welcome')).toMatchObject([{ received: 1 }])
  again.say({ type: 'dtmf', digit: '1', durationMs: 100 })
  again.say({ type: 'dtmf', digit: '2', durationMs: 100 })
  again.sound({ gap: true, position: 0 })
  await setUp.clock.advance(0)
  expect(heard.flatMap((one) => (one.type === 'other' ? [one.args[0]] : []))).toEqual(['1', '2'])
  const frames = heard.flatMap((one) => (one.type === 'frame' ? [one] : []))
  expect(frames.at(-1)).toMatchObject({ position: 16_000, isSilent: false })
})

test('W-3 a slow reader gets no metrics and no interim captions, and is cut off after 5 s over 1 MiB, to resume', async () => {
  const setUp = setUpMedia()
  const { person, endpoint, heard } = await setUp.open()
  const caption = (final: boolean): CallView => ({ type: 'caption', id: 'c', role: 'agent', text: 'x', final })
  person.bufferedAmount = 262_144
  endpoint.show(caption(false))
  person.bufferedAmount = 262_145
  endpoint.show(caption(false))
  endpoint.show(caption(true))
  expect(person.ofType('caption').map(({ final, seq }) => [final, seq])).toEqual([
    [false, 1],
    [true, 2],
  ])
  expect(endpoint.counts.shed).toBe(1)
  person.bufferedAmount = 1_048_577
  endpoint.show(note(1))
  await setUp.clock.advance(4_999)
  expect(person.closedWith).toBeUndefined()
  await setUp.clock.advance(1)
  expect(person.closedWith).toBe(4413)
  expect(states(heard).at(-1)).toBe('lost')
})

test('W-3 a reader that catches up in time stays', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  person.bufferedAmount = 1_048_577
  endpoint.show(note(1))
  await clock.advance(4_000)
  person.bufferedAmount = 0
  endpoint.show(note(2))
  await clock.advance(4_000)
  expect(person.closedWith).toBeUndefined()
})

test('W-3 no more than 2 s of sound are ahead of what was reported as played', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint } = await open()
  speak(endpoint.output, 8_000)
  for (let elapsedMs = 0; elapsedMs < 6_000; elapsedMs += 100) {
    await clock.advance(100)
    // A person's end whose speaker stands still.
    person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 500, bufferedMs: 2_000 })
  }
  expect(person.frames.length * 20).toBeLessThanOrEqual(2_500)
  expect(person.frames.length * 20).toBeGreaterThanOrEqual(2_000)
})

test('W-4 two missed pings mean lost; pings are answered', async () => {
  const { clock, open } = setUpMedia()
  const { person, heard } = await open()
  await clock.advance(15_000)
  person.say({ type: 'ping', t: 42 })
  await clock.advance(0)
  expect(person.ofType('pong')).toMatchObject([{ t: 42, seq: 0 }])
  await clock.advance(29_999)
  expect(person.closedWith).toBeUndefined()
  await clock.advance(1)
  expect(person.closedWith).toBe(4414)
  expect(states(heard)).toEqual(['connected', 'lost'])
})

test('W-5 audio of a wrong codec, rate, epoch or shape is ignored and counted', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint, heard } = await open()
  person.sound({ codec: 'pcmu' })
  person.sound({ codec: 'opus' })
  person.sound({ rate: 48_000 })
  person.sound({ epoch: 1 })
  person.sound({ payload: new Uint8Array(641) })
  person.sound({ payload: new Uint8Array(9_000) })
  await clock.advance(0)
  expect(heard.filter(({ type }) => type === 'frame')).toEqual([])
  expect(endpoint.counts.wrongAudio).toBe(6)
  person.sound({ position: 0 })
  await clock.advance(0)
  expect(heard.filter(({ type }) => type === 'frame')).toHaveLength(1)
})

test('a wrong field is answered with its path, an unknown message is passed over, and the call goes on', async () => {
  const { clock, open } = setUpMedia()
  const { person, endpoint, heard } = await open()
  person.sayText(JSON.stringify({ v: 1, type: 'dtmf', seq: 1, digit: 'x', duration_ms: 100 }))
  person.sayText(JSON.stringify({ v: 1, type: 'sing', seq: 2 }))
  person.sayText('{')
  person.say({ type: 'dtmf', digit: '5', durationMs: 100, seq: 3 })
  await clock.advance(0)
  expect(person.ofType('error')).toMatchObject([
    { code: 'media_protocol_error', path: 'digit', fatal: false },
    { code: 'media_protocol_error', path: '' },
  ])
  expect(endpoint.counts.unknown).toBe(1)
  expect(heard.at(-1)).toEqual({ type: 'other', name: 'dtmf', args: ['5', 100] })
})

test('a message of more than 64 KiB, and the 201st within a second, close 1008', async () => {
  const { clock, open } = setUpMedia()
  const first = await open()
  first.person.sayText(JSON.stringify({ v: 1, type: 'text', seq: 1, id: 't', text: 'é'.repeat(32_800) }))
  await clock.advance(0)
  expect(first.person.closedWith).toBe(1008)

  const other = setUpMedia()
  const { person } = await other.open()
  for (let index = 0; index < 199; index++) person.say({ type: 'ping', t: 0 })
  await other.clock.advance(0)
  expect(person.closedWith).toBeUndefined()
  person.say({ type: 'ping', t: 0 })
  await other.clock.advance(0)
  expect(person.closedWith).toBe(1008)
})

test('what came is acknowledged every 32 messages', async () => {
  const { clock, open } = setUpMedia()
  const { person } = await open()
  for (let index = 0; index < 70; index++) person.say({ type: 'interrupt' })
  await clock.advance(0)
  expect(person.ofType('ack').map(({ seq }) => seq)).toEqual([32, 64])
})

test('an endpoint says what its person asked for', async () => {
  const { open } = setUpMedia()
  const { endpoint, person } = await open({
    say: {
      audio: { up: { codec: 'pcmu', rate: 8_000, frameMs: 40 }, down: { codec: 'opus', rate: 48_000 } },
      capabilities: { ...hello.capabilities, aec: false },
      language: 'de',
    },
  })
  expect(endpoint.info).toMatchObject({
    kind: 'websocket',
    direction: 'inbound',
    inputFormat: { encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 },
    outputFormat: { encoding: 'pcm16', sampleRateHz: 48_000, channels: 1 },
    echo: 'none',
    capabilities: { clear: true, pause: 'native', played: 'report', dtmfOut: false },
  })
  expect(endpoint.hello.language).toBe('de')
  expect(person.ofType('welcome')[0]?.audio).toEqual({
    up: { codec: 'pcmu', rate: 8_000, frameMs: 40 },
    down: { codec: 'pcm16', rate: 48_000 },
  })
})
