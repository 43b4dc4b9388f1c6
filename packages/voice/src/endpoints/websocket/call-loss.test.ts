import type { CallView } from '@parley/spec'
import { expect, test } from 'vitest'
import { lastSeq, note, resume, speak, states } from './__fixtures__/call-steps.ts'
import { setUpMedia } from './__fixtures__/media-setup.ts'

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

test('W-2 who claims to have got what was never sent is refused', async () => {
  const setUp = setUpMedia()
  const { person, endpoint, resumeToken } = await setUp.open()
  endpoint.show(note(1))
  person.drop()
  await setUp.clock.advance(0)
  expect((await resume(setUp, { resumeToken, lastSeq: 2 })).person.closedWith).toBe(4410)
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
