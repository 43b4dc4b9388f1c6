import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastSeq, note, resume, speak, states } from './__fixtures__/call-steps.ts'
import { setUpMedia } from './__fixtures__/media-setup.ts'

test('W-2 W-4 a storm of reconnections in mid-speech is one call: each message once, speech to its end, nothing left', async () => {
  const setUp = setUpMedia()
  const first = await setUp.open()
  const { endpoint, heard } = first
  const finished: unknown[] = []
  endpoint.output.on('finished', ({ segmentId, interrupted }) => void finished.push({ segmentId, interrupted }))
  speak(endpoint.output, 2_000)
  let { person } = first
  let token = first.resumeToken
  let got = 0
  const messages: string[] = []
  for (let n = 0; n < 60; n++) {
    endpoint.show(note(n))
    await setUp.clock.advance(10)
    person.drop()
    await setUp.clock.advance(10)
    messages.push(...person.ofType('notice').map(({ message }) => message))
    got = Math.max(got, lastSeq(person))
    const again = await resume(setUp, { resumeToken: token, lastSeq: got })
    expect(again.connected.outcome).toBe('resumed')
    person = again.person
    token = person.ofType('welcome')[0]?.resumeToken ?? ''
  }
  await setUp.clock.advance(6_000)
  messages.push(...person.ofType('notice').map(({ message }) => message))
  expect(messages).toEqual(Array.from({ length: 60 }, (_, n) => String(n)))
  expect(states(heard).filter((state) => state === 'lost')).toHaveLength(60)
  expect(states(heard).at(-1)).toBe('resumed')
  person.say({ type: 'played', epoch: 0, utteranceId: 'u1', positionMs: 2_000, bufferedMs: 0, done: true })
  await setUp.clock.advance(10_000)
  expect(finished).toHaveLength(1)
  await endpoint.close('agent')
  await setUp.clock.advance(5_000)
  expect(setUp.clock.pending).toBe(0)
})

test('W-1 W-7 a crowd of sockets for one call leaves one speaker: the last to take over', async () => {
  const setUp = setUpMedia()
  const first = await setUp.open()
  const taken = []
  for (let n = 0; n < 15; n++) {
    const next = await resume(setUp, { resumeToken: 'not one', lastSeq: 0 })
    expect(next.person.closedWith).toBe(4410)
    taken.push(next)
  }
  expect(first.person.closedWith).toBeUndefined()
  first.person.sound()
  await setUp.clock.advance(20)
  expect(first.heard.some(({ type }) => type === 'frame')).toBe(true)
  expect(taken).toHaveLength(15)
})

test('W-5 A-2 whatever bytes and texts come, the call goes on or is closed by its own rules, and nothing throws', async () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ bytes })),
    fc.uint8Array({ minLength: 16, maxLength: 700 }).map((bytes) => {
      // Most of it looks like a frame.
      bytes.set([1, 0, 1, 0])
      return { bytes }
    }),
    fc.string({ maxLength: 200 }).map((text) => ({ text })),
    fc.json({ maxDepth: 3 }).map((text) => ({ text })),
    fc
      .record({
        v: fc.constantFrom(1, 2, 'x'),
        type: fc.constantFrom(
          'played',
          'cleared',
          'dtmf',
          'text',
          'transcript',
          'mute',
          'talk',
          'consent',
          'stats',
          'ack',
          'ping',
          'hello',
        ),
        seq: fc.oneof(fc.nat(50), fc.constant(-1), fc.constant('1')),
        epoch: fc.oneof(fc.nat(), fc.string()),
        position_ms: fc.oneof(fc.integer(), fc.constant(null)),
        digit: fc.string({ maxLength: 3 }),
        text: fc.string(),
        id: fc.string(),
        last_seq: fc.integer(),
      })
      .map((message) => ({ text: JSON.stringify(message) })),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 60 }), async (pieces) => {
      const setUp = setUpMedia()
      const { person, endpoint, heard } = await setUp.open()
      for (const piece of pieces) {
        if ('bytes' in piece) person.sayBytes(piece.bytes)
        else person.sayText(piece.text)
      }
      await setUp.clock.advance(1_000)
      for (const event of heard) {
        if (event.type !== 'frame') continue
        expect(Number.isSafeInteger(event.position)).toBe(true)
        expect(event.length).toBeLessThanOrEqual(160_000)
      }
      if (person.closedWith === undefined) {
        endpoint.show(note(1))
        await setUp.clock.advance(0)
        expect(person.ofType('notice')).toHaveLength(1)
      } else expect(person.closedWith).toBeGreaterThanOrEqual(1_000)
      await endpoint.close('agent')
      await setUp.clock.advance(40_000)
      expect(setUp.clock.pending).toBe(0)
    }),
    { numRuns: 150 },
  )
})
