import { dtmfTone } from '@parley/audio'
import type { RecordingSink } from '@parley/spec'
import { expect, test } from 'vitest'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

/** Keeps nothing of what is recorded. */
const nowhere: RecordingSink = {
  create: async ({ name }) => ({
    write: async () => {},
    patch: async () => {},
    close: async () => ({ where: name }),
    discard: async () => {},
  }),
}

const disclosure = 'This call is about a debt. You may ask for proof. You may also say no.'

test('H-7 a disclosure that was cut is said again after the person was answered, from the sentence that was cut', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'sure thing')],
    channel: { interruption: { warmupMs: 0 } },
  })
  const { call, endpoint, clock } = bench
  const said = call.say([{ text: disclosure, mustHear: 'resay', spanId: 'debt' }])
  await clock.advance(2_200)
  void endpoint.caller.sayText('hold on please')
  await clock.advance(20_000)
  expect((await said).spans).toEqual({ debt: 'partial' })
  expect(bench.errors).toEqual([])
  expect(call.ledger.wasHeard('debt')).toBe('full')
  const lines = await bench.lines()
  expect(lines.slice(1)).toEqual([
    'ada: hold on please',
    'riley: sure thing',
    'riley: You may ask for proof. You may also say no.',
  ])
  expect(await bench.receipts('resaid')).toMatchObject([{ spanId: 'debt', attempt: 1 }])
})

test('H-7 what was cut three times is given up, with receipt and event, and ends the call where that is asked for', async () => {
  for (const onUnheard of ['continue', 'end'] as const) {
    await using bench = await openCall({
      agents: [sayingAgent('riley', 'a', 'b', 'c', 'd', 'e')],
      channel: { interruption: { warmupMs: 0 }, onUnheard },
    })
    const { call, clock } = bench
    const unheard: string[] = []
    call.on('mustHearUnheard', ({ spanId }) => unheard.push(spanId))
    void call.say([{ text: disclosure, mustHear: 'resay', spanId: 'debt' }])
    for (let cut = 1; cut <= 3; cut++) {
      await clock.advance(1_000)
      expect(unheard).toEqual([])
      call.interrupt({ force: true })
      await clock.advance(2_000)
    }
    expect(unheard).toEqual(['debt'])
    expect(await bench.receipts('resaid')).toHaveLength(2)
    expect(await bench.receipts('mustHearUnheard')).toMatchObject([{ spanId: 'debt' }])
    await clock.advance(5_000)
    expect(call.state.isEnded).toBe(onUnheard === 'end')
    expect(call.ledger.wasHeard('debt')).not.toBe('full')
  }
})

test('D-3 D-4 collect asks aloud, gives the keys, and keeps secret ones out of log, events and machine', async () => {
  await using bench = await openCall()
  const { call, endpoint, clock } = bench
  const digits: string[] = []
  call.on('dtmf', ({ digit }) => digits.push(digit))
  const asked = call.collect({ digits: 4, prompt: 'your pin please', sensitive: true })
  await clock.advance(3_000)
  for (const digit of '4712#9') endpoint.caller.dtmf(digit)
  expect(await asked).toEqual({ type: 'digits', digits: '4712' })
  await clock.advance(5_000)
  expect(bench.heard()).toEqual(['your pin please'])
  expect(await bench.lines()).toEqual([])
  expect(digits).toEqual(['*', '*', '*', '*'])
  expect(JSON.stringify(call.log)).not.toMatch(/"digit":"[0-9]"/)
  await call.hangup()
  await expect(call.collect({ digits: 1 })).rejects.toMatchObject({ code: 'voice_call_ended' })
})

test('D-1 keys pass the onDtmf hook in their order, and one that it blocks counts for nothing', async () => {
  await using bench = await openCall({
    setUp: (kit) =>
      void kit.hook(
        'onDtmf',
        ({ digits }) => (digits === '9' ? { action: 'block', reason: 'x.not_here' } : { action: 'allow' }),
        {
          name: 'keys',
        },
      ),
  })
  for (const digit of '192') bench.endpoint.caller.dtmf(digit)
  await bench.clock.advance(5_000)
  const [event] = await bench.kit.events(bench.roomId, { types: ['dtmf'] })
  expect(event?.content).toEqual({ type: 'dtmf', digits: '12' })
})

