import { expect, test } from 'vitest'
import { speak } from './__fixtures__/call-steps.ts'
import { setUpMedia } from './__fixtures__/media-setup.ts'
import { hello } from './__fixtures__/person-end.ts'

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

test('what was heard of one utterance is not lost when the next begins', async () => {
  const { open } = setUpMedia()
  const { person, endpoint } = await open()
  endpoint.show({ type: 'heard', utteranceId: 'u1', played: 1, confirmed: 0 })
  endpoint.show({ type: 'heard', utteranceId: 'u1', played: 5, confirmed: 5 })
  endpoint.show({ type: 'heard', utteranceId: 'u2', played: 1, confirmed: 0 })
  expect(person.ofType('heard')).toMatchObject([
    { utteranceId: 'u1', played: 1 },
    { utteranceId: 'u1', played: 5 },
  ])
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
  const cleared: object[] = []
  endpoint.output.on('cleared', (event) => void cleared.push(event))
  const before = person.got.length
  expect(endpoint.output.clear()).toMatchObject({ epoch: 1, segmentId: 'u1-s' })
  expect(person.got[before]).toMatchObject({ message: { type: 'clear', epoch: 1 } })
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 900, bufferedMs: 0, done: true })
  person.say({ type: 'cleared', epoch: 1, positionMs: 140 })
  await clock.advance(0)
  expect(endpoint.counts.staleReports).toBe(1)
  expect(cleared).toMatchObject([{ confidence: expect.any(String) }, { positionMs: 140, confidence: 'confirmed' }])
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
  const confirmed: number[] = []
  endpoint.output.on('progress', ({ confidence, positionMs }) => {
    if (confidence === 'confirmed') confirmed.push(positionMs)
  })
  await clock.advance(500)
  expect(confirmed).toHaveLength(1)
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

  const steady = setUpMedia()
  const patient = await steady.open()
  for (let second = 0; second < 4; second++) {
    for (let index = 0; index < 190; index++) patient.person.say({ type: 'ping', t: 0 })
    await steady.clock.advance(1_000)
  }
  expect(patient.person.closedWith).toBeUndefined()
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