test('D-1 keys are found in the audio where the endpoint does not report them', async () => {
  await using bench = await openCall({ endpoint: { capabilities: { dtmfIn: 'audio' } } })
  const { samples } = dtmfTone('7', { sampleRateHz: 16_000, toneMs: 120, gapMs: 60 })
  void bench.endpoint.caller.say(samples.slice())
  await bench.clock.advance(6_000)
  const [event] = await bench.kit.events(bench.roomId, { types: ['dtmf'] })
  expect(event?.content).toEqual({ type: 'dtmf', digits: '7' })
})

test('D-5 the call sends keys by the endpoint, or as tones after what is being said', async () => {
  await using native = await openCall({ endpoint: { capabilities: { dtmfOut: true } } })
  await native.call.sendDtmf('1w2#')
  expect(native.endpoint.sentDtmf).toBe('1w2#')

  await using toned = await openCall()
  const { call, endpoint, clock } = toned
  void call.say('one moment')
  await clock.advance(100)
  const spokenMs = 'one moment'.length * 60
  let isSent = false
  void call.sendDtmf('5').then(() => (isSent = true))
  await clock.advance(2_000)
  expect(isSent).toBe(true)
  const tone = endpoint.output.sent.filter(
    ({ atMs, samples }) => atMs >= spokenMs && samples.some((sample) => sample !== 0),
  )
  expect(tone.length * 20).toBeGreaterThanOrEqual(100)
  expect(tone.length * 20).toBeLessThanOrEqual(140)
  expect(toned.heard()).toEqual(['one moment'])
})

test('G-3 ending says goodbye after the reply, waits until it was heard, and hangs up', async () => {
  await using bench = await openCall({ agents: [sayingAgent('riley', 'that is done')] })
  const { call, endpoint, clock } = bench
  void endpoint.caller.sayText('thank you')
  await clock.advance(2_500)
  const ended = call.end({ goodbye: 'goodbye ada' })
  await clock.advance(8_000)
  expect(await ended).toBe(true)
  expect(endpoint.closedWith).toBe('agent')
  expect(bench.heard()).toEqual(['that is done', 'goodbye ada'])
  expect(await bench.lines()).toEqual(['ada: thank you', 'riley: that is done', 'riley: goodbye ada'])
})

test('G-3 a goodbye that is never over is waited for 8 s, and a person who speaks into it keeps the call', async () => {
  await using bench = await openCall({ channel: { interruption: { warmupMs: 0 } } })
  const long = 'goodbye and thank you for calling '.repeat(10)
  const startedMs = bench.clock.monotonicMs()
  void bench.call.end({ goodbye: long })
  await bench.clock.advance(7_900)
  expect(bench.call.state.isEnded).toBe(false)
  await bench.clock.advance(300)
  expect(bench.call.state.isEnded).toBe(true)
  expect(bench.clock.monotonicMs() - startedMs).toBeLessThan(8_500)

  await using kept = await openCall({
    agents: [sayingAgent('riley', 'of course')],
    channel: { interruption: { warmupMs: 0 } },
  })
  const ending = kept.call.end({ goodbye: 'goodbye and thank you for calling us' })
  await kept.clock.advance(600)
  void kept.endpoint.caller.sayText('wait one more thing')
  await kept.clock.advance(10_000)
  expect(await ending).toBe(false)
  expect(kept.call.state.isEnded).toBe(false)
  expect(kept.heard().at(-1)).toBe('of course')
})

test('H-7 who cuts the question of recording with an answer is not asked again', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'sure')],
    channel: {
      interruption: { warmupMs: 0 },
      recording: { mode: 'consent', sink: nowhere },
    },
  })
  await bench.clock.advance(1_200)
  void bench.endpoint.caller.sayText('yes of course')
  await bench.clock.advance(10_000)
  expect(bench.errors).toEqual([])
  expect(await bench.receipts('resaid')).toEqual([])
  expect(bench.heard()).toHaveLength(1)
  expect(bench.heard()[0]).not.toContain('all right')
})
